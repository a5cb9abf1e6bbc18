"""Extended XYZ, the text format that OVITO and ase read: one frame for each snapshot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.campaign import replaced
from mcsco.errors import InputError, check_real
from mcsco.model import Elasticity
from mcsco.observables import strain_maps
from mcsco.report.snapshots import Snapshot, check_path, model_of, snapshots, spacing_of

if TYPE_CHECKING:
    import xarray

    from mcsco.model import Model, State

Floats = npt.NDArray[np.float64]


class Column(NamedTuple):
    """A number of every molecule."""

    name: str
    values: npt.NDArray[Any]
    """Shape (*lattice,)."""
    format: str


def write_extended_xyz(
    dataset: xarray.Dataset,
    path: str | Path,
    replica: int = 0,
    *,
    elements: tuple[str, str] = ("Fe", "Fe"),
    spacing: float | None = None,
) -> Path:
    """Write the snapshots of one replica as frames of an extended XYZ file.

    Molecules stand on the sites of the undistorted lattice. Columns: ``gamma`` (1 in HS, 0 in LS), ``u``, ``eta`` (mean
    of u over the molecule and its nearest neighbours), and with one `Elasticity` the displacement ``w_x``, ``w_y``,
    ``w_z`` in Å and the strain ``e_xx`` … ``e_xy`` (tensor components, ``volume`` is their trace). No column has a name
    that OVITO or ase takes for something of its own. The second line of a frame has also ``sweep``,
    ``temperature``, ``pressure``, ``field``, and the means ``mean_gamma`` and ``mean_eta``.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns, with snapshots or without; then the final state is the only frame.
    path : path
        Ends in ``.xyz`` or ``.extxyz``.
    replica : int
        From 0.
    elements : tuple of str
        Symbols of a LS and of a HS molecule: those of elements, since readers refuse others.
    spacing : float, optional
        Distance of nearest neighbours, Å; by default V0^(1/3) of an elastic model, else 1.

    Returns
    -------
    Path
        Of the file, written in one piece.

    Raises
    ------
    InputError
        If a value breaks its rule.
    """
    target = check_path(path, ("xyz", "extxyz"))
    if len(elements) != 2 or not all(re.fullmatch("[A-Z][a-z]?", str(symbol)) for symbol in elements):
        raise InputError(f"elements = {elements!r}: must be the symbols of two elements, e.g. ('Fe', 'Co')")
    model = model_of(dataset)
    a = (spacing_of(model) or 1.0) if spacing is None else check_real("spacing", spacing, above=0.0, unit="Å")
    frames = snapshots(dataset, replica)
    with replaced(target) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for frame in frames:
            file.write(_frame(model, frame, elements, a))
    return target


def local_eta(u: npt.NDArray[Any]) -> Floats:
    """Mean of u over a molecule and its nearest neighbours; shape of the lattice."""
    total = u.astype(np.float64)
    for axis in range(u.ndim):
        total += np.roll(u, 1, axis) + np.roll(u, -1, axis)
    return np.asarray(total / (1 + 2 * u.ndim))


def has_one_medium(model: Model) -> bool:
    """Whether a model has a strain: exactly one `Elasticity`."""
    return sum(isinstance(term, Elasticity) for term in model.interactions) == 1


def _columns(model: Model, state: State, pressure: float) -> list[Column]:
    columns = [
        Column("gamma", (state.spin > 0).astype(np.int64), "%d"),
        Column("u", state.distortion, "%d" if state.distortion.dtype.kind in "iu" else "%.6g"),
        Column("eta", local_eta(state.distortion), "%.4g"),
    ]
    if has_one_medium(model):
        maps = strain_maps(model, state, pressure)
        d = state.spin.ndim
        columns += [Column(f"w_{'xyz'[i]}", maps.displacement[..., i], "%.5g") for i in range(d)]
        pairs = [(i, i) for i in range(d)] + [(i, j) for i in range(d) for j in range(i + 1, d)]
        columns += [Column(f"e_{'xyz'[i]}{'xyz'[j]}", maps.strain[..., i, j], "%.6g") for i, j in pairs]
        columns.append(Column("volume", maps.volume_strain, "%.6g"))
    return columns


def _frame(model: Model, frame: Snapshot, elements: tuple[str, str], a: float) -> str:
    state = frame.state
    shape = state.spin.shape
    columns = _columns(model, state, frame.pressure)
    places = np.indices(shape).reshape(len(shape), -1)[::-1] * a  # Cartesian order x, y, z
    if len(shape) == 2:
        places = np.vstack([places, np.zeros(places.shape[1])])
    table = np.vstack([places, *(column.values.reshape(1, -1) for column in columns)]).T
    kinds = "".join(f":{column.name}:{'I' if column.format == '%d' else 'R'}:1" for column in columns)
    line = " ".join(["%.6f"] * 3 + [column.format for column in columns])
    symbols = np.where(state.spin.ravel() > 0, elements[1], elements[0])
    rows = [f"{symbol} {line % tuple(row)}" for symbol, row in zip(symbols, table.tolist(), strict=True)]
    extents = [*shape[::-1], 1][:3]
    box = " ".join(f"{extent * a if i == j else 0.0:.6f}" for i, extent in enumerate(extents) for j in range(3))
    about = {
        "Lattice": f'"{box}"',
        "Properties": f"species:S:1:pos:R:3{kinds}",
        "pbc": f'"T T {"T" if len(shape) == 3 else "F"}"',
        "sweep": frame.sweep,
        "temperature": f"{frame.temperature:.10g}",
        "pressure": f"{frame.pressure:.10g}",
        "field": f"{frame.field:.10g}",
        "mean_gamma": f"{state.gamma:.10g}",
        "mean_eta": f"{state.eta:.10g}",
    }
    comment = " ".join(f"{key}={value}" for key, value in about.items())
    return "\n".join([str(len(rows)), comment, *rows, ""])
