"""Which phases a branch goes through: LS or HS, of high (hs) or low symmetry (ls), and how one becomes the other.

Works on arrays (T, q, η) in the order in which they were met, whether they come from a theory or from a simulation, so
that both are read by the same rule.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.legs import monotone_legs
from mcsco.observables.series import Estimate, mean_over_replicas
from mcsco.observables.transition import MIN_TEMPERATURES

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

LEAST_JUMP = 0.1
"""Smallest step of q or η that can be a jump."""
SHARP = 5.0
"""A jump is so many times the steps on either side; q ∝ ∛(T − T_sc), the steepest continuous change, gives 4.5."""


class Change(NamedTuple):
    """One event on a branch."""

    temperature: float
    """Midway between the last state before and the first after, K."""
    order: int
    """1: q or η jumps; 2: η sets in or vanishes continuously; 0: q passes half conversion gradually."""
    before: str
    """Phase before, e.g. "LShs"."""
    after: str


class Sequence(NamedTuple):
    """What happened along a branch."""

    name: str
    """"simultaneous", "symmetry first", "spin first", "symmetry only", "spin only", "crossover" or "none".

    First is what is met first. A crossover passes half conversion where η sets in, and nothing jumps.
    """
    changes: tuple[Change, ...]

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases in the order met, each once in a row."""
        names = [c.before for c in self.changes[:1]] + [c.after for c in self.changes]
        return tuple(name for name, _ in groupby(names))


def phase_sequence(
    temperature: npt.ArrayLike, q: npt.ArrayLike, eta: npt.ArrayLike, threshold: float = 0.02, noise: int = 1
) -> Sequence:
    """Read the sequence of phases off one branch.

    Events are changes of sign of q, |η| passing `threshold`, and jumps of q or η, also inside a phase. Those between
    the same two states, or fewer than `noise` states apart, are one. The spin crossover is the largest jump of q, or
    without one the change of sign.

    Parameters
    ----------
    temperature : array-like, shape (n,)
        K, rising or falling throughout.
    q, eta : array-like, shape (n,)
    threshold : float
        |η| above which the symmetry counts as broken.
    noise : int
        States that a phase has to last; 1 for curves without noise.

    Raises
    ------
    InputError
        If the arrays differ in length, are not finite, or the temperature turns.
    """
    T, q, eta = (np.asarray(x, dtype=np.float64) for x in (temperature, q, np.abs(eta)))
    if T.ndim != 1 or T.size < 4 or not q.shape == eta.shape == T.shape:
        raise InputError(f"a branch of shapes {T.shape}, {q.shape}, {eta.shape}: must be 3 equal lists of 4 or more")
    if not (np.isfinite(T).all() and np.isfinite(q).all() and np.isfinite(eta).all()):
        raise InputError("a branch: must be finite; leave out temperatures at which it does not exist")
    steps = np.diff(T)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise InputError("temperature: turns; classify heating and cooling apart")
    is_high, is_broken = _settled(q > 0, noise), _settled(eta > threshold, noise)
    jumps_q, jumps_eta = _jumps(q, noise), _jumps(eta, noise)
    events = sorted({*_changes(is_high), *_changes(is_broken), *jumps_q, *jumps_eta})
    changes: list[Change] = []
    spin: int | None = None
    symmetry: int | None = None
    largest = max(jumps_q, key=lambda i: abs(_step(q, i, noise)), default=None)
    for group in _grouped(events, noise):
        first, last = group[0] - 1, group[-1]
        states = [_phase(bool(is_high[i]), bool(is_broken[i])) for i in (first, last)]
        breaks = is_broken[first] != is_broken[last]
        if not breaks and is_high[first] == is_high[last] and not set(group) & set(jumps_q):
            continue  # η alone jumps inside a phase: the other side of an onset that was counted
        jumps = bool(set(group) & {*jumps_q, *jumps_eta})
        if breaks and symmetry is None:
            symmetry = len(changes)
        if largest in group or (largest is None and is_high[first] != is_high[last]):
            spin = len(changes)
        changes.append(Change(float((T[first] + T[last]) / 2), 1 if jumps else 2 if breaks else 0, *states))
    name = _name(spin, symmetry)
    if name == "simultaneous" and changes[spin or 0].order != 1:
        name = "crossover"
    return Sequence(name, tuple(changes))


class Sequences(NamedTuple):
    """The sequences of all replicas of one leg."""

    direction: int
    """+1 heating, −1 cooling."""
    name: str
    """The most frequent one."""
    share: float
    """Part of the replicas that show it, with the same phases."""
    phases: tuple[str, ...]
    temperatures: tuple[Estimate, ...]
    """Of its changes, K, over the replicas that show it."""
    orders: tuple[int, ...]
    """Orders of its changes, by majority."""


