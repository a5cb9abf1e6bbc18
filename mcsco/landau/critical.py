"""Where the character of the transition changes: tricritical points and the isostructural critical point.

With q on the para branch, T = T_sc + (B q + C q³)/a1, the distortion sets in where A = α + D q + E q²/2
vanishes, α = (a0/2)(T − T_c). It does so continuously if ∂²G_eff/∂q² > 0 on the ordered side,

    B + 3 C q² > (2/b)(D + E q)²,

and the equality is a tricritical point. Inside the ordered phase T(q) = N/M (see `mcsco.landau.curve`), and
an isostructural critical point has T' = T'' = 0. As N is cubic, M linear and B only adds B q to N, this gives

    q = D E/(b C − E²),   B (M − q M') = N₀ M' − N₀' M   with N₀ = N at B = 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcsco.landau.curve import check_single_valued, ordered_fraction, stationary_temperature
from mcsco.landau.polynomials import real_roots

if TYPE_CHECKING:
    from mcsco.landau.potential import Potential


class CriticalPoint(NamedTuple):
    """A critical or tricritical point and the parameters that it needs."""

    q: float
    eta: float
    temperature: float
    """K."""
    B: float
    alpha: float
    """(a0/2)(T − T_c) at the point, Landau units."""


def tricritical_points(p: Potential) -> tuple[CriticalPoint, ...]:
    """Tricritical points at the given B, whatever a0 and T_c, in the order of rising q.

    Each is a line ``a0 (T − T_c) = 2 α`` in the plane of a0 and T_c. With the published parameters η jumps
    if it sets in at a q between the two points and is continuous outside of them.
    """
    squared = 2.0 / p.b * np.polymul([p.E, p.D], [p.E, p.D])
    points = []
    for q in real_roots(np.polysub([3.0 * p.C, 0.0, p.B], squared)).tolist():
        if p.B + 3.0 * p.C * q**2 < 0 or abs(np.polyval(np.polysub([3.0 * p.C, 0.0, p.B], squared), q)) > 1e-9 * p.C:
            continue
        T = p.T_sc + (p.B + p.C * q**2) * q / p.a1
        points.append(CriticalPoint(q, 0.0, T, p.B, -(p.D + p.E / 2 * q) * q))
    return tuple(points)


def tricritical_B(p: Potential) -> float:
    """B at which the onset of η turns continuous, a0 and T_c fixed; nan if it never does.

    Solves A = 0 and the tricritical equality together, a cubic in q; of several solutions the one nearest to
    q = 0 is taken.
    """
    squared = 2.0 / p.b * np.polymul([p.E, p.D], [p.E, p.D])
    B_of_q = np.polysub(squared, [3.0 * p.C, 0.0, 0.0])
    T_of_q = np.polyadd([p.T_sc], np.polymul(np.polyadd(B_of_q, [p.C, 0.0, 0.0]), [1.0, 0.0]) / p.a1)
    A_of_q = np.polyadd(p.a0 / 2 * np.polysub(T_of_q, [p.T_c]), [p.E / 2, p.D, 0.0])
    roots = [q for q in real_roots(A_of_q).tolist() if abs(np.polyval(A_of_q, q)) <= 1e-9 * p.C]
    return float(np.polyval(B_of_q, min(roots, key=abs))) if roots else np.nan


def isostructural_critical_point(p: Potential) -> CriticalPoint | None:
    """Where the jump of q inside the ordered phase ends as B grows; None if the potential has no such point.

    Raises
    ------
    InputError
        If T(q) is not single-valued (see `mcsco.landau.curve`).
    """
    check_single_valued(p)
    stiffness = p.b * p.C - p.E**2
    if stiffness <= 0 or abs(p.D * p.E) >= stiffness:
        return None
    q = p.D * p.E / stiffness
    N, M = ordered_fraction(replace(p, B=0.0))
    dN, dM, n, m = np.polyval(np.polyder(N), q), M[0], np.polyval(N, q), np.polyval(M, q)
    B = float((n * dM - dN * m) / (m - q * dM))
    at = replace(p, B=B)
    N, M = ordered_fraction(at)
    T = float(np.polyval(N, q) / np.polyval(M, q))
    eta = float(at.eta(q, T))
    if eta == 0 or not np.isclose(stationary_temperature(at, q), T):
        return None
    return CriticalPoint(q, eta, T, B, p.a0 / 2 * (T - p.T_c))
