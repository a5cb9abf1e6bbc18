"""`simulate`: layout and units of the dataset, provenance, identity across threads, agreement with the oracle."""

import json
import threading
from datetime import datetime

import numpy as np
import pytest
import xarray as xr

import mcsco
from mcsco import Hold, InputError, Model, Ramp, State, ThermalCycle, simulate
from mcsco.engine import Control, make_batches
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.errors import StateError

PROTOCOL = [
    Hold(250, 20, measure_every=4, equilibration=10),
    Ramp((250, 280), 2, measure_every=7, pressure=0.1, field=0.2),
]
# The hold is measured after sweeps 14, 18, 22, 26, 30; the ramp of 60 sweeps after 7, 14, ..., 56.
SWEEPS = [14, 18, 22, 26, 30, *(30 + np.arange(7, 61, 7))]


@pytest.fixture(scope="module", params=["lattice", "replica"])
def dataset(request, build):
    return simulate(build(), PROTOCOL, seed=4, replicas=5, start="HS+", kernel=request.param, threads=1)


def test_layout(dataset):
    assert dataset.sizes["hold"] == 1  # the hold's verdict, see test_precision
    dataset = dataset.drop_dims("hold")
    assert dict(dataset.sizes) == {"replica": 5, "step": 13, "y": 6, "x": 7}
    assert {name: variable.dims for name, variable in dataset.data_vars.items()} == {
        **dict.fromkeys(("gamma", "q", "eta", "energy"), ("replica", "step")),
        **dict.fromkeys(("spin", "distortion"), ("replica", "y", "x")),
    }
    assert set(dataset.coords) == {"temperature", "pressure", "field", "sweep", "leg", "replica"}
    assert dataset.spin.dtype == dataset.distortion.dtype == np.int8
    units = {
        name: dataset[name].attrs["units"]
        for name in ("gamma", "q", "eta", "energy", "temperature", "pressure", "field", "sweep")
    }
    assert units == dict(zip(units, ("1", "1", "1", "kJ/mol", "K", "GPa", "kJ/mol", "1"), strict=True))
    assert all("long_name" in dataset[name].attrs for name in dataset.data_vars)


def test_coordinates(dataset):
    assert dataset.sweep.values.tolist() == SWEEPS
    assert dataset.leg.values.tolist() == [0] * 5 + [1] * 8
    ramp = 250 + np.arange(7, 61, 7) / 60 * 30
    np.testing.assert_allclose(dataset.temperature, [250.0] * 5 + ramp.tolist(), rtol=1e-14)
    assert dataset.pressure.values.tolist() == [0.0] * 5 + [0.1] * 8
    assert dataset.field.values.tolist() == [0.0] * 5 + [0.2] * 8


def test_values(dataset, build):
    N = 42
    assert np.all((dataset.gamma >= 0) & (dataset.gamma <= 1))
    np.testing.assert_allclose(dataset.q, 2 * dataset.gamma - 1, atol=1e-15)
    assert np.all(np.abs(dataset.eta) <= dataset.gamma + 1e-15)
    np.testing.assert_allclose(dataset.gamma * N, np.round(dataset.gamma * N), atol=1e-12)
    assert len(np.unique(dataset.energy[:, -1])) > 1  # replicas differ
    assert np.array_equal(np.abs(dataset.distortion), dataset.spin == 1)


def test_provenance(dataset, build):
    attrs = dataset.attrs
    assert Model.from_dict(json.loads(attrs["model"])) == build()
    described = json.loads(attrs["protocol"])
    assert [part.pop("kind") for part in described] == ["hold", "ramp"]
    assert [Hold(**described[0]), Ramp(**described[1])] == PROTOCOL
    assert attrs["seed"] == "4"
    assert (attrs["replicas"], attrs["start"], attrs["dynamics"], attrs["threads"]) == (5, "HS+", "metropolis", 1)
    assert attrs["kernel"] in ("lattice", "replica")
    assert attrs["n_sites"] == 42
    assert attrs["entropy"] == build().spin.entropy
    assert attrs["mcsco_version"] == mcsco.__version__
    assert attrs["site_updates"] == 90 * 5 * 42
    assert datetime.fromisoformat(attrs["started"]) <= datetime.fromisoformat(attrs["ended"])
    for name in ("mcsco_commit", "python_version", "packages", "host", "machine", "command", "wall_time_s"):
        assert str(attrs[name])
    assert "numba" in attrs["packages"]


def test_dataset_can_be_stored(dataset, tmp_path):
    path = tmp_path / "series.nc"
    dataset.to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as again:
        xr.testing.assert_equal(again.load(), dataset)
        assert again.attrs["model"] == dataset.attrs["model"]


