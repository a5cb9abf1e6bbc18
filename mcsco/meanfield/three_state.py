"""A molecule with three states, u = 0 in LS and ±1 in HS, or with two, when nothing distorts.

Z_L = 1 and Z_H = 2 cosh y, so that the aligned and opposed sheets solve ``y = a tanh y + b`` with a = βγ(K + 2Lγ) and
b = βh. Without distortion Z_H = 1 and y = 0.
"""

import numpy as np
import numpy.typing as npt

from mcsco.meanfield import potential
from mcsco.meanfield.potential import Array
from mcsco.meanfield.site import OneSite, Site

ITERATIONS = 200


class ThreeState(Site):
    """Three states a site if the model distorts, two if not; for the methods see `Site`."""

    def in_field(self, y: Array, beta: float) -> OneSite:
        """The averages in a field `y` of either sign."""
        if not self.p.distorts:
            return OneSite(np.zeros_like(y), np.zeros_like(y))
        m = np.tanh(y)
        return OneSite(np.log(2.0) + ln_cosh(y), m, v_h=1 - m * m)

    def cumulants(self, n: Array, beta: float) -> tuple[Array, Array, Array]:
        """First, third and fifth derivative of n tanh y at y = 0."""
        return (n, -2 * n, 16 * n) if self.p.distorts else (0 * n, 0 * n, 0 * n)

    def aligned(self, n: Array, beta: float) -> Array:
        """The y ≥ 0 at HS fraction `n`."""
        return aligned(beta * n * self.coupling(n), beta * abs(self.p.field))

    def opposed(self, n: Array, beta: float, outer: bool) -> Array:
        """The solutions y ≤ 0."""
        return opposed(beta * n * self.coupling(n), beta * abs(self.p.field), outer)

    def opposed_intervals(self, beta: float) -> list[tuple[float, float]]:
        """Intervals of γ where the opposed sheets exist."""
        return self.soft_intervals(beta, fold_of_sheets(beta * abs(self.p.field)))

    def reach(self, beta: float) -> float:
        """Bound of abs(ln w + ln cosh y − β ε)."""
        p = self.p
        energies = abs(p.enthalpy) + abs(p.Gamma) + 3 * abs(p.L) + abs(p.K) + abs(p.field)
        return abs(p.ln_w) + beta * energies + 1.0

    def hottest(self) -> float:
        """A temperature in K from which on the free energy has a single stationary point, a minimum."""
        return 1.25 * self.p.bound if self.p.bound > 0 else self.p.scale  # at the bound itself a minimum may be flat

    def enthalpy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Energy in K of (q, η)."""
        return potential.enthalpy(self.p, q, eta)

    def entropy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Entropy of (q, η) in units of R."""
        return potential.entropy(self.p, q, eta)

    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Array:
        """Variational free energy of (q, η) in K."""
        return potential.enthalpy(self.p, q, eta) - np.asarray(T) * potential.entropy(self.p, q, eta)

    def undistorted_temperature(self, gamma: Array) -> Array:
        """Closed form of Slichter and Drickamer, DOI 10.1063/1.1677511."""
        work = self.p.enthalpy + self.p.Gamma * (1 - 2 * gamma)
        heat = self.p.ln_w + np.log1p(-gamma) - np.log(gamma)
        return np.where(work * heat > 0, work / np.where(heat == 0, 1.0, heat), np.nan)


def ln_cosh(y: Array) -> Array:
    """Logarithm of cosh y without overflow."""
    return np.asarray(np.logaddexp(y, -y) - np.log(2.0))


def aligned(a: Array, b: float) -> Array:
    """The solution y ≥ 0 of ``y = a tanh y + b`` for b ≥ 0; at b = 0 the largest one.

    Newton's method from a bound on that side where the curvature makes it converge monotonically.
    """
    if b == 0:  # y coth y ≥ √(1 + 2y²/3) bounds y closely near the pitchfork
        return _newton(a, b, np.minimum(np.maximum(a, 0), np.sqrt(1.5 * np.maximum(a * a - 1, 0))))
    linear = b / np.where(a < 1, 1 - a, 1.0)
    return _newton(a, b, np.where(a < 0, linear, np.where(a < 1, np.minimum(a + b, linear), a + b)))


def opposed(a: Array, b: float, outer: bool) -> Array:
    """The solutions y ≤ 0 of ``y = a tanh y + b`` for b ≥ 0, where they exist (`fold_of_sheets`).

    `outer` is the metastable one, against the field; the inner one separates it from `aligned`.
    """
    if b == 0:
        return -aligned(a, b) if outer else np.zeros_like(a)
    turn = np.arccosh(np.sqrt(np.maximum(a, 1)))
    if outer:
        return -_newton(a, -b, a, least=turn)
    return -_newton(a, -b, np.minimum(b / np.maximum(a - 1, b), turn), most=turn)


def fold_of_sheets(b: float) -> float:
    """The a from which on `opposed` solutions exist: √(a(a−1)) − arcosh √a = b; 1 at b = 0."""
    if b == 0:
        return 1.0
    from scipy.optimize import brentq

    def excess(a: float) -> float:
        return float(np.sqrt(a * (a - 1)) - np.arccosh(np.sqrt(a)) - b)

    return float(brentq(excess, 1.0, 4.0 + 4.0 * b, xtol=1e-15, rtol=1e-15))


def _newton(a: Array, b: float, start: Array, least: Array | float = 0.0, most: Array | float = np.inf) -> Array:
    y = np.clip(np.asarray(start, dtype=np.float64), least, most)
    for _ in range(ITERATIONS):
        t = np.tanh(y)
        slope = 1 - a * (1 - t * t)
        step = np.where(slope == 0, 0.0, (y - a * t - b) / np.where(slope == 0, 1.0, slope))
        previous, y = y, np.clip(y - step, least, most)
        if np.all(np.abs(y - previous) <= 4e-16 * np.abs(y)):
            break
    return y
