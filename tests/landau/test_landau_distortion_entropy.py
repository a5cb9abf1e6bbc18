"""Eq. (3): the distortion carries entropy of its own (a0, T_c)."""

from dataclasses import replace

import numpy as np
import pytest

from mcsco import landau


def with_a0(a0, T_c=0.0):
    return replace(landau.source_paper(), a0=a0, T_c=T_c)


# a0, T_c, T_up, q before, T_down, q at T_down, T_M, HSls → HShs, LShs from; None where nothing is printed.
LINES = [
    (0.0, 0, 235.0, 0, 214.573361, 0.93774, 226.485578, np.nan, 0),
    (0.005, 0, 235.034336, 0.083807, 217.806952, 0.91710, 228.035545, 5040, 0),
    (0.010, 0, 235.228462, 0.157628, 221.089214, 0.89499, 229.570269, 2520, 0),
    (0.020, 0, 236.372917, 0.286578, 227.779319, 0.84517, 232.609323, 1260, 0),
    (0.0315, 0, 239.220670, 0.416698, 235.612556, 0.77551, 236.893072, 800, 0),
    (0.0325, 0.8 / 0.0325, 238.490268, 0.391124, 233.957966, 0.79156, 235.676472, 800, 0),
    (25.2 / (800 - 102.2), 102.2, 236.461565, 0.292618, 227.715473, 0.84569, 232.685861, 800, 80.05),
    (0.040, 0, 242.558573, 0.506028, 241.415045, None, 241.759937, 630, 0),
    (25.2 / 565, 235, 235.0, 0, 211.406, None, None, 800, 193.205),
]


@pytest.mark.parametrize(("a0", "T_c", "T_up", "q_up", "T_down", "q_down", "T_M", "T_para", "T_LShs"), LINES)
def test_table_of_a0(a0, T_c, T_up, q_up, T_down, q_down, T_M, T_para, T_LShs):
    p = with_a0(a0, T_c)
    rough = {"abs": 6e-7} if q_down is not None or T_M is not None else {"abs": 6e-4}
    assert p.spinodals()[1] == pytest.approx(T_up, abs=6e-7)
    assert p.spinodals()[0] == pytest.approx(T_down, **rough)
    assert p.branch(p.spinodals()[1], "LS") == pytest.approx((q_up, 0), abs=6e-7)
    if q_down is not None:
        assert p.branch(p.spinodals()[0], "HS")[0] == pytest.approx(q_down, abs=6e-5)
    if T_M is not None:
        assert p.maxwell_temperature() == pytest.approx(T_M, abs=6e-7)
    assert p.paraelastic_temperature() == pytest.approx(T_para, abs=1e-9, nan_ok=True)
    assert p.lshs_limit() == pytest.approx(T_LShs, abs=6e-3)
    assert p.phase_sequence() == "simultaneous"


@pytest.mark.parametrize(
    ("T_down", "a0", "T_up", "T_M", "T_para"),
    [
        (219, 0.0068257, 235.0813, 228.60, 3692),
        (220, 0.0083485, 235.1407, 229.06, 3018),
        (221, 0.0098650, 235.2203, 229.53, 2554),
    ],
)
def test_retuning_with_a0(T_down, a0, T_up, T_M, T_para):
    p = landau.retune(landau.source_paper(), T_down, "a0")
    assert p.a0 == pytest.approx(a0, abs=6e-8)
    assert p.spinodals()[1] == pytest.approx(T_up, abs=6e-5)
    assert p.maxwell_temperature() == pytest.approx(T_M, abs=6e-3)
    assert p.paraelastic_temperature() == pytest.approx(T_para, abs=0.6)


def test_set_that_meets_every_statement():
    p = landau.load("consistent-eq3")
    assert p.a0 == pytest.approx(0.04460177, abs=6e-9)
    T_down, T_up = p.spinodals()
    assert T_up == 235.0
    assert T_down == pytest.approx(220, abs=6e-6)
    assert p.maxwell_temperature() == pytest.approx(228.066422, abs=6e-7)
    assert p.paraelastic_temperature() == pytest.approx(800, abs=1e-9)
    assert p.lshs_limit() == 0
    assert [(t.order, t.before, t.after) for t in p.transitions()] == [(1, "LShs", "HSls"), (2, "HSls", "HShs")]