def measured_sequences(dataset: xr.Dataset, spacing: float = 0.5, threshold: float | None = None) -> list[Sequences]:
    """Phase sequences of every heating and cooling leg of a simulated cycle.

    Each replica is averaged over `spacing` kelvin and read on its own, since replicas jump at different temperatures,
    and their mean jumps nowhere. By default the symmetry counts as broken from |η| = max(0.1, 4/√N) on: η of N free
    molecules fluctuates by less than 1/√N. Close to a continuous onset |η| is not told from fluctuations, which
    shifts it by as much as |η| needs to reach the threshold.

    Raises
    ------
    InputError
        If a variable is missing, or no leg spans four times `spacing`.
    """
    T, q, eta = coordinate(dataset, "temperature"), variable(dataset, "q"), np.abs(variable(dataset, "eta"))
    if threshold is None:
        threshold = max(0.1, 4.0 / np.sqrt(float(dataset.attrs.get("n_sites", np.inf))))
    found = []
    for leg in monotone_legs(T):
        if leg.direction and np.unique(T[leg.steps]).size >= MIN_TEMPERATURES and np.ptp(T[leg.steps]) >= 4 * spacing:
            binned = _binned(T[leg.steps], [*q[:, leg.steps], *eta[:, leg.steps]], spacing * leg.direction)
            t, x = binned[0], binned[1:]
            each = [phase_sequence(t, a, b, threshold, noise=2) for a, b in zip(x[: len(q)], x[len(q) :], strict=True)]
            found.append(_vote(leg.direction, each, spacing))
    if not found:
        raise InputError(f"dataset: no leg spans {4 * spacing:g} K; give a cycle or a ramp, or a smaller spacing")
    return found


def _vote(direction: int, each: list[Sequence], spacing: float) -> Sequences:
    (name, phases, n), count = Counter((s.name, s.phases, len(s.changes)) for s in each).most_common(1)[0]
    same = [s for s in each if (s.name, s.phases, len(s.changes)) == (name, phases, n)]
    temperatures = tuple(
        mean_over_replicas([s.changes[i].temperature for s in same], resolution=spacing) for i in range(n)
    )
    orders = tuple(Counter(s.changes[i].order for s in same).most_common(1)[0][0] for i in range(n))
    return Sequences(direction, name, count / len(each), phases, temperatures, orders)


def _binned(T: Floats, rows: list[Floats], spacing: float) -> Floats:
    """T and the rows averaged over bins of T, in the order met; shape (1 + rows, bins)."""
    _, index = np.unique(np.floor((T - T[0]) / spacing + 1e-9).astype(int), return_inverse=True)
    counts = np.bincount(index)
    return np.stack([np.bincount(index, row) / counts for row in (T, *rows)])


def _phase(is_high: bool, is_broken: bool) -> str:
    return ("HS" if is_high else "LS") + ("ls" if is_broken else "hs")


def _name(spin: int | None, symmetry: int | None) -> str:
    if spin is None:
        return "none" if symmetry is None else "symmetry only"
    if symmetry is None:
        return "spin only"
    return "simultaneous" if spin == symmetry else "symmetry first" if symmetry < spin else "spin first"


def _settled(flags: npt.NDArray[np.bool_], shortest: int) -> npt.NDArray[np.bool_]:
    """Flags without runs shorter than `shortest`, which are given to what was before them."""
    settled = flags.copy()
    for i in range(1, flags.size):
        if flags[i] != settled[i - 1] and (flags[i : i + shortest] != flags[i]).any():
            settled[i] = settled[i - 1]
    return settled


def _changes(flags: npt.NDArray[np.bool_]) -> list[int]:
    """Indices of the first state after each change."""
    return [int(i) for i in np.flatnonzero(flags[1:] != flags[:-1]) + 1]


def _step(x: Floats, i: int, width: int) -> float:
    """Mean of up to `width` states from i on less that of those before i."""
    return float(x[i : i + width].mean() - x[max(i - width, 0) : i].mean())


def _jumps(x: Floats, width: int) -> list[int]:
    """Indices of the first state after each jump."""
    n = x.size
    steps = np.abs([0.0, *(_step(x, i, width) for i in range(1, n))])
    apart = 1 if width == 1 else 2 * width  # where the means have no state in common with those of the jump
    found = []
    for i in range(1, n):
        beside = [steps[j] for j in (i - apart, i + apart) if 0 < j < n]
        nearby = steps[max(i - width, 1) : i + width + 1]
        if steps[i] > LEAST_JUMP and steps[i] == nearby.max() and steps[i] > SHARP * max(beside, default=0.0):
            found.append(i)
    return found


def _grouped(events: list[int], distance: int) -> list[list[int]]:
    """Events no more than `distance` − 1 states apart together."""
    groups: list[list[int]] = []
    for i in events:
        if groups and i - groups[-1][-1] < distance:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups
