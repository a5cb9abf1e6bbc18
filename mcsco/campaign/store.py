"""The directory of a run: every file is written under a temporary name, closed, and renamed into place."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mcsco.campaign.checksum import CHECKSUM, checksum
from mcsco.campaign.config import RunConfig, parse_config
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

FORMAT_VERSION = 1
"""Newest format of result files that is understood."""

CONFIG, RESULT = "config.toml", "result.nc"


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


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and ".tmp" in path.name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _read(path: Path) -> xarray.Dataset:
    """A result file, in memory and proven to be as it was written, or `InputError`."""
    import h5py
    import xarray

    try:
        with h5py.File(path, "r") as file:  # h5netcdf complains from its destructor if this is where it fails
            dict(file.attrs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with xarray.open_dataset(path, engine="h5netcdf") as opened:
                dataset = opened.load()
            stored, found = dataset.attrs.get(CHECKSUM), checksum(dataset)
    except Exception as error:  # a damaged file raises almost anything in h5py, h5netcdf and xarray
        raise InputError(
            f"{path}: is damaged or not a result of mcsco ({_first_line(error)}); repeat the run with --force"
        ) from None
    if stored is None:
        raise InputError(f"{path}: is not a result of mcsco; it has no attribute '{CHECKSUM}'")
    if stored != found:
        raise InputError(f"{path}: is damaged; its content is not what was written; repeat the run with --force")
    version = dataset.attrs["format_version"]
    if version > FORMAT_VERSION:
        raise InputError(f"{path}: has format {version}, this mcsco reads up to {FORMAT_VERSION}; update mcsco")
    return dataset


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


class RunDirectory:
    """A run's files.

    Parameters
    ----------
    path : Path
        The directory; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check_writable(self) -> None:
        """Raise `InputError` unless the directory can be made and written to; leaves nothing behind."""
        parent = self.path
        while not parent.exists() and parent != parent.parent:
            parent = parent.parent
        if not parent.is_dir():
            raise InputError(f"output = {str(self.path)!r}: {parent} is not a directory; choose another with --output")
        try:
            with tempfile.TemporaryFile(dir=parent):
                pass
        except OSError as error:
            raise InputError(
                f"output = {str(self.path)!r}: {parent} is not writable ({error.strerror}); "
                "choose another with --output"
            ) from None

    def existing(self) -> RunConfig | None:
        """The configuration of a finished run that is already here; None also if one was cut short while writing."""
        if (self.path / RESULT).exists():
            return self.config()
        left = {path.name for path in self.path.iterdir() if not _is_temporary(path)} if self.path.is_dir() else set()
        if left and CONFIG not in left:
            raise InputError(f"output = {str(self.path)!r}: holds other files; choose another with --output")
        if left:
            self.config()
        return None

    def config(self) -> RunConfig:
        """The complete configuration of the run."""
        try:
            text = (self.path / CONFIG).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InputError(
                f"{self.path}: is not the directory of a finished run; it has no readable {CONFIG}"
            ) from None
        return parse_config(text, str(self.path / CONFIG))

    def result(self) -> xarray.Dataset:
        """The finished run's dataset, in memory.

        Raises
        ------
        InputError
            If there is none, if its content is not what was written, or if it belongs to another configuration.
        """
        path = self.path / RESULT
        if not path.is_file():
            raise InputError(f"{self.path}: is not the directory of a finished run; it has no {RESULT}")
        dataset = _read(path)
        if parse_config(dataset.attrs["config"], str(path)).fingerprint != self.config().fingerprint:
            raise InputError(
                f"{self.path}: {CONFIG} and {RESULT} belong to different runs; restore {CONFIG} from the attribute "
                f"'config' of {RESULT}, or repeat the run with --force"
            )
        return dataset

    def save(self, config: RunConfig, dataset: xarray.Dataset, folder: Path) -> None:
        """Write configuration and result; the result comes last, since its presence marks a finished run."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / RESULT).unlink(missing_ok=True)  # never an old result beside a new configuration
        self.describe(config, folder)
        dataset = dataset.assign_attrs({CHECKSUM: checksum(dataset)})
        # Configurations are the bulk of a file and shrink several times; series of noise would not.
        packed = {"zlib": True, "complevel": 4, "shuffle": False}
        encoding = {name: packed for name, variable in dataset.data_vars.items() if variable.dtype == np.int8}
        self.write(RESULT, lambda path: dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding))

    def describe(self, config: RunConfig, folder: Path) -> None:
        """Write the configuration; a measured file, named relative to `folder`, is copied as ``measured.*``."""
        if config.measured and config.measured.file:
            source = folder / config.measured.file
            copy = f"measured{source.suffix}"
            self.write(copy, lambda path: path.write_bytes(source.read_bytes()))
            config = config.with_measured_file(copy)
        self.write(CONFIG, lambda path: path.write_text(config.to_toml(), encoding="utf-8"))

    def write(self, name: str, writer: Callable[[Path], object]) -> Path:
        """Have `writer` fill a temporary file, then move it to `name`."""
        with replaced(self.path / name) as temporary:
            writer(temporary)
        return self.path / name