def test_published_couplings_cannot_meet_every_statement():
    # HShs from 800 K fixes a0; then a LS phase undistorted down to 90 K and a loop of 14 K exclude each other.
    widths = []
    for T_c in np.linspace(-300, 230, 54):
        p = with_a0(25.2 / (800 - T_c), T_c)
        assert p.paraelastic_temperature() == pytest.approx(800)
        T_down, T_up = p.spinodals()
        widths.append(T_up - T_down)
        assert not (p.lshs_limit() <= 90 and T_up - T_down >= 14)
    assert np.nanmax(widths) > 14


def test_order_of_the_phases_when_the_low_spin_phase_distorts_too():
    p = with_a0(25.2 / 565, 235)
    assert [t.before for t in p.transitions("heating")] == ["LSls", "LShs", "HSls"]
    assert [t.after for t in p.transitions("cooling")] == ["HSls", "LShs", "LSls"]
    assert p.branch(190, "LS")[1] > 0
    assert p.branch(196, "LS")[1] == 0


def test_onset_of_the_distortion_on_the_plateaus():
    p = with_a0(25.2 / (800 - 102.2), 102.2)
    assert p.paraelastic_temperature() == pytest.approx(102.2 + 25.2 / p.a0)
    assert p.lshs_limit() == pytest.approx(102.2 - 0.8 / p.a0)
    assert p.branch(799, "HS")[1] > 0
    assert p.branch(801, "HS") == (1.0, 0.0)


def test_tricritical_point():
    *_, point = landau.source_paper().tricritical_points()
    assert point.q == pytest.approx(0.606746358, abs=6e-10)
    assert point.temperature == pytest.approx(248.029817377, abs=6e-10)
    assert point.alpha == pytest.approx(6.189512301, abs=6e-10)
    assert 2 * point.alpha == pytest.approx(12.379024602, abs=6e-10)
    a0 = 2 * point.alpha / point.temperature
    assert a0 == pytest.approx(0.049909421, abs=6e-10)
    assert with_a0(a0 - 1e-5).phase_sequence() == "simultaneous"
    above = with_a0(a0 + 1e-5)
    assert above.phase_sequence() == "sequential"
    assert np.isnan(above.spinodals()).all()
    onset = above.transitions()[0]
    assert (onset.order, onset.before, onset.after) == (2, "HShs", "HSls")
    assert onset.temperature == pytest.approx(point.temperature, abs=0.01)


def test_tricritical_B_with_a0():
    p = with_a0(0.02)
    B = p.tricritical_B()
    assert abs(B - 8.45) > 1  # not the value that holds for a0 = 0
    assert replace(p, B=B - 1e-2).transitions()[0].order == 1
    assert replace(p, B=B + 1e-2).transitions()[0].order == 2


def test_isostructural_critical_point_with_a0():
    p = with_a0(0.005)
    point = p.isostructural_critical_point()
    assert point.alpha == pytest.approx(0.005 / 2 * point.temperature)
    closing = replace(p, B=point.B - 1e-4)
    assert closing.spinodals() == pytest.approx((point.temperature, point.temperature), abs=1e-3)
    assert np.isnan(replace(p, B=point.B + 1e-4).spinodals()).all()


def test_entropy_of_the_distortion():
    # −(a0/2) η² is −5.763 J/mol/K where 2 a1 is 72.28 J/mol/K.
    p = with_a0(0.0759332)
    assert -p.a0 / 2 * 2.52 / 1.2 * 72.28 == pytest.approx(-5.763, abs=5e-4)
    assert p.entropy(1, np.sqrt(2.52)) == pytest.approx(0.6 - 0.0759332 / 2 * 2.52)
    assert p.paraelastic_temperature() == pytest.approx(332, abs=0.5)


def test_strong_coupling_does_not_hold_at_the_upper_spinodal():
    # The source paper drops (a0/2)(T − T_c) against D q, but q = 0 is where eq. (4) has its upper spinodal.
    p = with_a0(0.01)
    T_up = p.spinodals()[1]
    q, _ = p.branch(T_up, "LS")
    assert p.a0 / 2 * T_up > 0.99 * abs(p.D * q)
