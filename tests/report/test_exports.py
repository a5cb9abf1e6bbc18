"""Files for OVITO and ParaView: what stands in them, read back by hand and by ase and vtk where these are installed."""

import json
import shlex
from itertools import combinations_with_replacement

import h5py
import numpy as np
import pytest
import xarray

import mcsco
from mcsco.model import Elasticity, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.observables import strain_maps
from mcsco.report import snapshots, write_extended_xyz, write_vtkhdf

A = 10.0
ELASTIC = Elasticity((12.0, 4.2, 3.5), A**3, 0.03, 0.027, ((0.1, 0.0), (0.0, 0.2)))
CUBIC = Elasticity((12.0, 4.2, 3.5), A**3, 0.03, 0.027)
NEAR = NearestNeighbours(0.1, 0.2)
TAKEN = {"strain", "stress", "energy", "forces", "velocity", "displacement", "charge", "mass", "magmom", "id", "color"}


def make_dataset(shape, terms, kept=True):
    """Two replicas with three snapshots, under pressure."""
    rng = np.random.default_rng(2)
    model = Model(Lattice(shape), SpinCrossover(10.0, 60.0), OrderDisorder(), terms)
    spin = rng.choice([-1, 1], size=(2, 3, *shape)).astype(np.int8)
    u = (rng.choice([-1, 1], size=spin.shape) * (spin > 0)).astype(np.int8)
    sites = ("z", "y", "x")[-len(shape) :]
    series = {"sweep": np.array([50, 100]), "temperature": np.array([201.0, 202.5]), "pressure": np.array([0.1, 0.2]),
              "field": np.array([0.0, 0.3])}  # fmt: skip
    along = {"sweep": np.array([30, 60, 100]), "temperature": np.array([200.5, 201.25, 202.5]),
             "pressure": np.array([0.1, 0.15, 0.2]), "field": np.array([0.0, 0.1, 0.3])}  # fmt: skip
    variables = {"spin": (("replica", *sites), spin[:, -1]), "distortion": (("replica", *sites), u[:, -1])}
    coordinates = {name: ("step", values) for name, values in series.items()}
    if kept:
        dims = ("replica", "snapshot", *sites)
        variables |= {"snapshot_spin": (dims, spin), "snapshot_distortion": (dims, u)}
        coordinates |= {f"snapshot_{name}": ("snapshot", values) for name, values in along.items()}
    return xarray.Dataset(variables, coordinates, {"model": json.dumps(model.to_dict())}), model


CASES = [((4, 6), (ELASTIC, NEAR)), ((3, 4, 5), (CUBIC,)), ((4, 6), (NEAR,)), ((4, 6), (ELASTIC, ELASTIC))]


def read_xyz(path):
    """Frames as (keys of the second line, columns), by the rules of the format alone."""
    lines, frames = path.read_text(encoding="utf-8").splitlines(), []
    while lines:
        n = int(lines[0])
        keys = dict(part.split("=", 1) for part in shlex.split(lines[1]))
        names = []
        for name, kind, count in np.reshape(keys["Properties"].split(":"), (-1, 3)):
            assert kind in "SIR"
            names += [name] if count == "1" else [f"{name}{i}" for i in range(int(count))]
        table = [line.split() for line in lines[2 : 2 + n]]
        assert all(len(row) == len(names) for row in table)
        columns = {name: [row[i] for row in table] for i, name in enumerate(names)}
        frames.append((keys, {k: v if k == "species" else np.array(v, float) for k, v in columns.items()}))
        lines = lines[2 + n :]
    return frames


