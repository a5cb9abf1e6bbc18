"""Eq. (4) with a quadratic term B: how the width of the loop and the character of the transition change."""

from dataclasses import replace

import numpy as np
import pytest

from mcsco import landau


def with_B(B):
    return replace(landau.source_paper(), B=B)


@pytest.mark.parametrize(
    ("T_down", "parameter", "value", "q"),
    [
        (219, "B", 2.902778533, 0.89153),
        (220, "B", 3.580097322, 0.88012),
        (221, "B", 4.266425844, 0.86827),
        (219, "D,E", 0.963222981, None),
        (220, "D,E", 0.953393124, None),
        (221, "D,E", 0.942840401, None),
        (219, "E", -11.343784560, None),
        (220, "E", -11.098805632, None),
        (221, "E", -10.827625954, None),
    ],
)
def test_retuning_to_the_measured_lower_temperature(T_down, parameter, value, q):
    p = landau.retune(landau.source_paper(), T_down, parameter)
    found = p.D / -6.5 if parameter == "D,E" else getattr(p, parameter)
    assert found == pytest.approx(value, abs=6e-10, rel=1e-10)
    assert p.spinodals() == pytest.approx((T_down, 235), abs=1e-9)
    if parameter == "D,E":
        assert pytest.approx(-12.2 * found) == p.E
    if q is not None:
        assert p.branch(p.spinodals()[0], "HS")[0] == pytest.approx(q, abs=5e-6)


@pytest.mark.parametrize(
    ("B", "sequence"),
    [
        (-4, "simultaneous"),
        (0, "simultaneous"),
        (8.449, "simultaneous"),
        (8.451, "sequential"),
        (12, "sequential"),
        (17.828, "sequential"),
        (17.829, "crossover"),
        (30, "crossover"),
    ],
)
def test_sequence_on_heating(B, sequence):
    assert with_B(B).phase_sequence() == sequence


@pytest.mark.parametrize("B", [0.0, 2.0, 5.0, 8.4])
def test_upper_spinodal_does_not_depend_on_a_positive_B(B):
    assert with_B(B).spinodals()[1] == 235.0


@pytest.mark.parametrize("B", [-0.5, -4.0, -10.0])
def test_upper_spinodal_for_negative_B(B):
    assert with_B(B).spinodals()[1] == pytest.approx(235 + 2 * (-B / 3) ** 1.5 / (np.sqrt(35) * 0.6), abs=1e-10)


def test_examples():
    assert with_B(-4).spinodals() == pytest.approx((208.126, 235.867), abs=5e-4)
    assert with_B(12).spinodals() == pytest.approx((231.212, 235.237), abs=5e-4)
    onset, jump = with_B(12).transitions()
    assert (onset.temperature, onset.order, onset.before, onset.after) == (235.0, 2, "LShs", "HSls")
    assert (jump.order, jump.before, jump.after) == (1, "HSls", "HSls")
    assert jump.eta_before > 0


def test_tricritical_and_critical_values_of_B():
    p = landau.source_paper()
    assert p.tricritical_B() == pytest.approx(2 * 6.5**2 / 10, abs=1e-12)
    point = p.isostructural_critical_point()
    assert (point.q, point.eta) == pytest.approx((0.394213561, 0.837896721), abs=6e-10)
    assert (point.B, point.alpha) == pytest.approx((17.8283406, 0), abs=6e-8)
    assert point.temperature == pytest.approx(237.053927, abs=6e-7)


def test_critical_values_do_not_depend_on_the_present_B():
    assert with_B(5).tricritical_B() == pytest.approx(8.45)
    assert with_B(5).isostructural_critical_point() == pytest.approx(with_B(0).isostructural_critical_point())


def test_loop_closes_at_the_critical_point():
    point = landau.source_paper().isostructural_critical_point()
    below, above = with_B(point.B - 1e-4), with_B(point.B + 1e-4)
    assert below.spinodals() == pytest.approx((point.temperature, point.temperature), abs=1e-4)
    assert np.isnan(above.spinodals()).all()
    assert np.isnan(above.maxwell_temperature())
    # Without a jump the two names mean the same curve.
    assert above.branch(237, "LS") == above.branch(237, "HS")
    assert np.isnan(above.barriers(237)).all()


def test_in_equilibrium_the_continuous_onset_is_hidden_until_T_M_passes_it():
    # At 235 K G_eff(q > 0) = (B/2 − 4.225) q² − 7.93 q³ + 5.029 q⁴ touches zero when its discriminant vanishes.
    B = 2 * (4.225 + 7.93**2 / (4 * 5.029))
    assert pytest.approx(14.702, abs=1e-3) == B
    assert with_B(B).maxwell_temperature() == pytest.approx(235, abs=1e-9)
    assert with_B(B - 0.01).phase_sequence("equilibrium") == "simultaneous"
    assert with_B(B + 0.01).phase_sequence("equilibrium") == "sequential"


def test_phase_diagram():
    diagram = landau.phase_diagram(landau.source_paper(), "B", [0, 12, 30])
    assert diagram.sequence == ("simultaneous", "sequential", "crossover")
    np.testing.assert_allclose(diagram.T_down, [214.573361, 231.21204, np.nan], atol=1e-5)
    np.testing.assert_allclose(diagram.T_up, [235, 235.23711, np.nan], atol=1e-5)
    np.testing.assert_allclose(diagram.T_maxwell, [226.485578, 233.15264, np.nan], atol=1e-5)
    np.testing.assert_allclose(diagram.T_onset, [np.nan, 235, 235], atol=1e-12)
