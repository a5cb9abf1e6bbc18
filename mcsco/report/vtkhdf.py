"""VTKHDF, the HDF5 format that ParaView reads: a grid of one cell a molecule, with the snapshots as its times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import replaced
from mcsco.errors import check_real
from mcsco.observables import strain_maps
from mcsco.report.extended_xyz import has_one_medium, local_eta
from mcsco.report.snapshots import Snapshot, check_path, model_of, snapshots, spacing_of

if TYPE_CHECKING:
    from pathlib import Path

    import h5py
    import xarray

    from mcsco.model import Model

VERSION = (2, 2)
"""Of the VTKHDF specification, https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format/index.html."""

_ORDER = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))  # of the components of VTK's symmetric tensors


def write_vtkhdf(dataset: xarray.Dataset, path: str | Path, replica: int = 0, *, spacing: float | None = None) -> Path:
    """Write the snapshots of one replica as a VTKHDF file of the type ImageData, version 2.2.

    Every molecule is a cell; a 2-D crystal is one cell thick. Cell data: ``gamma`` (1 in HS, 0 in LS), ``u``, ``eta``
    (mean of u over the molecule and its nearest neighbours), and with one `Elasticity` ``displacement`` (Å), ``strain``
    and ``stress`` (GPa) as symmetric tensors XX, YY, ZZ, XY, YZ, XZ, and ``elastic_energy`` (kJ/mol). A 2-D crystal
    has zeros in the components out of its plane. The time is MCS; ``temperature``, ``pressure`` and ``field`` are
    field data of every time.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns, with snapshots or without; then the final state is the only time.
    path : path
        Ends in ``.vtkhdf``, which ParaView knows.
    replica : int
        From 0.
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
    import h5py

    target = check_path(path, ("vtkhdf",))
    model = model_of(dataset)
    a = (spacing_of(model) or 1.0) if spacing is None else check_real("spacing", spacing, above=0.0, unit="Å")
    frames = snapshots(dataset, replica)
    with replaced(target) as temporary, h5py.File(temporary, "w") as file:
        root = file.create_group("VTKHDF")
        root.attrs["Version"] = np.array(VERSION, dtype=np.int64)
        root.attrs.create("Type", np.bytes_("ImageData"), dtype="S9")
        extents = (*model.lattice.shape[::-1], 1)[:3]
        root.attrs["WholeExtent"] = np.array([x for extent in extents for x in (0, extent)], dtype=np.int64)
        root.attrs["Origin"] = np.full(3, -a / 2)  # a cell has its molecule in the middle
        root.attrs["Spacing"] = np.full(3, a)
        root.attrs["Direction"] = np.eye(3).ravel()
        _write_steps(root, frames)
        cells = root.create_group("CellData")
        for step, frame in enumerate(frames):
            for name, values in _fields(model, frame).items():
                if step == 0:
                    shape = (len(frames), *values.shape)
                    cells.create_dataset(
                        name, shape, values.dtype, chunks=(1, *values.shape), compression="gzip", shuffle=True
                    )
                cells[name][step] = values
    return target


def _write_steps(root: h5py.Group, frames: list[Snapshot]) -> None:
    """Times, and the controls at each as field data of one number."""
    n = len(frames)
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(n)
    steps.create_dataset("Values", data=np.array([frame.sweep for frame in frames], dtype=np.float64))
    fields, offsets = root.create_group("FieldData"), steps.create_group("FieldDataOffsets")
    sizes = steps.create_group("FieldDataSizes")
    for name in ("temperature", "pressure", "field"):
        fields.create_dataset(name, data=np.array([getattr(frame, name) for frame in frames], dtype=np.float64))
        offsets.create_dataset(name, data=np.arange(n, dtype=np.int64))
        sizes.create_dataset(name, data=np.ones((n, 2), dtype=np.int64))  # components and tuples


def _fields(model: Model, frame: Snapshot) -> dict[str, npt.NDArray[Any]]:
    """Arrays (z, y, x) or (z, y, x, component) of one time."""
    state = frame.state
    fields: dict[str, npt.NDArray[Any]] = {
        "gamma": (state.spin > 0).astype(np.int8),
        "u": state.distortion,
        "eta": local_eta(state.distortion).astype(np.float32),
    }
    if has_one_medium(model):
        maps = strain_maps(model, state, frame.pressure)
        w = np.zeros((*state.spin.shape, 3), dtype=np.float32)
        w[..., : state.spin.ndim] = maps.displacement
        fields |= {
            "displacement": w,
            "strain": _symmetric(maps.strain),
            "stress": _symmetric(maps.stress),
            "elastic_energy": maps.energy_density.astype(np.float32),
        }
    return fields if state.spin.ndim == 3 else {name: values[None] for name, values in fields.items()}


def _symmetric(tensor: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Six components in VTK's order of tensors (..., d, d)."""
    d = tensor.shape[-1]
    components = np.zeros((*tensor.shape[:-2], len(_ORDER)), dtype=np.float32)
    for place, (i, j) in enumerate(_ORDER):
        if max(i, j) < d:
            components[..., place] = tensor[..., i, j]
    return components
