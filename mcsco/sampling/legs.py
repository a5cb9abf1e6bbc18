"""Straight paths of temperature, pressure and field, of which every protocol is made."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.sampling.precision import Precision

# A hold with a precision is judged after so many measurements, and then whenever it has grown by this ratio: seldom
# enough that the first lucky moment is no bias, and that judging costs little.
_FIRST_LOOK, _LOOKS_RATIO = 64, 1.3


class Point(NamedTuple):
    """Temperature (K), pressure (GPa) and field (kJ/mol)."""

    temperature: float
    pressure: float
    field: float


class Leg(NamedTuple):
    """A straight path of the controls; the state is carried on from the leg before."""

    begin: Point
    end: Point
    sweeps: int
    measure_every: int
    skip: int
    """Sweeps without measurement at the beginning."""
    logarithmic: int = 0
    """Number of measurements at equal ratios of time, in place of those every `measure_every` sweeps."""
    precision: Precision = ()
    """Standard errors at which the leg may end before its last sweep."""

    def looks(self) -> npt.NDArray[np.int64]:
        """Sweeps of the leg after which it may end since its errors are small enough; never its last."""
        if not self.precision:
            return np.empty(0, dtype=np.int64)
        measured = self.measured()
        n = int(np.log(max(measured.size / _FIRST_LOOK, 1.0)) / np.log(_LOOKS_RATIO)) + 1
        counts = np.ceil(_FIRST_LOOK * _LOOKS_RATIO ** np.arange(n)).astype(np.int64)
        looks: npt.NDArray[np.int64] = measured[counts[counts < measured.size] - 1]
        return looks

    def measured(self) -> npt.NDArray[np.int64]:
        """Sweeps of the leg after which it is measured."""
        if self.logarithmic:
            return _ratios(self.sweeps, self.logarithmic)
        return np.arange(self.skip + self.measure_every, self.sweeps + 1, self.measure_every)

    def pictured(self, snapshots: int) -> npt.NDArray[np.int64]:
        """Sweeps after which `snapshots` configurations are kept, as evenly spread as the measurements."""
        if self.logarithmic:
            return _ratios(self.sweeps, snapshots)
        return np.unique(np.arange(1, snapshots + 1) * self.sweeps // max(snapshots, 1)).clip(1)

    def at(self, sweep: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Controls (temperature, pressure, field) during a sweep of the leg, shape (3, ...)."""
        begin, end = np.array(self.begin)[:, None], np.array(self.end)[:, None]
        part: npt.NDArray[np.float64] = np.atleast_1d(sweep) / self.sweeps
        controls: npt.NDArray[np.float64] = begin + (end - begin) * part
        return controls


def _ratios(last: int, n: int) -> npt.NDArray[np.int64]:
    """At most `n` whole numbers from 1 to `last` at nearly equal ratios; rounding merges the first ones."""
    return np.unique(np.geomspace(1, last, n).round().astype(np.int64)) if n > 1 else np.full(n, last)
