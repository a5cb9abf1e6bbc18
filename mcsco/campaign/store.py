"""The directory of a run: every file is written under a temporary name, closed, and renamed into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mcsco.campaign.config import RunConfig, parse_config
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

CONFIG, RESULT = "config.toml", "result.nc"
FIGURE = "thermal_loop"


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
                f"output = {str(self.path)!r}: {parent} is not writable ({error.strerror}); choose another with --output"
            ) from None

    def existing(self) -> RunConfig | None:
        """The configuration of a finished run that is already here."""
        if not (self.path / RESULT).exists():
            if self.path.is_dir() and any(self.path.iterdir()):
                raise InputError(f"output = {str(self.path)!r}: holds other files; choose another with --output")
            return None
        return self.config()

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
        """The finished run's dataset, in memory."""
        import xarray

        path = self.path / RESULT
        if not path.is_file():
            raise InputError(f"{self.path}: is not the directory of a finished run; it has no {RESULT}")
        try:
            with xarray.open_dataset(path, engine="h5netcdf") as dataset:
                return dataset.load()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise InputError(f"{path}: is damaged or not a result of mcsco ({error})") from None

    def save(self, config: RunConfig, dataset: xarray.Dataset, folder: Path) -> None:
        """Write configuration and result; the result comes last, since its presence marks a finished run.

        A measured file, named relative to `folder`, is copied, so that the directory is complete.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if config.measured and config.measured.file:
            source = folder / config.measured.file
            self.write(source.name, lambda path: path.write_bytes(source.read_bytes()))
            config = config.with_measured_file(source.name)
        self.write(CONFIG, lambda path: path.write_text(config.to_toml(), encoding="utf-8"))
        self.write(RESULT, lambda path: dataset.to_netcdf(path, engine="h5netcdf"))

    def write(self, name: str, writer: Callable[[Path], object]) -> Path:
        """Have `writer` fill a temporary file, then move it to `name`."""
        with replaced(self.path / name) as temporary:
            writer(temporary)
        return self.path / name
