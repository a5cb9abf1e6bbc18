"""Files that are either whole or not there: written under a temporary name, closed, and renamed into place."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.campaign.checksum import CHECKSUM, checksum
from mcsco.campaign.seal import check_seal, sealed
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

FORMAT_VERSION = 1
"""Newest format of files that is understood."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=f".tmp{path.suffix}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def is_temporary(path: Path) -> bool:
    """Whether a file was left by a process that was killed while writing it."""
    return path.name.startswith(".") and ".tmp" in path.name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_dataset(path: Path, dataset: xarray.Dataset) -> None:
    """Write a dataset with its checksum.

    It is made in memory and written in one piece, so that a full disk is an `OSError` and not a half-closed HDF5 file.
    A seal at its end proves the file before it is read.
    """
    dataset = dataset.assign_attrs({CHECKSUM: checksum(dataset)})
    # Configurations are the bulk of a file and shrink several times; series of noise would not.
    packed = {"zlib": True, "complevel": 4, "shuffle": False}
    encoding = {name: packed for name, v in dataset.data_vars.items() if v.dtype == np.int8 and v.size > 0}
    content: Any = dataset.to_netcdf(engine="h5netcdf", encoding=encoding)
    with replaced(path) as temporary, temporary.open("wb") as file:
        file.write(sealed(bytes(content)))
        file.flush()
        os.fsync(file.fileno())


def read_dataset(path: Path, remedy: str) -> xarray.Dataset:
    """A file of `write_dataset`, in memory and proven to be as it was written.

    Raises
    ------
    InputError
        If it is damaged, foreign or of a newer format, with the `remedy`.
    """
    import h5py
    import xarray

    try:
        check_seal(path)
        with h5py.File(path, "r") as file:  # h5netcdf complains from its destructor if this is where it fails
            dict(file.attrs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with xarray.open_dataset(path, engine="h5netcdf") as opened:
                # How it was stored is no business of the next file: texts would be cut to the old length.
                dataset = opened.load().drop_encoding()
            stored, found = dataset.attrs.get(CHECKSUM), checksum(dataset)
    except Exception as error:  # a damaged file raises almost anything in h5py, h5netcdf and xarray
        raise InputError(f"{path}: is damaged or not a file of mcsco ({_first_line(error)}); {remedy}") from None
    if stored is None:
        raise InputError(f"{path}: is not a file of mcsco; it has no attribute '{CHECKSUM}'")
    if stored != found:
        raise InputError(f"{path}: is damaged; its content is not what was written; {remedy}")
    version = dataset.attrs["format_version"]
    if version > FORMAT_VERSION:
        raise InputError(f"{path}: has format {version}, this mcsco reads up to {FORMAT_VERSION}; update mcsco")
    return dataset


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
