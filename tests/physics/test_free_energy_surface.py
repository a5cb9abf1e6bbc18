"""Measured free-energy surfaces against exact ones."""

import numpy as np
import pytest
from surfaces import binned, compare, enumerated, infinite_range, strip

import mcsco
from mcsco.model import Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.observables.basins import find_pass
from mcsco.sampling.windows import Windows
from mcsco.units import KELVIN, R

T = 226.3
PRESETS = pytest.mark.parametrize("name", ["pmpea", "pmpea-volume"])


def measure(model, seed=3, replicas=8, **protocol):
    protocol = {"temperature": T, "sweeps": 4000, "bootstrap": 300} | protocol
    return mcsco.simulate(model, mcsco.FreeEnergySurface(**protocol), seed=seed, replicas=replicas, threads=1)


@pytest.fixture(scope="module")
def small():
    return {name: measure(mcsco.presets.load(name, (8, 8))) for name in ("pmpea", "pmpea-volume")}


@PRESETS
def test_64_molecules(small, name):
    dataset = small[name]
    agreement = compare(dataset, infinite_range(mcsco.presets.load(name, (8, 8)), T))
    assert agreement.agrees, str(agreement)
    assert agreement.error < 0.12
    assert dataset.attrs["remark"] == ""


@PRESETS
def test_64_molecules_by_flat_histogram(name):
    model = mcsco.presets.load(name, (8, 8))
    dataset = measure(model, method="flat-histogram", sweeps=20_000, equilibration=2000)
    agreement = compare(dataset, infinite_range(model, T))
    assert agreement.agrees, str(agreement)
    assert agreement.error < 0.2
    visited = dataset["count"].values[0].sum(axis=1)
    assert visited.min() > visited.mean() / 3, "the walk is not flat"


def test_windows_on_a_grid_in_eta():
    model = mcsco.presets.load("pmpea", (6, 6))
    dataset = measure(model, windows=(13, 7), sweeps=2000, bins=18, replicas=4)
    whole = compare(dataset, infinite_range(model, T), depth=12.0)
    assert whole.agrees, str(whole)
    assert whole.error < 0.2


def test_in_a_field_the_sign_of_eta_counts():
    model = mcsco.presets.load("pmpea-volume", (5, 5))
    dataset = measure(model, field=0.05, sweeps=2000, bins=(25, 5), replicas=4)
    assert dataset["eta"].values.min() < 0
    agreement = compare(dataset, infinite_range(model, T, field=0.05))
    assert agreement.agrees, str(agreement)


def test_lanes_that_keep_their_sign_are_told():
    dataset = measure(mcsco.presets.load("pmpea-volume", (8, 8)), field=0.05, windows=(17, 1), sweeps=1000)
    assert "fewer than 25 independent measurements: run longer" in dataset.attrs["remark"]


def test_neighbours_on_4_by_4_against_all_configurations():
    # A coupling of neighbours and of distortions, near the temperature of equal weight.
    spin = SpinCrossover(enthalpy=(8 * 300.0 - 60.0) * KELVIN, entropy=8.0 * R)
    model = Model(Lattice((4, 4)), spin, OrderDisorder(), [NearestNeighbours(spin=20 * KELVIN, distortion=70 * KELVIN)])
    exact = strip(model, 300.0)
    dataset = measure(model, temperature=300.0, sweeps=6000)
    assert dataset.sizes["q"] == 17
    agreement = compare(dataset, exact)
    assert agreement.agrees, str(agreement)
    tiny = model.with_shape((2, 3))
    np.testing.assert_allclose(strip(model.with_shape((3, 3)), 300.0), enumerated(model.with_shape((3, 3)), 300.0))
    assert compare(measure(tiny, temperature=300.0, sweeps=3000), enumerated(tiny, 300.0)).agrees


def test_elastic_crystal_under_pressure_and_field():
    model = mcsco.presets.load("pmpea-elastic", (2, 3))
    model = Model(model.lattice, SpinCrossover(17.2, 66.5, volume=15.0), model.distortion, model.interactions)
    dataset = measure(model, pressure=0.04, field=0.2, sweeps=400, windows=(4, 3), measure_every=4)
    agreement = compare(dataset, enumerated(model, T, pressure=0.04, field=0.2))
    assert agreement.agrees, str(agreement)


