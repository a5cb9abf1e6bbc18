"""The verdict on mean field: one mean field for all ranges, and what the study makes of measured surfaces."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import mcsco
from analysis.mean_field_verdict import (
    LANDAU,
    MEMBERS,
    RUNS,
    SIZES,
    Line,
    barrier,
    entropy_jump,
    growth,
    to_table,
)
from mcsco.campaign import read_config
from mcsco.observables import Estimate, surface
from mcsco.observables.series import unknown

FAMILY = [name for name in MEMBERS if name != "elastic"]


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_has_one_mean_field(name):
    """235/220 K, whatever the range; also of the crystals of the surfaces."""
    for file in [RUNS / f"{name}.toml", *(RUNS / f"{name}-{size}.toml" for size in SIZES)]:
        if file.is_file():
            theory = mcsco.MeanField(read_config(file).model.build())
            assert theory.spinodals() == pytest.approx((220.0001, 235.0), abs=2e-4)
            assert theory.maxwell_temperature() == pytest.approx(226.33135, abs=1e-4)


def landscape(n_sites, value, error=0.0):
    estimate = Estimate(value, error)
    return SimpleNamespace(n_sites=n_sites, G_LH=estimate, G_HL=estimate)


@pytest.mark.parametrize(("power", "error"), [(1.0, 0.0), (0.5, 0.001)])
def test_power_of_the_barrier(power, error):
    """N G ~ N^x gives back x."""
    landscapes = {size: landscape(N, N ** (power - 1), error) for size, N in zip(SIZES, (256, 1024), strict=True)}
    barriers = {size: barrier(x) for size, x in landscapes.items()}
    assert growth(landscapes, barriers).value == pytest.approx(power)
    assert (growth(landscapes, barriers).error > 0) == (error > 0)
    none = barriers | {"large": unknown("one phase only")}
    assert math.isnan(growth(landscapes, none).value)


def test_entropy_jump_of_a_small_crystal():
    """ΔS from the energies on both sides of the pass against the sum over all states at T_eq."""
    model = mcsco.presets.load("pmpea", (6, 6))
    dataset = mcsco.simulate(model, mcsco.FreeEnergySurface(226.0, sweeps=4000), seed=3, replicas=4)
    found = surface(dataset)[0]
    jump = entropy_jump(dataset, found)
    T, N = found.T_eq.value, 36
    exact = mcsco.meanfield.FiniteSize(model, n_sites=N).surface(T)
    gamma, eta = np.meshgrid(exact.gamma, exact.eta, indexing="ij")
    energy = mcsco.MeanField(model).enthalpy(2 * gamma - 1, eta)
    P = np.nan_to_num(np.exp(-N * (exact.free_energy - np.nanmin(exact.free_energy)) / (T * mcsco.units.KELVIN)))
    on_hs = 2 * gamma - 1 > found.saddle.q.value
    means = [np.nansum((P * energy)[side]) / np.sum(P[side]) for side in (on_hs, ~on_hs)]
    expected = 1e3 * (means[0] - means[1]) / T
    assert abs(jump.value - expected) < 4 * jump.error + 0.02 * expected
    assert jump.error < 0.1 * expected


def test_table():
    lines = [
        Line("infinite", "T_up", "K", Estimate(234.0, 0.5), 235.0, 235.0),
        Line("range-1", "T_up", "K", Estimate(228.0, 0.5), 235.0, 235.0),
        Line("range-1", "T_eq", "K", unknown("one phase only"), 226.3, 228.1),
    ]
    table = to_table(lines)
    assert "mean field holds" in table.splitlines()[2]
    assert "off by 14 standard errors" in table.splitlines()[3]
    assert "one phase only" in table.splitlines()[4]
    assert LANDAU in mcsco.landau.names()
