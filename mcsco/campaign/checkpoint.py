"""The file from which a simulation that was stopped goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from mcsco.campaign.files import FORMAT_VERSION, read_dataset, write_dataset
from mcsco.errors import InputError, StateError

if TYPE_CHECKING:
    from mcsco.sampling import Travel


# The first checkpoint comes after this part of the interval, and each interval is twice the one before.
_FIRST = 1 / 16


class Intervals:
    """Seconds to wait before each checkpoint: short ones first, up to the one that was asked for.

    What is killed again and again before the whole interval is over still gets on.
    """

    def __init__(self, longest: float) -> None:
        self._longest, self._next = longest, _FIRST * longest

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> float:
        seconds = self._next
        self._next = min(2.0 * seconds, self._longest)
        return seconds


class CheckpointFile:
    """A checkpoint of the run with a fingerprint; plain arrays, no pickles.

    Parameters
    ----------
    path : Path
        Its folder is made when it is first written.
    fingerprint : str
        Of the run's configuration: a checkpoint of another run is refused.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path, self.fingerprint = path, fingerprint

    def load(self, journey: Travel) -> bool:
        """Take a simulation to where it was, if there is a checkpoint; whether there was.

        Raises
        ------
        InputError
            If the file is damaged or belongs to another run.
        """
        if not self.path.is_file():
            return False
        remedy = "remove it, or use --force, to begin the run again from its start"
        dataset = read_dataset(self.path, remedy)
        if dataset.attrs.get("config_hash") != self.fingerprint:
            raise InputError(f"{self.path}: belongs to another configuration; {remedy}")
        try:
            journey.restore({str(name): variable.values for name, variable in dataset.variables.items()})
        except (StateError, KeyError) as error:
            raise InputError(f"{self.path}: cannot be used ({error}); {remedy}") from None
        return True

    def n_done(self) -> int:
        """Sweeps × replicas that are done, by the checkpoint."""
        dataset = read_dataset(self.path, "remove it to begin the run again from its start")
        batches = [str(name).partition("_")[0] for name in dataset.variables if str(name).endswith("_sweep")]
        return sum(int(dataset[f"{i}_sweep"]) * dataset[f"{i}_codes"].shape[0] for i in batches)

    def save(self, journey: Travel) -> None:
        """Store where a simulation is.

        Raises
        ------
        OSError
            If there is no room; the checkpoint before stays as it was.
        """
        import xarray

        self.path.parent.mkdir(parents=True, exist_ok=True)
        variables = {
            name: xarray.Variable([f"{name}_{axis}" for axis in range(array.ndim)], array)
            for name, array in journey.memory().items()
        }
        attributes = {"format_version": FORMAT_VERSION, "config_hash": self.fingerprint}
        write_dataset(self.path, xarray.Dataset(variables, attrs=attributes))

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
