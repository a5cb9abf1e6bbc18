"""Statistics of snapshots against the obvious computation, site by site and wave by wave."""

import numpy as np
import pytest
import xarray

from mcsco import InputError, NearestNeighbours, OrderDisorder, Quench, SpinCrossover, simulate
from mcsco.model import Lattice, Model, State
from mcsco.observables import domains, snapshot_lengths, snapshot_statistics, structure_factors


def dataset_of(spin, u):
    """A dataset with nothing but snapshots, dimensions (replica, snapshot, ...)."""
    dims = ("replica", "snapshot", *("z", "y", "x")[-(np.ndim(spin) - 2) :])
    sweeps = ("snapshot", 10 * np.arange(np.shape(spin)[1]))
    return xarray.Dataset(
        {"snapshot_spin": (dims, spin), "snapshot_distortion": (dims, u)}, coords={"snapshot_sweep": sweeps}
    )


def random_states(shape, seed=0, threshold=0.2):
    """Blobs of HS, LS and both variants, (replica, snapshot, ...) in `shape`."""
    rng = np.random.default_rng(seed)
    spin = np.where(rng.random(shape) > threshold, 1, -1).astype(np.int8)
    u = np.where(spin > 0, rng.choice([-1, 1], size=shape), 0).astype(np.int8)
    return spin, u


def clusters(phase):
    """Sizes of nearest-neighbour clusters on the torus by flooding, in descending order."""
    left, sizes = {tuple(int(x) for x in site) for site in np.argwhere(phase)}, []
    while left:
        edge, size = [left.pop()], 0
        while edge:
            site, size = edge.pop(), size + 1
            for axis in range(phase.ndim):
                for step in (-1, 1):
                    other = list(site)
                    other[axis] = (other[axis] + step) % phase.shape[axis]
                    if tuple(other) in left:
                        left.remove(tuple(other))
                        edge.append(tuple(other))
        sizes.append(size)
    return sorted(sizes, reverse=True)


@pytest.mark.parametrize("lattice", [(5, 7), (3, 4, 5)])
def test_sizes_and_bonds_against_flooding(lattice):
    spin, u = random_states((2, 3, *lattice))
    found = snapshot_statistics(dataset_of(spin, u))
    N = np.prod(lattice)
    for i, j in np.ndindex(2, 3):
        phases = {("spin", "positive"): spin[i, j] > 0, ("spin", "negative"): spin[i, j] < 0}
        phases |= {("eta", "positive"): u[i, j] > 0, ("eta", "negative"): u[i, j] < 0}
        for (field, kind), phase in phases.items():
            sizes = clusters(phase)
            here = found.sel(field=field, kind=kind).isel(replica=i, snapshot=j)
            assert here["number"] == len(sizes)
            assert here["largest"] == max(sizes)
            assert here["fraction"] == pytest.approx(phase.mean())
            assert here["mean_size"] == pytest.approx(sum(s**2 for s in sizes) / sum(sizes))
        for field in ("spin", "eta"):
            both = sorted(clusters(phases[field, "positive"]) + clusters(phases[field, "negative"]))
            here = found.sel(field=field).isel(replica=i, snapshot=j)
            assert here["number"].sel(kind="both") == len(both)
            assert here["mean_size"].sel(kind="both") == pytest.approx(sum(s**2 for s in both) / sum(both))
            x = (phases[field, "positive"].astype(int) - phases[field, "negative"]).astype(int)
            unlike = sum((x * np.roll(x, -1, axis) == -1).sum() for axis in range(len(lattice)))
            assert here["wall_density"] == pytest.approx(unlike / N)


