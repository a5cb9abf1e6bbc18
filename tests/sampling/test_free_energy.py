"""Free-energy surfaces as data: what is asked for, what comes back, and that stopping changes nothing."""

import json

import numpy as np
import pytest

import mcsco
from mcsco.errors import InputError, StateError
from mcsco.model import Displacive, Model
from mcsco.sampling import SurfaceJourney, n_lanes
from mcsco.sampling.windows import biased_model, is_even, make_windows
from mcsco.units import KELVIN

QUICK = {"temperature": (220.0, 230.0), "sweeps": 200, "equilibration": 20, "measure_every": 5, "bootstrap": 20}
UMBRELLA = mcsco.FreeEnergySurface(**QUICK)
FLAT = mcsco.FreeEnergySurface(**QUICK, method="flat-histogram")


@pytest.fixture(scope="module")
def model():
    return mcsco.presets.load("pmpea", (6, 6))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"temperature": ()}, "must be one or more temperatures"),
        ({"temperature": (230.0, 220.0)}, "rising order"),
        ({"temperature": -3.0}, "greater than 0"),
        ({"sweeps": 5}, "measure_every = 10"),
        ({"bins": 1}, "bins = 1"),
        ({"windows": 1}, "windows along γ = 1"),
        ({"spring": 0.0}, "spring = 0.0"),
        ({"method": "metadynamics"}, "umbrella, flat-histogram"),
        ({"method": "flat-histogram", "windows": 8}, "leave them out"),
    ],
)
def test_mistakes(given, message):
    with pytest.raises(InputError, match=message):
        mcsco.FreeEnergySurface(**({"temperature": 226.0} | given))


def test_mistakes_of_the_simulation(model):
    with pytest.raises(InputError, match="leave them out"):
        mcsco.simulate(model, UMBRELLA, start="LS")
    with pytest.raises(InputError, match="must be"):
        mcsco.simulate(model, [UMBRELLA])
    with pytest.raises(InputError, match="flat histogram has its own kernel"):
        mcsco.simulate(model, FLAT, dynamics="heat-bath")
    with pytest.raises(InputError, match="choose 'umbrella'"):
        mcsco.simulate(mcsco.presets.load("pmpea-elastic", (4, 4)), FLAT)
    with pytest.raises(InputError, match="Displacive"):
        mcsco.simulate(Model(model.lattice, model.spin, Displacive(barrier=5.0, stiffness=30.0)), UMBRELLA)
    plain = mcsco.presets.load("dpp-py", (4, 4))
    with pytest.raises(InputError, match="the model has none"):
        mcsco.simulate(plain, mcsco.FreeEnergySurface(143.0, windows=(4, 3)))


@pytest.mark.parametrize("protocol", [UMBRELLA, FLAT], ids=["umbrella", "flat"])
def test_dataset(model, protocol):
    dataset = mcsco.simulate(model, protocol, seed=1, replicas=4, threads=1)
    surface = dataset["free_energy"]
    assert surface.dims == ("temperature", "q", "eta")
    assert dataset["free_energy_bootstrap"].dims == ("bootstrap", "temperature", "q", "eta")
    assert dataset.sizes["bootstrap"] == 20
    np.testing.assert_allclose(surface.min(("q", "eta")), 0.0)
    assert np.array_equal(np.isnan(surface), dataset["count"] == 0)
    np.testing.assert_allclose(dataset["q"], 2 * np.arange(37) / 36 - 1, atol=1e-12)  # one bin for every state
    np.testing.assert_allclose(dataset["eta"], np.arange(37) / 36)
    n, u = np.indices((37, 37))
    impossible = (u > n) | ((n + u) % 2 == 1)
    assert not dataset["count"].values[:, impossible].any()
    lanes = n_lanes(model, protocol, 4)
    assert dataset["count"].sum() == lanes * 40
    assert dataset.attrs["site_updates"] == lanes * 220 * 36
    # The energy follows from the state here.
    n, u = np.nonzero(~np.isnan(surface.values[0]))
    gamma, eta = n / 36, u / 36
    _, _, Gamma, K_inf, L = model.couplings
    energy = model.spin.enthalpy * gamma + Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2
    np.testing.assert_allclose(dataset["energy"].values[0, n, u], energy, atol=1e-9)
    assert json.loads(dataset.attrs["protocol"])[0]["kind"] == "free-energy-surface"
    assert {"mcsco_version", "seed", "host", "model", "folded"} <= set(dataset.attrs)


