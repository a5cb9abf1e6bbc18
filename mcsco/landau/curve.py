"""The stationary curve T(q) of the potential, from which everything about its branches follows.

At fixed q the minimum over η is unique, so that the stationary states of G(q, η; T) are those of
G_eff(q; T) = min_η G. Both pieces of ∂G_eff/∂q are linear in T and can be solved for it:

    A > 0 (η = 0):  T(q) = T_sc + (B q + C q³)/a1
    A < 0 (η ≠ 0):  T(q) = N(q)/M(q),   N = a1 T_sc + B q + C q³ − (2/b)(D q + E q²/2 − a0 T_c/2)(D + E q),
                                        M = a1 + (a0/b)(D + E q)

with A the coefficient of η² in G. M is ∂S/∂q at fixed T in the ordered phase. Where it is positive, each q
has exactly one T, T(q) is continuous, and a stationary state is a minimum where T(q) rises and a maximum
where it falls. The clip −1 ≤ q ≤ 1 adds a vertical at either end: q = −1 from T = −∞ up to T(−1), and
q = +1 from T(+1) on.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.landau.arrays import Array
from mcsco.landau.polynomials import real_roots

if TYPE_CHECKING:
    from mcsco.landau.potential import Potential


class Point(NamedTuple):
    """A point of the stationary curve."""

    q: float
    T: float
    """K."""


class Branch(NamedTuple):
    """A rising stretch of the stationary curve: one local minimum, followed from where it is born on heating."""

    cold: Point
    """Its cold end; (−1, −inf) for the LS branch."""
    hot: Point
    """Its hot end; (1, +inf) for the HS branch."""


def ordering_cubic(p: Potential) -> Array:
    """Coefficients of A(q, T_para(q)), shape (4,): positive where the stationary state at q has η = 0."""
    half = p.a0 / 2.0
    return np.array([half * p.C / p.a1, p.E / 2.0, p.D + half * p.B / p.a1, half * (p.T_sc - p.T_c)])


def ordered_fraction(p: Potential) -> tuple[Array, Array]:
    """Coefficients of N(q) and M(q), shapes (4,) and (2,): the ordered piece of the curve is T = N/M."""
    A0 = [p.E / 2.0, p.D, -p.a0 * p.T_c / 2.0]
    N = np.polysub([p.C, 0.0, p.B, p.a1 * p.T_sc], 2.0 / p.b * np.polymul(A0, [p.E, p.D]))
    return N, np.array([p.a0 * p.E / p.b, p.a1 + p.a0 * p.D / p.b])


def stationary_temperature(p: Potential, q: npt.ArrayLike) -> Array:
    """T(q) in K, the temperature at which q is stationary."""
    q = np.asarray(q, dtype=np.float64)
    para = p.T_sc + (p.B + p.C * q**2) * q / p.a1
    N, M = ordered_fraction(p)
    return np.where(np.polyval(ordering_cubic(p), q) >= 0, para, np.polyval(N, q) / np.polyval(M, q))


def check_single_valued(p: Potential) -> None:
    """Raise `InputError` unless the entropy of the ordered phase rises with q all the way from −1 to 1."""
    _, M = ordered_fraction(p)
    if min(np.polyval(M, [-1.0, 1.0])) <= 0:
        raise InputError(
            f"a0 = {p.a0:g}: a1 b + a0 (D + E q) must be positive for −1 ≤ q ≤ 1, "
            "so that the entropy of the ordered phase rises with q; reduce |a0| or raise a1 b"
        )


def find_branches(p: Potential) -> tuple[Branch, ...]:
    """All branches of local minima in the order of rising q; the first is LS, the last HS.

    Raises
    ------
    InputError
        If M(q) is not positive everywhere (see the module's text).
    """
    check_single_valued(p)
    N, M = ordered_fraction(p)
    dT_ordered: Array = np.polysub(np.polymul(np.polyder(N), M), np.polymul(N, np.polyder(M)))
    turning = [real_roots(c) for c in (ordering_cubic(p), [3.0 * p.C, 0.0, p.B], dT_ordered)]
    q = np.unique(np.concatenate([[-1.0, 1.0], *turning]))
    T = stationary_temperature(p, q)
    # T(q) is monotonic between neighbours in this list; the clip's verticals close it at both ends.
    points = [Point(-1.0, -np.inf), *map(Point, q.tolist(), T.tolist()), Point(1.0, np.inf)]
    ends = [points[0], *_drop_noise(_local_extrema(points), noise(p)), points[-1]]
    return tuple(Branch(cold, hot) for cold, hot in zip(ends[::2], ends[1::2], strict=True))


def noise(p: Potential) -> float:
    """Temperature differences up to this, K, are rounding errors and not a hysteresis."""
    energies = abs(p.B) + p.C + (p.D**2 + p.E**2) / p.b
    return 1e-12 * (p.T_sc + energies / p.a1)


def _local_extrema(points: list[Point]) -> list[Point]:
    """Maximum, minimum, maximum, ... of a sequence that starts at T = −inf and ends at +inf."""
    found: list[Point] = []
    rising = True
    for here, after in pairwise(points):
        if after.T != here.T and (after.T > here.T) != rising:
            found.append(here)
            rising = not rising
    return found


def _drop_noise(extrema: list[Point], tolerance: float) -> list[Point]:
    kept = list(extrema)
    while kept:
        heights = [abs(after.T - here.T) for here, after in pairwise(kept)]
        i = int(np.argmin(heights))
        if heights[i] > tolerance:
            break
        del kept[i : i + 2]
    return kept


def solve_stationary(p: Potential, T: Array, start: Point, end: Point) -> Array:
    """The stationary q at `T` on a monotonic stretch of the curve, shape of `T`, by bisection on ∂G_eff/∂q.

    Meaningful where `T` lies between those of the two ends, which may be in either order of T and must be in
    rising order of q. On the verticals of the clip the result is ±1 exactly.
    """
    rising = start.T <= end.T
    low, high = np.full(T.shape, start.q), np.full(T.shape, end.q)
    field, alpha = p.a1 * (p.T_sc - T), p.a0 / 2 * (T - p.T_c)
    for _ in range(64):
        q = (low + high) / 2.0
        # Potential.slope without its conversions, which took three quarters of the time
        ordered = 2.0 / p.b * np.minimum(alpha + (p.D + p.E / 2 * q) * q, 0.0) * (p.D + p.E * q)
        right = (field + (p.B + p.C * q**2) * q - ordered > 0) == rising
        low, high = np.where(right, low, q), np.where(right, q, high)
    # ∂G_eff/∂q has a double root at an end, where its sign is noise.
    return np.select([start.T == T, end.T == T], [start.q, end.q], (low + high) / 2.0)
