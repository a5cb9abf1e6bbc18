"""A molecule with a continuous distortion u in the potential V_H or V_L of its spin state.

The states with HS fraction γ and mean distortion η that have the lowest free energy are those of independent molecules
in a common field y, γ m_H(y) + (1−γ) m_L(y) = η, so that

    φ = e(γ, η) + T [γ ln γ + (1−γ) ln(1−γ) − γ ln g − γ ln Z_H(y) − (1−γ) ln Z_L(y) + y η].

Its energy is e + γ ⟨V_H⟩ + (1−γ) ⟨V_L⟩ and depends on T, as the wells are explored. The measure of u is du, without the
kinetic factor of its mode, which is taken as equal in both spin states.

The wells are even quartics, which are limits of Ising magnets (Simon and Griffiths, DOI 10.1007/BF01645626). Therefore
m_H and m_L are concave for y > 0, and all zeros of Z_H and Z_L are imaginary, so that m/y is a convex, decreasing
function of y². Both stay true of γ m_H + (1−γ) m_L, and make Newton's method converge monotonically here.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, StateError
from mcsco.meanfield.parameters import Parameters, Well
from mcsco.meanfield.potential import ROUNDING, Array, interaction_energy, x_ln_x
from mcsco.meanfield.site import SMALL_Y, OneSite, Site
from mcsco.meanfield.wells import even_cumulants, moments, response

ITERATIONS = 200
SETTLED = 1e-7
STRIDE = 16
Index = npt.NDArray[np.intp]
Step = Callable[[Array, Index], Array]

COARSE = np.linspace(0.0, 1.0, 65)


class DisplaciveSite(Site):
    """A continuous distortion; for the methods see `Site`."""

    def __init__(self, p: Parameters) -> None:
        super().__init__(p)
        assert p.wells is not None
        self.wells: tuple[Well, Well] = p.wells

    def in_field(self, y: Array, beta: float) -> OneSite:
        """The averages in a field `y` of either sign."""
        s = moments(self.wells, y, beta)
        return OneSite(s.ln_Z[0] - s.ln_Z[1], *s.u, *s.var_u, *s.V, *s.cov, *s.var_V)

    def cumulants(self, n: Array, beta: float) -> tuple[Array, Array, Array]:
        """First, third and fifth derivative of n m_H(y) + (1−n) m_L(y) at y = 0."""
        k2, k4, k6 = (n * hs + (1 - n) * ls for hs, ls in even_cumulants(self.wells, beta))
        return k2, k4, k6

    def aligned(self, n: Array, beta: float) -> Array:
        """The y ≥ 0 at HS fraction `n`."""
        shape, n = np.shape(n), np.ravel(n)
        b = beta * abs(self.p.field)
        y = self._spontaneous(n, beta) if b == 0 else self._induced(n, beta, b)
        return y.reshape(shape)

    def opposed(self, n: Array, beta: float, outer: bool) -> Array:
        """The solutions y ≤ 0."""
        shape, n = np.shape(n), np.ravel(n)
        b = beta * abs(self.p.field)
        if b == 0:
            return -self._spontaneous(n, beta).reshape(shape) if outer else np.zeros(shape)
        k = beta * self.coupling(n)
        # z = −y solves P(z) = k m(z) − z = b; P is concave, so that each root is reached from its own outer side
        start = self._spontaneous(n, beta) if outer else np.zeros_like(n)

        def step(z: Array, i: Index) -> Array:
            m, slope = self._response(n[i], z, beta)
            rise = k[i] * slope - 1
            beyond = rise >= 0 if outer else rise <= 0  # the top of P, at the end of the interval where roots exist
            return np.where(beyond, 0.0, (k[i] * m - z - b) / np.where(beyond, 1.0, rise))

        return -_newton(step, start).reshape(shape)

    def opposed_intervals(self, beta: float) -> list[tuple[float, float]]:
        """Intervals of γ where the opposed sheets exist: max P(z) ≥ βh."""
        b = beta * abs(self.p.field)
        if b == 0:
            return self.soft_intervals(beta)
        from scipy.optimize import brentq

        def excess(n: Array) -> Array:
            k, z = beta * self.coupling(n), self._turn(n, beta)
            return np.asarray(k * self._response(n, z, beta)[0] - z - b)

        found = excess(COARSE)
        edges = [0.0]
        for i in np.flatnonzero((found[:-1] > 0) != (found[1:] > 0)):
            edges.append(float(brentq(lambda n: float(excess(np.array([n]))[0]), COARSE[i], COARSE[i + 1], xtol=1e-15)))
        edges.append(1.0)
        return [pair for pair in pairwise(edges) if excess(np.array([sum(pair) / 2]))[0] > 0]

    def reach(self, beta: float) -> float:
        """Bound of abs(ln g + ln Z_H/Z_L − β ε) from the largest y and η on the aligned sheet."""
        p = self.p
        largest = 1.1 * float(self.aligned(COARSE, beta).max())
        in_fields = self.in_field(largest * COARSE, beta)
        eta = float(np.maximum(in_fields.m_h, in_fields.m_l).max())
        epsilon = abs(p.enthalpy) + abs(p.Gamma) + abs(p.L) * eta**2
        return abs(p.ln_g) + float(np.abs(in_fields.ln_ratio).max()) + beta * epsilon + 1.0

    def hottest(self) -> float:
        """A temperature in K from which on the aligned sheet is the only one and r rises along all of it.

        A hot molecule has ⟨u²⟩ ~ √(T/quartic), less than any T/K in the end.
        """
        T = self.p.bound if self.p.bound > 0 else self.p.scale
        ell = np.concatenate([np.linspace(-30.0, 30.0, 241), np.log(COARSE[1:-1]) - np.log1p(-COARSE[1:-1])])
        for _ in range(100):
            if np.all(self.softness(COARSE, 1 / T) > 0) and np.all(self.aligned_sheet(ell, 1 / T)[1].r_ell > 0):
                return 1.25 * T
            T *= 1.5
        raise StateError(f"mean field of {self.p}: no temperature with a single state; please report this model")

    def undistorted_temperature(self, gamma: Array) -> Array:
        """The highest root T of r at y = 0 and given γ."""
        from scipy.optimize import brentq

        T = np.geomspace(1e-4 * self.hottest(), 1e3 * self.hottest(), 400)
        ratio = np.array([float(self.in_field(np.zeros(()), 1 / t).ln_ratio) for t in T])

        def one(n: float) -> float:
            def r(t: float) -> float:
                ln_ratio = float(self.in_field(np.zeros(()), 1 / t).ln_ratio)
                return float(t * (np.log(n / (1 - n)) - self.p.ln_g - ln_ratio) + work)

            work = self.p.enthalpy + self.p.Gamma * (1 - 2 * n)
            sign = np.sign(T * (np.log(n / (1 - n)) - self.p.ln_g - ratio) + work)
            changes = np.flatnonzero(sign[:-1] != sign[1:])
            return float(brentq(r, T[changes[-1]], T[changes[-1] + 1], xtol=1e-12)) if changes.size else np.nan

        return np.array([one(float(n)) for n in np.ravel(gamma)]).reshape(np.shape(gamma))

    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Array:
        """Variational free energy φ in K; nan for abs(q) > 1."""
        return self._potentials(q, eta, T)[0]

    def enthalpy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Energy in K of (q, η) at `T`."""
        return self._potentials(q, eta, T)[1]

    def entropy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Entropy of (q, η) at `T` in units of R."""
        free_energy, enthalpy = self._potentials(q, eta, T)
        return np.asarray((enthalpy - free_energy) / np.asarray(T, dtype=np.float64))

    def _potentials(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> tuple[Array, Array]:
        """(φ, energy) in K."""
        if T is None:
            raise InputError("T: is needed, the energy and entropy of a displacive model at (q, η) depend on it")
        n, eta, T = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in ((1 + np.asarray(q)) / 2, eta, T)))
        possible = (n >= -ROUNDING) & (n <= 1 + ROUNDING) & np.isfinite(eta) & np.isfinite(T)
        phi, energy = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
        for t in np.unique(T[possible]):
            at = possible & (t == T)
            phi[at], energy[at] = self._at(np.clip(n[at], 0, 1), eta[at], float(t))
        return phi, energy

    def _at(self, n: Array, eta: Array, T: float) -> tuple[Array, Array]:
        if not T > 0:
            raise InputError(f"T = {T:g} K: must be greater than 0")
        y = self.field_of(n, eta, 1 / T)
        s, e = moments(self.wells, y, 1 / T), interaction_energy(self.p, n, eta)
        mixing = x_ln_x(n) + x_ln_x(1 - n) - n * self.p.ln_g
        (z_h, z_l), (V_h, V_l) = s.ln_Z, s.V
        return e + T * (mixing - n * z_h - (1 - n) * z_l + y * eta), e + n * V_h + (1 - n) * V_l

    def field_of(self, n: Array, eta: Array, beta: float) -> Array:
        """The y of n m_H(y) + (1−n) m_L(y) = η, arrays of one shape."""
        shape, n, target = np.shape(eta), np.ravel(n), np.abs(np.ravel(eta))

        def step(y: Array, i: Index) -> Array:
            m, slope = self._response(n[i], y, beta)
            return (m - target[i]) / slope

        return np.asarray(np.sign(eta) * _newton(step, np.zeros_like(target)).reshape(shape))

    def _response(self, n: Array, y: Array, beta: float) -> tuple[Array, Array]:
        """η and ∂η/∂y at fixed γ = `n`."""
        (m_h, m_l), (v_h, v_l) = response(self.wells, y, beta)
        return n * m_h + (1 - n) * m_l, n * v_h + (1 - n) * v_l

    def _spontaneous(self, n: Array, beta: float) -> Array:
        """The largest solution y of y = k m(y) without field, from 1 − k m/y, concave and rising in x = y²."""
        k = beta * self.coupling(n)
        k2, k4, _ = self.cumulants(n, beta)
        y = np.zeros_like(n)
        soft = np.flatnonzero(k * k2 > 1)
        if soft.size:
            n, k, k2, k4 = n[soft], k[soft], k2[soft], k4[soft]

            def step(x: Array, i: Index) -> Array:
                z = np.sqrt(x)
                m, slope = self._response(n[i], z, beta)
                bend = np.where(z < SMALL_Y, -k4[i] / 6, (m / z - slope) / (2 * x))
                return np.asarray((1 - k[i] * m / z) / (k[i] * bend))

            # m/y is a Stieltjes function of x: its simplest Padé approximant k2/(1 − x k4/6 k2) lies below it
            least = 6 * k2 * (k * k2 - 1) / -k4
            y[soft] = np.sqrt(_newton(step, least, least, along=n))
        return y

    def _induced(self, n: Array, beta: float, b: float) -> Array:
        """The solution y > 0 of y = k m(y) + b: from the right for k > 0, where F is convex, else from y = 0."""
        k = beta * self.coupling(n)

        def excess(y: Array, i: Index) -> tuple[Array, Array]:
            m, slope = self._response(n[i], y, beta)
            return y - k[i] * m - b, 1 - k[i] * slope

        start = np.where(k > 0, b + np.maximum(k, 0.0), 0.0)
        low = np.flatnonzero(k > 0)
        while low.size:
            low = low[excess(start[low], low)[0] < 0]
            start[low] *= 2

        def step(y: Array, i: Index) -> Array:
            value, slope = excess(y, i)
            return np.where(slope > 0, value / np.where(slope > 0, slope, 1.0), 0.0)

        return _newton(step, start)

    def _turn(self, n: Array, beta: float) -> Array:
        """The z ≥ 0 at which k m(z) − z is largest, by bisection."""
        k = beta * self.coupling(n)
        low, high = np.zeros_like(n), self._spontaneous(n, beta)  # beyond it k m(z) < z
        for _ in range(60):
            z = (low + high) / 2
            rising = k * self._response(n, z, beta)[1] > 1
            low, high = np.where(rising, z, low), np.where(rising, high, z)
        return np.asarray((low + high) / 2)


def _newton(step: Step, start: Array, least: Array | float = 0.0, along: Array | None = None) -> Array:
    """Iterate ``x − step(x, i)`` for the elements i that have not settled, keeping x at or above `least`.

    With many elements, smooth functions of the coordinate `along`, some are solved first and the others started from
    what lies between them.
    """
    x = np.array(start, dtype=np.float64)
    floor: Array = np.broadcast_to(least, x.shape)
    if along is not None and x.size > 4 * STRIDE:
        some = np.argsort(along)[::STRIDE]
        x[some] = _newton(lambda z, i: step(z, some[i]), x[some], floor[some])
        x = np.maximum(np.interp(along, along[some], x[some]), floor)
    active = np.arange(x.size)
    previous = np.full(x.size, np.inf)
    for _ in range(ITERATIONS):
        if not active.size:
            break
        before = x[active]
        x[active] = np.maximum(before - step(before, active), floor[active])
        change = np.abs(x[active] - before)
        # rounding is left when steps stop to shrink
        stuck = (change >= previous[active] / 2) & (change <= SETTLED * x[active])
        previous[active] = change
        active = active[(change > 4e-16 * x[active]) & ~stuck]
    return x