@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("kernel", ["lattice", "replica"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_last_measurement_is_the_oracle_of_the_final_state(build, three, kernel, dynamics):
    for shape in ((5, 6), (3, 4, 2)):
        model = build(shape, three)
        field = 0.3 * three
        protocol = Ramp((400, 300), 0.4, measure_every=4, pressure=0.05, field=field)
        result = simulate(model, protocol, seed=1, replicas=3, kernel=kernel, dynamics=dynamics)
        for r in range(3):
            state = State(result.spin[r].values, result.distortion[r].values)
            last = result.isel(replica=r, step=-1)
            assert last.sweep == 40
            assert last.energy * model.lattice.n_sites == pytest.approx(model.energy(state, 0.05, field), rel=1e-12)
            assert (last.gamma, last.eta) == (pytest.approx(state.gamma), pytest.approx(state.eta))
        assert result.spin.dims == ("replica", *("z", "y", "x")[-len(shape) :])


def series_of(result):
    return [result[name].values for name in ("gamma", "eta", "energy", "spin", "distortion")]


@pytest.mark.parametrize("kernel", ["lattice", "replica"])
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("replicas", [1, 5, 37])
def test_threads_leave_the_result(build, kernel, three, replicas):
    protocol = ThermalCycle((250, 350), 0.2, measure_every=3)
    one, two, many = (
        simulate(build((7, 6), three), protocol, seed=8, replicas=replicas, kernel=kernel, threads=threads)
        for threads in (1, 2, 5)
    )
    for a, b, c in zip(series_of(one), series_of(two), series_of(many), strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)
    other = simulate(build((7, 6), three), protocol, seed=9, replicas=replicas, kernel=kernel)
    assert not np.array_equal(one.energy, other.energy)
    if replicas > 1:
        assert len(np.unique(one.energy.values, axis=0)) == replicas


def test_measuring_does_not_disturb(build):
    often, rarely = (
        simulate(build(), Ramp((200, 400), 0.3, measure_every=every), seed=2, replicas=2) for every in (1, 15)
    )
    assert np.array_equal(often.energy[:, 14::15], rarely.energy)
    assert np.array_equal(often.spin, rarely.spin)


@pytest.mark.parametrize("kernel", ["lattice", "replica"])
def test_state_is_carried_from_leg_to_leg(build, kernel):
    """The series is that of a batch moved by hand along the same legs."""
    result = simulate(build(), PROTOCOL, seed=6, replicas=3, start="random", kernel=kernel, threads=1)
    (batch, *others) = make_batches(build(), "random", 6, "metropolis", kernel, 3, 1)
    R = batch.n_replicas

    def point(T, P, h):
        return Control(np.full(R, float(T)), np.full(R, P), np.full(R, h))

    batch.advance(point(250, 0.0, 0.0), point(250, 0.0, 0.0), 0, 30, 30)
    assert np.array_equal(result.gamma[:R, 4] * 42, batch.sums().n)
    batch.advance(point(250, 0.1, 0.2), point(280, 0.1, 0.2), 0, 60, 60)
    assert np.array_equal(result.distortion[:R], batch.codes())
    assert len(others) == (0 if kernel == "lattice" else 1)


def test_default_start_follows_the_first_leg(build):
    heating = simulate(build(), Ramp((100, 110), 0.1), replicas=1)
    cooling = simulate(build(), ThermalCycle((110, 100), 0.1), replicas=1)
    hold = simulate(build(), Hold(100, 1, 1), replicas=1)
    assert [d.attrs["start"] for d in (heating, cooling, hold)] == ["LS", "HS+", "LS"]


def test_defaults(build):
    result = simulate(build(), Hold(300, 20))
    assert (result.sizes["replica"], result.sizes["step"]) == (8, 2)
    assert (result.attrs["seed"], result.attrs["dynamics"], result.attrs["kernel"]) == ("0", "metropolis", "replica")


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_counts_every_sweep_of_every_replica(build, threads):
    done, lock = [], threading.Lock()

    def progress(n):
        with lock:
            done.append(n)

    simulate(build(), PROTOCOL, replicas=5, progress=progress, threads=threads)
    assert sum(done) == 90 * 5


def test_progress_may_stop_the_run(build):
    """An exception from anywhere, as Ctrl-C is one, ends all batches and comes through."""

    class StopError(Exception):
        pass

    def progress(n):
        raise StopError

    for threads in (1, 2):
        with pytest.raises(StopError):
            simulate(build(), Hold(300, 100), replicas=8, kernel="replica", progress=progress, threads=threads)


def test_energy_that_differs_from_the_oracle_is_an_error(build, monkeypatch):
    true = LatticeBatch.energy
    monkeypatch.setattr(LatticeBatch, "energy", lambda self, *arguments: true(self, *arguments) * (1 + 1e-6))
    with pytest.raises(StateError, match="energy of replica 0"):
        simulate(build(), Hold(300, 20), kernel="lattice", threads=1)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"model": None}, "model = None: must be a Model"),
        ({"protocol": None}, "protocol = None: must be"),
        ({"protocol": 5}, "protocol = 5: must be"),
        ({"protocol": "ramp"}, "protocol = .*: must be"),
        ({"protocol": []}, r"protocol = \[\]: must have at least one part"),
        ({"protocol": [Hold(300, 20), 3]}, "protocol = 3: must be"),
        ({"seed": -1}, "seed = -1: must be at least 0"),
        ({"seed": 0.5}, "seed = 0.5: must be a whole number"),
        ({"replicas": 0}, "replicas = 0: must be at least 1"),
        ({"replicas": 2.5}, "replicas = 2.5: must be a whole number"),
        ({"threads": 0}, "threads = 0: must be at least 1"),
        ({"start": "cold"}, "start = 'cold': must be one of"),
        ({"dynamics": "fast"}, "dynamics = 'fast': must be one of"),
        ({"kernel": "fast"}, "kernel = 'fast': must be one of"),
    ],
)
def test_wrong_arguments(build, arguments, match):
    given = {"model": build(), "protocol": Hold(300, 20)} | arguments
    model, protocol = given.pop("model"), given.pop("protocol")
    with pytest.raises(InputError, match=match):
        simulate(model, protocol, **given)


def test_numbers_of_numpy_are_welcome(build):
    """As they come from a parameter grid; the result is described in JSON after the work is done."""
    protocol = [
        Hold(np.float64(300), np.int64(20), np.int64(10)),
        ThermalCycle(np.array([300.0, 310.0]), cycles=np.int64(1)),
    ]
    result = simulate(build(), protocol, np.int64(3), replicas=np.int64(2), threads=np.int64(1))
    assert json.loads(result.attrs["protocol"])[0]["sweeps"] == 20