def test_plain_spins():
    model = mcsco.presets.load("dpp-py", (6, 6))
    dataset = measure(model, temperature=143.0, sweeps=3000)
    N = 36
    exact = np.zeros((N + 1, 2 * N + 1))
    exact[:, N] = np.exp(mcsco.meanfield.FiniteSize(model).log_probability(143.0))
    off = -N * dataset["free_energy"].values[0, :, 0] / (143.0 * KELVIN)
    off -= np.log(np.exp(off).sum()) + np.log(exact[:, N])
    z = off / (N * dataset["free_energy_error"].values[0, :, 0] / (143.0 * KELVIN))
    assert dataset.sizes["eta"] == 1
    assert np.mean(z**2) < 2.5
    assert np.abs(z).max() < 4.2


def test_a_wrong_correction_of_the_bias_is_seen(monkeypatch):
    model = mcsco.presets.load("pmpea", (8, 8))
    right = Windows.reduced
    monkeypatch.setattr(Windows, "reduced", lambda *given, **at: 1.2 * right(*given, **at))
    agreement = compare(measure(model), infinite_range(model, T))
    assert not agreement.agrees
    assert agreement.p_value < 1e-5


def test_a_wrong_mirror_image_is_seen(monkeypatch):
    model = mcsco.presets.load("pmpea", (6, 6))

    def without_mirror(self, gamma, eta, N, T):
        return N / (T * KELVIN) * self.energy(gamma, eta)

    monkeypatch.setattr(Windows, "reduced", without_mirror)
    dataset = measure(model, windows=(13, 7), sweeps=2000, bins=18, replicas=4)
    assert not compare(dataset, infinite_range(model, T), depth=12.0).agrees


VALIDATED = [
    ("pmpea", 16, {"sweeps": 20_000}),
    ("pmpea-volume", 16, {"sweeps": 20_000}),
    ("pmpea", 32, {"sweeps": 20_000}),
    ("pmpea-volume", 32, {"sweeps": 20_000}),
    ("pmpea", 16, {"method": "flat-histogram", "sweeps": 400_000, "equilibration": 20_000, "measure_every": 20}),
    ("pmpea-volume", 16, {"method": "flat-histogram", "sweeps": 400_000, "equilibration": 20_000, "measure_every": 20}),
]


@pytest.mark.validate
@pytest.mark.parametrize(("name", "extent", "protocol"), VALIDATED)
def test_surface_and_barriers(name, extent, protocol, record_property):
    model = mcsco.presets.load(name, (extent, extent))
    p = infinite_range(model, T)
    dataset = measure(model, bootstrap=400, **protocol)
    exact = binned(dataset, p)
    N = model.lattice.n_sites
    with np.errstate(divide="ignore"):
        G = -T * KELVIN / N * np.log(exact)
    G[np.isinf(G)] = np.nan
    way = find_pass(G)
    agreement = compare(dataset, p, valleys=[way.label == 0, way.label == 1])
    landscape = mcsco.observables.surface(dataset)[0]
    ls, hs = sorted((way.low, way.other))
    barriers = [(landscape.G_LH, G[way.saddle] - G[ls]), (landscape.G_HL, G[way.saddle] - G[hs])]
    weight = np.log(np.nansum(exact[way.label == (way.other == hs)]) / np.nansum(exact[way.label == (way.other == ls)]))
    parts = [f"{100 * part:.1f}" for part in agreement.within]
    row = [name, str(N), protocol.get("method", "umbrella"), str(agreement.z.size), *parts]
    row += [f"{agreement.chi2:.1f}/{agreement.n}", f"{agreement.p_value:.2f}", f"{agreement.error:.3f}"]
    for found, should in barriers:
        row += [f"{1e3 * should:.2f}", f"{1e3 * found.value:.2f} ± {1e3 * found.error:.2f}"]
    row += [f"{weight:.3f}", str(landscape.log_weight), str(landscape.T_eq), dataset.attrs["wall_time_s"]]
    print("|", " | ".join(map(str, row)), "|")
    record_property("row", row)
    assert agreement.agrees, str(agreement)
    for found, should in barriers:
        assert found.value == pytest.approx(should, rel=0.02)
    assert abs(landscape.log_weight.value - weight) < 4 * landscape.log_weight.error
