"""Domains along a run: the statistics of every configuration that was kept, as one labelled dataset."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.model import State
from mcsco.observables.domain_statistics import DomainSet, FieldDomains, domains
from mcsco.observables.leave_one_out import leave_one_out
from mcsco.observables.series import mean_over_replicas

if TYPE_CHECKING:
    import xarray

Floats = npt.NDArray[np.float64]

FIELDS = ("spin", "eta")
"""The two order parameters, in the order of the dimension ``field``."""
KINDS = ("positive", "negative", "both")
"""Kinds of domains in the order of the dimension ``kind``: HS or +η, LS or −η, and both together."""

_PER_KIND = {
    "fraction": ("part of the molecules in domains of this kind", "1"),
    "number": ("number of domains", "1"),
    "mean_size": ("mean size of the domain of a molecule, Σs²/Σs", "molecules"),
    "largest": ("size of the largest domain", "molecules"),
}
_PER_FIELD = {
    "wall_density": ("bonds between unlike sites per molecule", "1"),
    "wall_length": ("length of the smoothed walls per molecule", "1/site"),
    "wall_share_diagonal": ("part of the wall length whose normal lies along a face diagonal", "1"),
}
_PER_AXIS = {
    "wall_share": ("part of the wall length whose normal lies along the axis", "1"),
}


def snapshot_statistics(dataset: xarray.Dataset, smoothing: float = 2.0, within: float = 10.0) -> xarray.Dataset:
    """Statistics of the domains in every snapshot of a run, for the spin and for the distortion.

    What the words mean is defined in `domains` and `structure_factors`. The time is linear in the number of molecules,
    about half a second for 1024 × 1024; ``dataset.isel(snapshot=[-1])`` restricts the work to some of the snapshots.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns with ``snapshots``: ``snapshot_spin`` and ``snapshot_distortion`` with the
        dimensions (replica, snapshot, [z,] y, x).
    smoothing : float
        Standard deviation of the Gaussian under which length and direction of walls are measured, lattice units.
    within : float
        Degrees from a direction within which the normal of a wall lies along it.

    Returns
    -------
    xarray.Dataset
        With (field, kind, replica, snapshot): ``fraction``, ``number``, ``mean_size`` Σs²/Σs, ``largest``, and with an
        ``axis`` more, ``percolates``. With (field, replica, snapshot): ``wall_density`` in bonds and ``wall_length`` in
        lattice units, both per molecule; ``wall_share_diagonal``, and with an ``axis`` more ``wall_share``: the parts
        of the wall length with a normal along that axis (walls that run across it) or along any face diagonal; and
        ``R`` = 2π/⟨k⟩ of S_nn or S_uu in sites. With (field, snapshot, axis): ``correlation_length`` and its
        ``correlation_length_error``, which belong to all replicas together, since one state has one draw of S(k_min).
        ``field`` is ``"spin"`` or ``"eta"``, ``kind`` ``"positive"`` (HS, +η), ``"negative"`` (LS, −η) or ``"both"``,
        ``axis`` a letter of the lattice. ``snapshot_sweep``, ``snapshot_temperature``, ``snapshot_leg`` are carried
        over as coordinates. What a snapshot does not have, a wall share without walls, is NaN.

    Raises
    ------
    InputError
        If the dataset has no snapshots, or an argument breaks its rule.

    Examples
    --------
    >>> import mcsco
    >>> model = mcsco.presets.load("pmpea", (16, 16))
    >>> run = mcsco.simulate(model, mcsco.Quench(200, 50), seed=1, replicas=2, start="HS", snapshots=3)
    >>> found = mcsco.observables.snapshot_statistics(run)
    >>> found["R"].dims, found["mean_size"].sel(field="eta", kind="both").shape
    (('field', 'replica', 'snapshot'), (2, 3))
    """
    import xarray

    spin, u = _configurations(dataset)
    check_real("within", within, above=0.0, unit="degrees")
    axes = spin.dims[2:]
    n_replicas, n_snapshots = spin.shape[:2]
    lead = (len(FIELDS), n_replicas, n_snapshots)
    per_kind = {name: np.full((2, 3, *lead[1:]), np.nan) for name in _PER_KIND}
    percolates = np.zeros((2, 3, *lead[1:], len(axes)), dtype=np.bool_)
    per_field = {name: np.full(lead, np.nan) for name in _PER_FIELD}
    share = np.full((*lead, len(axes)), np.nan)
    for i, j in np.ndindex(n_replicas, n_snapshots):
        found = domains(State(spin.values[i, j], u.values[i, j]), smoothing=smoothing)
        for f, field in enumerate((found.q, found.eta)):
            for name, values in _of_kinds(field).items():
                per_kind[name][f, :, i, j] = values
            percolates[f, :2, i, j] = field.positive.percolates, field.negative.percolates
            per_field["wall_density"][f, i, j] = field.walls.density
            per_field["wall_length"][f, i, j] = field.walls.length / field.walls.n_sites
            share[f, i, j], per_field["wall_share_diagonal"][f, i, j] = _shares(field, within)
    percolates[:, 2] = percolates[:, 0] | percolates[:, 1]
    waves = [[_waves(x) for x in states] for states in _fields(spin.values, u.values)]
    R = np.array([[wave.R("each") for wave in row] for row in waves]).reshape(lead)
    lowest = np.array([[wave.lowest for wave in row] for row in waves]).reshape(*lead, len(axes), 2)
    xi, xi_error = _correlation_lengths(lowest, spin.shape[2:])
    variables: dict[str, Any] = {
        **{
            name: (("field", "kind", "replica", "snapshot"), values, _about(_PER_KIND, name))
            for name, values in per_kind.items()
        },
        "percolates": (
            ("field", "kind", "replica", "snapshot", "axis"), percolates,
            {"long_name": "whether a domain winds around the crystal along the axis"},
        ),
        **{name: (("field", "replica", "snapshot"), x, _about(_PER_FIELD, name)) for name, x in per_field.items()},
        "wall_share": (("field", "replica", "snapshot", "axis"), share, _about(_PER_AXIS, "wall_share")),
        "R": (
            ("field", "replica", "snapshot"), R,
            {"long_name": "R = 2π/⟨k⟩ of the structure factor", "units": "site"},
        ),
        "correlation_length": (
            ("field", "snapshot", "axis"), xi, {"long_name": "second-moment correlation length", "units": "site"}
        ),
        "correlation_length_error": (
            ("field", "snapshot", "axis"), xi_error, {"long_name": "its standard error over replicas", "units": "site"}
        ),
    }  # fmt: skip
    controls = {name: dataset[name] for name in dataset.coords if dataset[name].dims == ("snapshot",)}
    return xarray.Dataset(
        variables,
        coords={"field": list(FIELDS), "kind": list(KINDS), "axis": [str(a) for a in axes], **controls},
        attrs={"title": "domains along a run", "smoothing": smoothing, "within": within, "n_sites": spin[0, 0].size},
    )


def snapshot_lengths(dataset: xarray.Dataset, field: str = "eta", subtract: str = "each") -> Floats:
    """R = 2π/⟨k⟩ of every snapshot alone, in a tenth of the time of `snapshot_statistics`.

    Parameters
    ----------
    dataset : xarray.Dataset
        As for `snapshot_statistics`.
    field : str
        ``"spin"`` (of S_nn) or ``"eta"`` (of S_uu).
    subtract : str
        ``"each"``: the mean of each state is taken off, as in `StructureFactors.characteristic_length`. The integrals
        over |k| then begin half a shell above zero, which makes R too short by about R/2L: 5 % at R = L/10, and a
        growth exponent too small by nearly as much. ``"none"``: S(0) stays and counts with half a shell, which is right
        where the order parameter is zero on average and its domains grow, as η after a quench from random distortions.

    Returns
    -------
    array, shape (replica, snapshot)
        In sites; NaN where the field is uniform.

    Raises
    ------
    InputError
        If the dataset has no snapshots, or `field` or `subtract` is unknown.
    """
    for name, value, known in (("field", field, FIELDS), ("subtract", subtract, ("each", "none"))):
        if value not in known:
            raise InputError(f"{name} = {value!r}: must be {' or '.join(map(repr, known))}")
    spin, u = _configurations(dataset)
    states = _fields(spin.values, u.values)[FIELDS.index(field)]
    return np.array([_waves(x).R(subtract) for x in states]).reshape(spin.shape[:2])


def _configurations(dataset: xarray.Dataset) -> tuple[xarray.DataArray, xarray.DataArray]:
    missing = [name for name in ("snapshot_spin", "snapshot_distortion") if name not in dataset]
    if missing:
        raise InputError(f"dataset: has no '{missing[0]}'; simulate with snapshots, e.g. [run] snapshots = 20")
    spin, u = dataset["snapshot_spin"], dataset["snapshot_distortion"]
    if spin.dims[:2] != ("replica", "snapshot") or u.dims != spin.dims or spin.ndim not in (4, 5):
        raise InputError(f"snapshot_spin has the dimensions {spin.dims}: must be (replica, snapshot, [z,] y, x)")
    return spin, u


def _about(table: dict[str, tuple[str, str]], name: str) -> dict[str, str]:
    return dict(zip(("long_name", "units"), table[name], strict=True))


def _of_kinds(field: FieldDomains) -> dict[str, tuple[float, float, float]]:
    plus, minus = field.positive, field.negative

    def both(name: str, together: float) -> tuple[float, float, float]:
        kinds: tuple[DomainSet, DomainSet] = (plus, minus)
        first, second = (float(getattr(kind, name)) for kind in kinds)
        return first, second, together

    return {
        "fraction": both("fraction", plus.fraction + minus.fraction),
        "number": both("number", field.number),
        "mean_size": both("mean_size", field.mean_size),
        "largest": both("largest", field.largest),
    }


def _shares(field: FieldDomains, within: float) -> tuple[Floats, float]:
    """Parts of the wall length with a normal along each axis, and along any face diagonal."""
    walls, d = field.walls, field.walls.bonds.size
    along = np.array([walls.fraction(tuple(row), within) for row in np.eye(d)])
    if walls.weight.size == 0:
        return along, np.nan
    # The cosine with the nearest face diagonal comes from the two largest components of the normal.
    two_largest = np.sort(np.abs(walls.normal), axis=1)[:, -2:].sum(axis=1) / np.sqrt(2.0)
    near = two_largest >= np.cos(np.radians(within)) - 1e-12
    return along, float(walls.weight[near].sum() / walls.length)


class _Waves(NamedTuple):
    """What is kept of one structure factor."""

    at_zero: float
    """S(0) of the field itself, half of which belongs to the integral over |k| from 0."""
    sum: float
    """Σ S over the shells with 0 < |k| ≤ π."""
    moment: float
    """Σ |k| S over the same."""
    lowest: Floats
    """S at k_min and 2 k_min along every axis, shape (axis, 2); NaN along an extent of less than 4."""

    def R(self, subtract: str) -> float:
        """2π/⟨k⟩."""
        if self.moment == 0.0:
            return float("nan")
        return 2 * np.pi * (self.sum + (self.at_zero / 2 if subtract == "none" else 0.0)) / self.moment


class _Shells(NamedTuple):
    """Shells of the half space of wavevectors that a real transform has."""

    shell: npt.NDArray[np.int64]
    weight: Floats
    """Wavevectors that each of the half space stands for, over those in its shell; 0 where |k| > π."""
    k: Floats


@lru_cache(maxsize=4)
def _shells(shape: tuple[int, ...]) -> _Shells:
    L = max(shape)
    parts = [2 * np.pi * np.fft.fftfreq(n) for n in shape[:-1]] + [2 * np.pi * np.fft.rfftfreq(shape[-1])]
    k = np.sqrt(sum(x**2 for x in np.meshgrid(*parts, indexing="ij", sparse=True)))
    # As in StructureFactors: shells of the width 2π/L about its multiples, without k = 0 and the corners of the zone.
    shell = np.floor(k * L / (2 * np.pi) + 0.5 + 1e-9).astype(np.int64)
    double = np.full(k.shape, 2.0)
    double[..., 0] = 1.0
    if shape[-1] % 2 == 0:
        double[..., -1] = 1.0
    count = np.bincount(shell.ravel(), double.ravel())
    inside = (shell > 0) & (shell * 2 * np.pi / L <= np.pi)
    weight = np.where(inside, double / count[shell], 0.0)
    return _Shells(shell, weight, k)


def _fields(spin: npt.NDArray[Any], u: npt.NDArray[Any]) -> tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]]:
    """HS sites and u of all states, replica by replica and snapshot by snapshot."""
    shape = spin.shape[2:]
    return list((spin > 0).reshape(-1, *shape)), list(u.reshape(-1, *shape))


def _waves(x: npt.NDArray[Any]) -> _Waves:
    """The waves of n or u in one state."""
    from scipy import fft

    d = x.ndim
    at_zero = float(x.sum(dtype=np.float64) ** 2 / x.size)
    if np.all(x == x.flat[0]):
        return _Waves(at_zero, 0.0, 0.0, np.where(np.array(x.shape)[:, None] >= 4, np.zeros((d, 2)), np.nan))
    x_k = fft.rfftn(x.astype(np.float64))
    S = (x_k.real**2 + x_k.imag**2) / x.size
    shells = _shells(x.shape)
    weighted = shells.weight * S
    lowest = np.full((d, 2), np.nan)
    for axis in range(d):
        if x.shape[axis] >= 4:
            lowest[axis] = [S[tuple(m if e == axis else 0 for e in range(d))] for m in (1, 2)]
    return _Waves(at_zero, float(weighted.sum()), float(np.vdot(weighted, shells.k)), lowest)


def _correlation_lengths(points: Floats, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """ξ and its error from S at k_min and 2 k_min, shape (field, replica, snapshot, axis, 2), averaged over replicas.

    ξ² = (S_a − S_b)/(k̂_b² S_b − k̂_a² S_a) as in `StructureFactors.correlation_length` with each state's mean taken off.
    """
    K = np.array([[4 * np.sin(np.pi * m / L) ** 2 for m in (1, 2)] for L in shape])  # (axis, 2)

    def length(mean: Floats) -> Floats:
        rise = mean[..., 0] - mean[..., 1]
        curvature = K[:, 1] * mean[..., 1] - K[:, 0] * mean[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where((rise > 0) & (curvature > 0), np.sqrt(rise / curvature), np.nan))

    by_replica = np.moveaxis(points, 1, 0)
    resolved = np.isfinite(length(by_replica.mean(axis=0)))
    values = np.where(resolved, leave_one_out(length, by_replica), np.nan)
    estimates = [mean_over_replicas(column) for column in values.reshape(len(values), -1).T]
    xi, error = (np.array([getattr(e, name) for e in estimates]).reshape(resolved.shape) for name in ("value", "error"))
    return xi, error
