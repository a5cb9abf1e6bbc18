"""Pressure and field in the mean field: closed forms, Clausius and Clapeyron, stability of a domain."""

import numpy as np
import pytest

import mcsco
from mcsco import InputError, units
from mcsco.meanfield import MeanField, coercive_field, pressure_diagram, pressure_transitions


def test_equilibrium_line_of_slichter_and_drickamer_is_straight():
    """T_half = (ΔH + P ΔV)/ΔS, loop or not; published set of dpp-py, 5.67 K/kbar."""
    model = mcsco.presets.load("dpp-py")
    spin = model.spin
    P = np.array([0.0, 1.0, 2.0, 3.0])
    diagram = pressure_diagram(model, P)
    np.testing.assert_allclose(diagram.T_equilibrium, (spin.enthalpy + P * spin.volume) / spin.entropy * 1e3, rtol=1e-9)
    assert diagram.slope[0] == pytest.approx(1e3 * spin.volume / spin.entropy)
    assert np.isnan(diagram.T_up[-1])  # no loop above T_half = Γ/2R
    assert diagram.T_down[0] < diagram.T_equilibrium[0] < diagram.T_up[0]


@pytest.mark.parametrize("name", ["pmpea", "pmpea-volume"])
def test_clausius_clapeyron(name):
    """The slope from ΔV Δγ/ΔS is the derivative of the line of equal free energies, without closed form here."""
    preset = mcsco.presets.load(name)
    spin = mcsco.SpinCrossover(preset.spin.enthalpy, preset.spin.entropy, volume=20.0)
    model = mcsco.Model(preset.lattice, spin, preset.distortion, preset.interactions)
    step = 1e-3
    below, at, above = pressure_diagram(model, [-step, 0.0, step]).T_equilibrium
    assert (above - below) / (2 * step) == pytest.approx(pressure_diagram(model, 0.0).slope[0], rel=1e-5)
    assert at == pytest.approx(MeanField(preset).maxwell_temperature())


def test_elastic_volume_counts_in_the_slope():
    """Pressure acts on the volume strain of an elastic crystal: the slope follows it without SpinCrossover.volume."""
    model = mcsco.presets.load("pmpea-elastic", shape=(8, 8))
    assert model.spin.volume == 0.0
    step = 1e-3
    below, above = pressure_diagram(model, [-step, step]).T_equilibrium
    assert (above - below) / (2 * step) == pytest.approx(pressure_diagram(model, 0.0).slope[0], rel=1e-5)


def test_transitions_under_pressure_invert_the_diagram():
    model = mcsco.presets.load("dpp-py")
    found = pressure_transitions(model, 200.0, (0.0, 2.0))
    assert MeanField(model, found.P_up).spinodals()[0] == pytest.approx(200.0, abs=1e-6)
    assert MeanField(model, found.P_down).spinodals()[1] == pytest.approx(200.0, abs=1e-6)
    assert found.P_down < found.P_half < found.P_up
    gradual = pressure_transitions(model, 298.0, (0.0, 4.0))
    assert gradual.P_half == pytest.approx(298.0 * 0.06 / 3.4 - model.spin.enthalpy / 3.4, rel=1e-9)
    assert np.isnan(gradual.P_up)
    with pytest.raises(InputError, match="range to search is empty"):
        pressure_transitions(model, 200.0, (1.0, 1.0))


def test_coercive_field_of_a_saturated_domain():
    """With all molecules HS, η = tanh((K η + h)/T): the spinodal field is K m − T artanh m with m² = 1 − T/K."""
    K, T = 800.0, 300.0
    spin = mcsco.SpinCrossover(enthalpy=-200.0, entropy=66.5)  # HS at every temperature
    interactions = (mcsco.InfiniteRange(distortion=K * units.KELVIN),)
    model = mcsco.Model(mcsco.Lattice((4, 4)), spin, mcsco.OrderDisorder(), interactions)
    m = np.sqrt(1 - T / K)
    assert coercive_field(model, T) == pytest.approx((K * m - T * np.arctanh(m)) * units.KELVIN, rel=1e-7)
    assert coercive_field(model, 900.0) == 0.0
