"""What one leg tells, replica by replica."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.observables.chains import Chains
from mcsco.observables.legs import Leg
from mcsco.observables.series import Estimate, mean_over_replicas
from mcsco.observables.transition import Reading, branch, crossing_temperature, steepest_temperature

Floats = npt.NDArray[np.float64]

Levels = Callable[[Floats], tuple[float, float, float]]
"""Values of the order parameter at 10, 50 and 90 % of a branch, from the branch."""


class PerReplica(NamedTuple):
    """One number per replica, and what limits them."""

    values: Floats  # (replica,), NaN where not found
    resolution: float = 0.0  # of the measured temperatures, K
    reason: str = ""  # why one is NaN

    def minus(self, other: "PerReplica") -> "PerReplica":
        """Difference; the resolutions add as independent errors do."""
        resolution = math.hypot(self.resolution, other.resolution)
        return PerReplica(self.values - other.values, resolution, _joined([self.reason, other.reason]))

    def middle(self, other: "PerReplica") -> "PerReplica":
        """Mean of the two."""
        resolution = math.hypot(self.resolution, other.resolution) / 2
        return PerReplica((self.values + other.values) / 2, resolution, _joined([self.reason, other.reason]))

    def estimate(self) -> Estimate:
        """Mean over replicas with its standard error."""
        return mean_over_replicas(self.values, self.reason, self.resolution if math.isfinite(self.resolution) else 0.0)


class BranchReadings(NamedTuple):
    """All readings of the legs of one direction."""

    steepest: PerReplica
    half: PerReplica
    dT80: PerReplica


def spin_levels(_: Floats) -> tuple[float, float, float]:
    """Q = 2γ − 1 at γ = 0.1, 0.5 and 0.9."""
    return -0.8, 0.0, 0.8


def parts_of_maximum(y: Floats) -> tuple[float, float, float]:
    """10, 50 and 90 % of the largest mean of neighbouring points; single points would exaggerate it by their noise."""
    m = max(5, y.size // 20)
    top = float(np.convolve(y, np.full(m, 1.0 / m), mode="valid").max())
    return 0.1 * top, 0.5 * top, 0.9 * top


def read_branches(
    T: Floats, x: Chains, legs: Sequence[Leg], levels: Levels, missing: str, unit: str = "K"
) -> BranchReadings:
    """Read every leg in every replica; a replica's value is the mean over its legs.

    Parameters
    ----------
    T : array, shape (step,)
        K.
    x : array, shape (replica, step)
    legs : sequence of Leg
        All of one direction.
    levels : callable
    missing : str
        Reason if there is no leg.
    unit : str
        Of what is driven, for the reasons.
    """
    if not legs:
        nothing = PerReplica(np.full(x.shape[0], math.nan), 0.0, missing)
        return BranchReadings(nothing, nothing, nothing)
    readings = [[_read(T[leg.steps], row[leg.steps], levels, unit) for leg in legs] for row in x]
    return BranchReadings(*(_collect([[r[i] for r in row] for row in readings]) for i in range(3)))


def loop_area(T: Floats, x: Chains, pairs: Sequence[tuple[Leg, Leg]]) -> PerReplica:
    """∫ (x on cooling − x on heating) dT over the common temperatures, the mean over pairs of legs."""
    if not pairs:
        return PerReplica(np.full(x.shape[0], math.nan), 0.0, "no heating leg next to a cooling leg")
    areas = np.empty((x.shape[0], len(pairs)))
    for r, row in enumerate(x):
        for p, (first, second) in enumerate(pairs):
            T1, y1 = branch(T[first.steps], row[first.steps])
            T2, y2 = branch(T[second.steps], row[second.steps])
            low, high = max(T1[0], T2[0]), min(T1[-1], T2[-1])
            grid = np.union1d(T1, T2)
            grid = grid[(grid >= low) & (grid <= high)]
            areas[r, p] = first.direction * np.trapezoid(np.interp(grid, T2, y2) - np.interp(grid, T1, y1), grid)
    return PerReplica(areas.mean(axis=1))


def _read(T: Floats, x: Floats, levels: Levels, unit: str) -> tuple[Reading, Reading, Reading]:
    t, y = branch(T, x)
    tenth, half, most = (crossing_temperature(t, y, level, unit) for level in levels(y))
    spacing = math.sqrt(2.0) * half.spacing
    dT80 = Reading(most.value - tenth.value, spacing, _joined([tenth.reason, most.reason]))
    return steepest_temperature(t, y, unit), half, dT80


def _collect(readings: list[list[Reading]]) -> PerReplica:
    """From [replica][leg] to a number per replica."""
    flat = [r for row in readings for r in row]
    values = np.array([np.mean([r.value for r in row]) for row in readings])
    return PerReplica(values, float(np.max([r.spacing for r in flat])), _joined([r.reason for r in flat])[:300])


def _joined(reasons: list[str]) -> str:
    """The first of the reasons, and the second if it differs: a hundred replicas tend to say the same."""
    different = list(dict.fromkeys(r for r in reasons if r))
    return "; ".join(different[:2])