@pytest.mark.parametrize("replica", [0, 1])
@pytest.mark.parametrize(("shape", "terms"), CASES)
def test_extended_xyz(tmp_path, shape, terms, replica):
    dataset, model = make_dataset(shape, terms)
    path = write_extended_xyz(dataset, tmp_path / "a.xyz", replica, elements=("Fe", "Co"))
    frames = read_xyz(path)
    taken = snapshots(dataset, replica)
    assert len(frames) == len(taken) == 3
    a, d = (A if any(isinstance(term, Elasticity) for term in terms) else 1.0), len(shape)
    for (keys, columns), snapshot in zip(frames, taken, strict=True):
        state = snapshot.state
        box = np.array(keys["Lattice"].split(), float).reshape(3, 3)
        assert box == pytest.approx(np.diag([*shape[::-1], 1][:3]) * a)
        assert keys["pbc"] == ("T T T" if d == 3 else "T T F")
        for name in ("sweep", "temperature", "pressure", "field"):
            assert float(keys[name]) == pytest.approx(getattr(snapshot, name))
        assert float(keys["mean_gamma"]) == pytest.approx(state.gamma)
        assert float(keys["mean_eta"]) == pytest.approx(state.eta)
        grid = {name: values.reshape(shape) for name, values in columns.items() if name != "species"}
        assert np.array_equal(grid["gamma"], state.spin > 0)
        assert np.array_equal(grid["u"], state.distortion)
        assert columns["species"] == ["Co" if s > 0 else "Fe" for s in state.spin.ravel()]
        place = (1,) * (d - 1) + (3,)
        assert [grid[f"pos{i}"][place] for i in range(3)] == pytest.approx([3 * a, a, a * (d == 3)])
        u = state.distortion
        near = [u[place], *(np.roll(u, step, axis)[place] for axis in range(d) for step in (-1, 1))]
        assert grid["eta"][place] == pytest.approx(np.mean(near), abs=1e-4)
        assert not {name.lower() for name in columns} & TAKEN
        if sum(isinstance(term, Elasticity) for term in terms) != 1:
            assert "e_xy" not in grid  # no strain, or no single one
            continue
        maps = strain_maps(model, state, snapshot.pressure)
        assert grid["volume"] == pytest.approx(maps.volume_strain, rel=1e-5)
        for i, j in combinations_with_replacement(range(d), 2):
            assert grid[f"e_{'xyz'[i]}{'xyz'[j]}"] == pytest.approx(maps.strain[..., i, j], rel=1e-5, abs=1e-12)
        for i in range(d):
            assert grid[f"w_{'xyz'[i]}"] == pytest.approx(maps.displacement[..., i], rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("replica", [0, 1])
@pytest.mark.parametrize(("shape", "terms"), CASES)
def test_vtkhdf(tmp_path, shape, terms, replica):
    dataset, model = make_dataset(shape, terms)
    path = write_vtkhdf(dataset, tmp_path / "a.vtkhdf", replica)
    a, d = (A if any(isinstance(term, Elasticity) for term in terms) else 1.0), len(shape)
    taken = snapshots(dataset, replica)
    with h5py.File(path) as file:
        assert list(file) == ["VTKHDF"]
        root = file["VTKHDF"]
        assert root.attrs["Type"] == b"ImageData"
        assert root.attrs["Version"].tolist() == [2, 2]
        x, y, z = (*shape[::-1], 1)[:3]
        assert root.attrs["WholeExtent"].tolist() == [0, x, 0, y, 0, z]
        assert root.attrs["Spacing"].tolist() == pytest.approx([a] * 3)
        assert root.attrs["Origin"].tolist() == pytest.approx([-a / 2] * 3)
        steps = root["Steps"]
        assert steps.attrs["NSteps"] == 3
        assert steps["Values"][:].tolist() == [30, 60, 100]
        for name in ("temperature", "pressure", "field"):
            assert root["FieldData"][name][:].tolist() == [getattr(snapshot, name) for snapshot in taken]
            assert steps["FieldDataOffsets"][name][:].tolist() == [0, 1, 2]
            assert steps["FieldDataSizes"][name][:].tolist() == [[1, 1]] * 3
        for i, snapshot in enumerate(taken):
            cells = {name: data[i].reshape(*shape, *data.shape[4:]) for name, data in root["CellData"].items()}
            assert root["CellData/u"].shape == (3, z, y, x)
            assert np.array_equal(cells["gamma"], snapshot.state.spin > 0)
            assert np.array_equal(cells["u"], snapshot.state.distortion)
            if sum(isinstance(term, Elasticity) for term in terms) != 1:
                assert set(cells) == {"gamma", "u", "eta"}
                continue
            maps = strain_maps(model, snapshot.state, snapshot.pressure)
            assert cells["elastic_energy"] == pytest.approx(maps.energy_density, rel=1e-5)
            order = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2)]
            for name in ("strain", "stress"):
                for place, (p, q) in enumerate(order):
                    expected = getattr(maps, name)[..., p, q] if max(p, q) < d else 0.0
                    assert cells[name][..., place] == pytest.approx(expected, rel=1e-5, abs=1e-9)
            assert cells["displacement"][..., :d] == pytest.approx(maps.displacement, rel=1e-5, abs=1e-8)
    assert [path.name for path in tmp_path.iterdir()] == ["a.vtkhdf"]