def test_bins_hold_equally_many_states(model):
    wide = mcsco.simulate(model, mcsco.FreeEnergySurface(**QUICK, bins=(9, 6)), seed=1, threads=1)
    fine = mcsco.simulate(model, UMBRELLA, seed=1, threads=1)
    assert wide.sizes["q"] == 9
    assert wide.sizes["eta"] == 6
    np.testing.assert_allclose(wide["q_bounds"][[0, -1], [0, 1]].values.diagonal(), [-1, 1])

    def probability(dataset):
        P = np.exp(-36 * dataset["free_energy"][0] / (220.0 * KELVIN))
        return (P / P.sum()).fillna(0.0).values

    P, coarse = probability(fine), np.zeros((9, 6))
    for n in range(37):
        for u in range(37):
            rows = {max(0, (n - 1) // 4), min(8, n // 4)}
            columns = {max(0, (u - 1) // 6), min(5, u // 6)}
            for row in rows:
                for column in columns:
                    coarse[row, column] += P[n, u] / len(rows) / len(columns)
    np.testing.assert_allclose(probability(wide), coarse, atol=1e-12)


@pytest.mark.parametrize("protocol", [UMBRELLA, FLAT], ids=["umbrella", "flat"])
def test_stop_and_go_on(model, protocol, monkeypatch):
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 2**12)
    expected = mcsco.simulate(model, protocol, seed=2, replicas=3, threads=1)
    stops = iter([False] * 30 + [True] + [False] * 71 + [True] + [False] * 10**6)
    journey, memory = SurfaceJourney(model, protocol, 2, replicas=3, threads=1), None
    while not journey.run(lambda: next(stops)):
        memory = journey.memory()
        journey = SurfaceJourney(model, protocol, 2, replicas=3, threads=2)
        journey.restore(memory)
        assert journey.n_done == sum(int(memory[f"{i}_sweep"]) * len(memory[f"{i}_codes"]) for i in range(2))
    assert memory is not None
    found = journey.dataset()
    for name in expected.variables:
        assert found[name].equals(expected[name]), name


def test_biased_energy_is_the_energy_and_the_bias(model):
    protocol = mcsco.FreeEnergySurface(226.0, windows=(5, 4), sweeps=20, equilibration=0, bootstrap=2)
    windows = make_windows(protocol, model)
    biased = biased_model(model, windows)
    state = mcsco.Simulation(model, 400.0, seed=3, start="HS+").state
    gamma, eta = state.gamma, state.eta
    for k in range(windows.gamma.size):
        work, field = -windows.k_gamma * windows.gamma[k], windows.k_eta * windows.eta[k]
        constant = windows.k_gamma / 2 * windows.gamma[k] ** 2 + windows.k_eta / 2 * windows.eta[k] ** 2
        bias = windows.energy(np.array([gamma]), np.array([eta]))[k, 0]
        expected = model.energy(state) + 36 * (bias - constant)
        assert biased.energy(state, pressure=work, field=field) == pytest.approx(expected, abs=1e-9)


def test_a_wrong_bias_stops_the_simulation(model, monkeypatch):
    from mcsco.sampling import surface_journey

    right = surface_journey.bias_of_lanes
    monkeypatch.setattr(surface_journey, "bias_of_lanes", lambda *given: 1.001 * right(*given))
    with pytest.raises(StateError, match="recounted"):
        mcsco.simulate(model, UMBRELLA, seed=1, threads=1)


def test_which_crystals_are_even_in_eta():
    assert is_even(mcsco.presets.load("pmpea", (6, 6)), 0.3, 0.0)
    assert not is_even(mcsco.presets.load("pmpea", (6, 6)), 0.0, 0.1)
    assert is_even(mcsco.presets.load("pmpea-elastic", (6, 6)), 0.3, 0.0)
    elastic = mcsco.Elasticity((12.0, 4.2, 3.5), 970.0, 0.05, ((0.01, 0.02), (0.02, 0.0)))
    spin = mcsco.SpinCrossover(18.0, 66.5)
    assert not is_even(Model(mcsco.Lattice((6, 6)), spin, mcsco.OrderDisorder(), [elastic]), 0.0, 0.0)
    deviatoric = mcsco.Elasticity((12.0, 4.2, 3.5), 970.0, 0.05, ((0.02, 0.0), (0.0, -0.02)))
    assert is_even(Model(mcsco.Lattice((6, 6)), spin, mcsco.OrderDisorder(), [deviatoric]), 0.0, 0.0)
    assert not is_even(Model(mcsco.Lattice((6, 8)), spin, mcsco.OrderDisorder(), [deviatoric]), 0.0, 0.0)


def test_short_runs_say_so(model):
    dataset = mcsco.simulate(model, mcsco.FreeEnergySurface(226.0, sweeps=20, equilibration=0), seed=1, threads=1)
    assert "fewer than 25 independent measurements" in dataset.attrs["remark"]
    apart = mcsco.FreeEnergySurface(226.0, windows=4, spring=2000.0, sweeps=500, measure_every=2)
    dataset = mcsco.simulate(model, apart, seed=1, threads=1)
    assert "windows without overlap" in dataset.attrs["remark"]
    assert np.isnan(dataset["free_energy_error"]).all()
    assert mcsco.observables.surface(dataset)[0].saddle is None