def test_shares_length_and_percolation_of_stripes():
    """Two stripes across x and one state with diagonal walls: lengths and directions known on paper."""
    L = 32
    y, x = np.mgrid[:L, :L]
    u = np.stack([np.where(x < L // 2, 1, -1), np.where((x + y) % L < L // 2, 1, -1)])[np.newaxis].astype(np.int8)
    found = snapshot_statistics(dataset_of(np.ones_like(u), u)).sel(field="eta").isel(replica=0)
    assert found["wall_share"].sel(axis="x").values.tolist() == pytest.approx([1.0, 0.0])
    assert found["wall_share"].sel(axis="y").values.tolist() == pytest.approx([0.0, 0.0])
    assert found["wall_share_diagonal"].values.tolist() == pytest.approx([0.0, 1.0])
    assert found["wall_length"].values == pytest.approx([2 / L, 2 * np.sqrt(2) / L], rel=2e-3)
    straight, diagonal = found["percolates"].sel(kind="both").values
    assert straight.tolist() == [True, False]  # (y, x)
    assert diagonal.tolist() == [True, True]
    spins = snapshot_statistics(dataset_of(np.ones_like(u), u)).sel(field="spin")
    assert np.isnan(spins["R"]).all()
    assert np.isnan(spins["wall_share"]).all()
    assert (spins["number"].sel(kind="both") == 1).all()


@pytest.mark.parametrize("lattice", [(16, 16), (15, 24), (6, 8, 10), (7, 2, 4)])
def test_lengths_are_those_of_the_structure_factors(lattice):
    spin, u = random_states((3, 2, *lattice), seed=4)
    dataset = dataset_of(spin, u)
    found = snapshot_statistics(dataset)
    for j in range(2):
        S = structure_factors(State(spin[:, j], u[:, j]), replicas=True)
        for field, of in (("spin", "nn"), ("eta", "uu")):
            here = found.sel(field=field).isel(snapshot=j)
            np.testing.assert_allclose(here["R"], S.characteristic_length(of), rtol=1e-12)
            np.testing.assert_allclose(snapshot_lengths(dataset, field)[:, j], here["R"], rtol=1e-12)
            for axis, expected in enumerate(S.correlation_length(of)):
                value, error = (here[f"correlation_length{end}"].values[axis] for end in ("", "_error"))
                np.testing.assert_allclose(value, expected.value, rtol=1e-9)
                np.testing.assert_allclose(error, expected.error, rtol=1e-9)


def test_with_its_mean_a_state_has_half_a_shell_more():
    """R from the definition, wavevector by wavevector."""
    L = 12
    u = random_states((1, 1, L, L), seed=6, threshold=-1)[1]
    sums = np.zeros((L // 2 + 1, 3))  # wavevectors, S and k S of every shell
    for m, n in np.ndindex(L, L):
        k = 2 * np.pi / L * np.hypot(*((i + L // 2) % L - L // 2 for i in (m, n)))
        wave = np.exp(-2j * np.pi / L * np.add.outer(m * np.arange(L), n * np.arange(L)))
        S = np.abs((u[0, 0] * wave).sum()) ** 2 / L**2
        shell = round(k * L / (2 * np.pi))
        if shell <= L // 2:
            sums[shell] += 1, S, k * S
    means = sums[:, 1:] / sums[:, :1]
    moment = means[1:, 1].sum()
    for subtract, zero in (("each", 0.0), ("none", means[0, 0] / 2)):
        expected = 2 * np.pi * (zero + means[1:, 0].sum()) / moment
        assert snapshot_lengths(dataset_of(np.ones_like(u), u), "eta", subtract)[0, 0] == pytest.approx(expected)
    assert means[0, 0] > 0


def test_of_a_run():
    """Labels, coordinates, and the last snapshot as `domains` sees the final state."""
    model = Model(
        Lattice((24, 24)), SpinCrossover(10.0, 66.5), OrderDisorder(), (NearestNeighbours(spin=0.3, distortion=1.0),)
    )
    run = simulate(model, Quench(160, 40), seed=2, replicas=2, start="HS", snapshots=4)
    found = snapshot_statistics(run)
    assert found["field"].values.tolist() == ["spin", "eta"]
    assert found["axis"].values.tolist() == ["y", "x"]
    for name in ("sweep", "temperature", "leg"):
        assert found[f"snapshot_{name}"].equals(run[f"snapshot_{name}"])
    end = domains(State(run["spin"].values[1], run["distortion"].values[1]))
    here = found.isel(replica=1, snapshot=-1)
    for field, expected in (("spin", end.q), ("eta", end.eta)):
        assert here["mean_size"].sel(field=field, kind="both") == pytest.approx(expected.mean_size)
        assert here["wall_length"].sel(field=field) == pytest.approx(expected.walls.length / 576)
        for kind, one in (("positive", expected.positive), ("negative", expected.negative)):
            assert here["percolates"].sel(field=field, kind=kind).values.tolist() == one.percolates.tolist()
        shares = [expected.walls.fraction(row, 10.0) for row in ((1, 0), (0, 1))]
        np.testing.assert_allclose(here["wall_share"].sel(field=field), shares)
        both = sum(expected.walls.fraction(row, 10.0) for row in ((1, 1), (1, -1)))
        np.testing.assert_allclose(here["wall_share_diagonal"].sel(field=field), both)
    part = snapshot_statistics(run.isel(snapshot=[2]))
    assert part.equals(found.isel(snapshot=[2]))


def test_mistakes():
    spin, u = random_states((1, 1, 4, 4))
    dataset = dataset_of(spin, u)
    with pytest.raises(InputError, match=r"no 'snapshot_spin'; simulate with snapshots"):
        snapshot_statistics(dataset.drop_vars("snapshot_spin"))
    with pytest.raises(InputError, match=r"must be \(replica, snapshot"):
        snapshot_lengths(dataset.isel(replica=0))
    with pytest.raises(InputError, match="within = -1"):
        snapshot_statistics(dataset, within=-1)
    with pytest.raises(InputError, match=r"field = 'q': must be 'spin' or 'eta'"):
        snapshot_lengths(dataset, "q")
    with pytest.raises(InputError, match="subtract = 'common'"):
        snapshot_lengths(dataset, "eta", "common")