def test_without_snapshots_the_final_state_is_exported(tmp_path):
    dataset, _ = make_dataset((4, 6), (ELASTIC,), kept=False)
    ((keys, columns),) = read_xyz(write_extended_xyz(dataset, tmp_path / "a.extxyz", 1, spacing=7.5))
    assert np.array_equal(columns["u"].reshape(4, 6), dataset["distortion"].values[1])
    assert [float(keys[name]) for name in ("sweep", "temperature", "pressure", "field")] == [100, 202.5, 0.2, 0.3]
    assert columns["pos0"].max() == pytest.approx(5 * 7.5)
    with h5py.File(write_vtkhdf(dataset, tmp_path / "a.vtkhdf", 1, spacing=7.5)) as file:
        assert file["VTKHDF/Steps/Values"][:].tolist() == [100]
        assert file["VTKHDF"].attrs["Spacing"].tolist() == [7.5] * 3
        assert np.array_equal(file["VTKHDF/CellData/u"][0, 0], dataset["distortion"].values[1])


def test_a_run_of_its_own(tmp_path):
    """What `simulate` returns is what the exports read."""
    model = Model(Lattice((6, 8)), SpinCrossover(10.0, 60.0), OrderDisorder(), (NEAR,))
    dataset = mcsco.simulate(model, mcsco.Ramp((150.0, 180.0), 2), seed=3, replicas=2, snapshots=4)
    frames = read_xyz(write_extended_xyz(dataset, tmp_path / "a.xyz", 1))
    assert len(frames) == 4
    assert np.array_equal(frames[-1][1]["u"].reshape(6, 8), dataset["distortion"].values[1])
    assert float(frames[-1][0]["temperature"]) == 180.0


def test_mistakes(tmp_path):
    dataset, _ = make_dataset((4, 6), (ELASTIC,))
    for write, name, options, match in (
        (write_extended_xyz, "a.txt", {}, "must end in .xyz or .extxyz"),
        (write_vtkhdf, "a.vti", {}, "must end in .vtkhdf"),
        (write_vtkhdf, "no/a.vtkhdf", {}, "is not a directory"),
        (write_extended_xyz, "a.xyz", {"elements": ("LS", "HS")}, "elements ="),
        (write_extended_xyz, "a.xyz", {"elements": ("Fe",)}, "elements ="),
        (write_extended_xyz, "a.xyz", {"spacing": 0}, "spacing = 0"),
        (write_vtkhdf, "a.vtkhdf", {"spacing": -1}, "spacing = -1"),
        (write_vtkhdf, "a.vtkhdf", {"replica": 2}, "replica = 2"),
    ):
        with pytest.raises(mcsco.InputError, match=match):
            write(dataset, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("shape", "terms"), CASES[:2])
def test_ase_reads_the_frames(tmp_path, shape, terms):
    io = pytest.importorskip("ase.io")
    dataset, model = make_dataset(shape, terms)
    read = io.read(write_extended_xyz(dataset, tmp_path / "a.xyz"), ":", format="extxyz")
    for atoms, snapshot in zip(read, snapshots(dataset), strict=True):
        assert atoms.get_chemical_symbols() == ["Fe"] * snapshot.state.spin.size
        assert np.array_equal(atoms.arrays["u"].reshape(shape), snapshot.state.distortion)
        maps = strain_maps(model, snapshot.state, snapshot.pressure)
        assert atoms.arrays["e_xy"].reshape(shape) == pytest.approx(maps.strain[..., 0, 1], rel=1e-5, abs=1e-12)
        assert atoms.info["temperature"] == snapshot.temperature
        assert atoms.pbc.tolist() == [True, True, len(shape) == 3]


@pytest.mark.parametrize(("shape", "terms"), CASES[:2])
def test_vtk_reads_the_times(tmp_path, shape, terms):
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    dataset, model = make_dataset(shape, terms)
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(write_vtkhdf(dataset, tmp_path / "a.vtkhdf")))
    reader.UpdateInformation()
    key, about = vtk.vtkStreamingDemandDrivenPipeline.TIME_STEPS(), reader.GetOutputInformation(0)
    assert [about.Get(key, i) for i in range(about.Length(key))] == [30, 60, 100]
    for snapshot in snapshots(dataset):
        reader.UpdateTimeStep(float(snapshot.sweep))
        grid = reader.GetOutput()
        cells, fields = grid.GetCellData(), grid.GetFieldData()
        assert np.array_equal(vtk_to_numpy(cells.GetArray("u")).reshape(shape), snapshot.state.distortion)
        strain = vtk_to_numpy(cells.GetArray("strain")).reshape(*shape, 6)
        expected = strain_maps(model, snapshot.state, snapshot.pressure).strain
        assert strain[..., 3] == pytest.approx(expected[..., 0, 1], rel=1e-5, abs=1e-9)
        assert strain[..., 1] == pytest.approx(expected[..., 1, 1], rel=1e-5, abs=1e-9)
        assert vtk_to_numpy(fields.GetArray("temperature")).tolist() == [snapshot.temperature]
