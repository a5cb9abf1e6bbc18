"""The directory of a run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mcsco.campaign.checkpoint import CheckpointFile
from mcsco.campaign.config import RunConfig, parse_config
from mcsco.campaign.files import is_temporary, read_dataset, replaced, write_dataset
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

CONFIG, CHECKPOINT, RESULT = "config.toml", "checkpoint.nc", "result.nc"


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

    @property
    def is_finished(self) -> bool:
        """Whether there is a result."""
        return (self.path / RESULT).exists()

    def existing(self) -> RunConfig | None:
        """The configuration of the run that is already here, finished or not.

        Raises
        ------
        InputError
            If the directory holds something else, or its configuration cannot be read.
        """
        return self.config() if self._is_ours() else None

    def clear(self) -> None:
        """Remove the run that is here, to make room for another.

        Raises
        ------
        InputError
            If the directory holds something else.
        """
        if self._is_ours():
            self.discard_checkpoint()
            for name in (RESULT, CONFIG):
                (self.path / name).unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        left = {path.name for path in self.path.iterdir() if not is_temporary(path)} if self.path.is_dir() else set()
        if left and not left & {CONFIG, RESULT}:
            raise InputError(f"output = {str(self.path)!r}: holds other files; choose another with --output")
        return bool(left)

    def config(self) -> RunConfig:
        """The complete configuration of the run."""
        try:
            text = (self.path / CONFIG).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{self.path}: is not the directory of a run; it has no readable {CONFIG}") from None
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
            remedy = "; finish it with resume" if (self.path / CONFIG).is_file() else ""
            raise InputError(f"{self.path}: is not the directory of a finished run; it has no {RESULT}{remedy}")
        dataset = read_dataset(path, "repeat the run with --force")
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
        write_dataset(self.path / RESULT, dataset)
        self.discard_checkpoint()

    def checkpoint(self, config: RunConfig) -> CheckpointFile:
        """The checkpoint of the run while it is unfinished."""
        return CheckpointFile(self.path / CHECKPOINT, config.fingerprint)

    def begin(self, config: RunConfig, folder: Path) -> None:
        """Write the configuration unless it is there, so that the run can be resumed from its directory."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / CONFIG).exists():
            self.describe(config, folder)

    def discard_checkpoint(self) -> None:
        """Remove the checkpoint, and what killed processes left of files that they were writing."""
        if self.path.is_dir():
            (self.path / CHECKPOINT).unlink(missing_ok=True)
            for path in self.path.iterdir():
                if is_temporary(path):
                    path.unlink(missing_ok=True)

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
