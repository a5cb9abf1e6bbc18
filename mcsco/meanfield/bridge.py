"""The infinite crystal of blocks under one global strain: exact branches, spinodals and barriers.

With η at its minimum, η² = max(0, −2A/b) with A = D q + (E/2) q², the free energy per molecule is a function of q
alone, and it is stationary at the temperature (energies in K)

    T(q) = N(q)/M(q),   N = ΔH/2 + B q + C q³ − (2/b) min(A, 0)(D + E q),   M = (ln g)/2 − artanh(q)/n_d

All stationary points are therefore one explicit curve, as in the theory of Slichter and Drickamer
(DOI 10.1063/1.1677511), and the stationary point is a minimum where (1−q²) φ'' = N'(q)(1−q²) + T/n_d > 0. The parameter
along the curve is y = artanh q: it resolves the saturated ends, which carry most of the curve if n_d is large.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.model.bridge import GlobalStrain

Array = npt.NDArray[np.float64]
NAN = float("nan")

SATURATED = 40.0
"""The |y| beyond which 1 − q² < 10⁻³³ is nothing beside T/n_d, so that every stationary point is a minimum."""
SCAN = 4001
"""Points of the scan for the ends of branches."""


class Stretch(NamedTuple):
    """Part of the curve of stationary points along which T changes in one direction only."""

    low: float
    """y of its end of low q; −∞ if that is q = −1 at T = 0."""
    high: float
    """y of its end of high q; +∞ if that is q = +1 at T = 0."""
    stable: bool
    """Whether these are minima, so that T rises with q (at finite positive temperatures)."""


class BridgeMeanField:
    """Exact thermodynamics of a `GlobalStrain` model in the limit of infinitely many blocks.

        φ(q, η; T) = H(q, η)/N − T ΔS q/2 − (R T/n_d) s2(q),    s2 = −[(1+q)/2 ln (1+q)/2 + (1−q)/2 ln (1−q)/2]

    For n_d → ∞ it is the Landau potential between its bounds −1 ≤ q ≤ 1. The names of the methods are those of
    `MeanField` and of `landau.Potential`. η ≥ 0 is returned for the two domains ±η. Branches:

    * ``"LS"`` - the minimum of lowest q at T → 0, continued on heating until it stops being a local minimum;
    * ``"HS"`` - the only minimum at high T, continued on cooling until it stops being a local minimum.

    Parameters
    ----------
    model : GlobalStrain
    pressure : float
        P, GPa.

    Raises
    ------
    InputError
        If an argument is not what it should be.

    Examples
    --------
    >>> from mcsco.meanfield import BridgeMeanField
    >>> from mcsco.model.bridge import pmpea_bridge
    >>> T_down, T_up = BridgeMeanField(pmpea_bridge()).spinodals()
    >>> print(f"{T_down:.4f} {T_up:.4f}")
    220.0000 235.0000
    """

    def __init__(self, model: GlobalStrain, pressure: float = 0.0) -> None:
        if not isinstance(model, GlobalStrain):
            raise InputError(f"model = {model!r}: must be a GlobalStrain, e.g. mcsco.model.bridge.pmpea_bridge()")
        self.model = model
        self.pressure = check_real("pressure", pressure, unit="GPa")
        self._p = model.coefficients(self.pressure)

    def __repr__(self) -> str:
        if self.is_gradual:
            return f"BridgeMeanField(blocks of {self.model.block_size}, gradual)"
        T_down, T_up = self.spinodals()
        return f"BridgeMeanField(blocks of {self.model.block_size}, T_up = {T_up:.4f} K, T_down = {T_down:.4f} K)"

    # The free energy itself

    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Array:
        """φ(q, η) in kJ/mol at `T` in K, of the broadcast shape; infinite for |q| > 1."""
        q, T = np.asarray(q, dtype=np.float64), np.asarray(T, dtype=np.float64)
        return np.asarray(self.model.energy(q, eta, self.pressure) - T * self.entropy(q) / 1000.0)

    def entropy(self, q: npt.ArrayLike) -> Array:
        """S = ΔS q/2 + (R/n_d) s2(q), J/(mol K), measured from half conversion of infinite blocks."""
        return np.asarray(self.internal_entropy(q) + self.mixing_entropy(q))

    def internal_entropy(self, q: npt.ArrayLike) -> Array:
        """ΔS q/2, J/(mol K): the electronic and vibrational part, a1 q of the Landau potential."""
        return np.asarray(self.model.spin.entropy / 2 * np.asarray(q, dtype=np.float64))

    def mixing_entropy(self, q: npt.ArrayLike) -> Array:
        """(R/n_d) s2(q), J/(mol K): what Landau theory leaves out; −∞ for |q| > 1."""
        from scipy.special import entr

        q = np.asarray(q, dtype=np.float64)
        return np.asarray(units.R / self.model.block_size * (entr((1 + q) / 2) + entr((1 - q) / 2)))

    def eta(self, q: npt.ArrayLike) -> Array:
        """The η ≥ 0 that minimises φ at fixed q; it does not depend on T."""
        p, q = self._p, np.asarray(q, dtype=np.float64)
        return np.asarray(np.sqrt(np.maximum(0.0, -2.0 / p.b * (p.D + p.E / 2 * q) * q)))

    # Its minima

    @property
    def is_gradual(self) -> bool:
        """Whether LS and HS are one and the same curve, so that nothing jumps."""
        return self._low_spin == self._high_spin

    def branch(self, T: float, which: str) -> tuple[float, float]:
        """(q, η) of the branch `which`, ``"LS"`` or ``"HS"``, at `T` in K; (nan, nan) where it does not exist."""
        y = self._at(_check_temperature(T), self._named(which))
        return self._order_parameters(y)

    def equilibrium(self, T: float) -> tuple[float, float]:
        """(q, η) of the lowest minimum at `T` in K."""
        return min(self.minima(T), key=lambda state: self._value(state, T))

    def minima(self, T: float) -> tuple[tuple[float, float], ...]:
        """(q, η) of every local minimum at `T` in K, in the order of rising q."""
        T = _check_temperature(T)
        found = [self._at(T, stretch) for stretch in self._stretches if stretch.stable]
        return tuple(self._order_parameters(y) for y in found if not np.isnan(y))

    def saddle(self, T: float) -> tuple[float, float]:
        """(q, η) of the highest pass between the two branches at `T` in K; nan unless both exist."""
        T = _check_temperature(T)
        low, high = self._at(T, self._low_spin), self._at(T, self._high_spin)
        if self.is_gradual or np.isnan(low) or np.isnan(high):
            return NAN, NAN
        found = [self._at(T, stretch) for stretch in self._stretches if not stretch.stable]
        between = [y for y in found if low <= y <= high]
        # at a spinodal the pass has merged with the state that it would protect
        states = [self._order_parameters(y) for y in (*between, low, high)]
        return max(states, key=lambda state: self._value(state, T))

    def barriers(self, T: float) -> tuple[float, float]:
        """(G_LH, G_HL) in kJ/mol, the pass above the LS and above the HS branch; nan unless both exist at `T`."""
        top, low, high = (self._value(x, T) for x in (self.saddle(T), self.branch(T, "LS"), self.branch(T, "HS")))
        return top - low, top - high

    # Its transitions

    def spinodals(self) -> tuple[float, float]:
        """(T_down, T_up) in K: where the HS branch ends on cooling and the LS branch on heating.

        (nan, nan) if nothing jumps; T_down = 0 if the HS branch stays metastable to the lowest temperatures.
        """
        if self.is_gradual:
            return NAN, NAN
        ends = [self._temperature(y) for y in (self._high_spin.low, self._high_spin.high)]
        return min(ends), self._temperature(self._low_spin.high)

    def maxwell_temperature(self) -> float:
        """Temperature in K at which the two branches have the same free energy; nan if there is none."""
        from scipy.optimize import brentq

        T_down, T_up = self.spinodals()
        lowest = max(T_down, 1e-6 * T_up)
        if not lowest < T_up:
            return NAN

        def difference(T: float) -> float:
            return self._value(self.branch(T, "LS"), T) - self._value(self.branch(T, "HS"), T)

        if not difference(lowest) < 0 < difference(T_up):
            return NAN
        return float(brentq(difference, lowest, T_up, xtol=1e-11, rtol=1e-14))

    def symmetry_breaking_temperatures(self, which: str) -> tuple[float, ...]:
        """Temperatures in K, rising, at which η appears or vanishes continuously along a branch."""
        branch = self._named(which)
        return tuple(sorted(self._temperature(y) for y in self._kinks() if branch.low < y < branch.high))

    # The curve of stationary points

    def _named(self, which: str) -> Stretch:
        if which not in ("LS", "HS"):
            raise InputError(f"branch = {which!r}: must be 'LS' or 'HS'")
        return self._low_spin if which == "LS" else self._high_spin

    def _order_parameters(self, y: float) -> tuple[float, float]:
        q = float(np.tanh(y))
        return q, float(self.eta(q))

    def _value(self, state: tuple[float, float], T: float) -> float:
        return float(self.free_energy(state[0], state[1], T))

    def _slope(self, q: Array) -> Array:
        """N(q), K."""
        p = self._p
        A = np.minimum((p.D + p.E / 2 * q) * q, 0.0)
        return np.asarray(p.enthalpy / 2 + p.B * q + p.C * q**3 - 2.0 / p.b * A * (p.D + p.E * q))

    def _temperature(self, y: float) -> float:
        if np.isinf(y):
            return 0.0
        loss = self._p.ln_g / 2 - y / self.model.block_size
        N = float(self._slope(np.tanh(y)))
        return N / loss if loss != 0 else np.inf

    def _curvature(self, y: Array, distorted: bool) -> Array:
        """(1−q²) φ'', K, of the stationary points of one sheet; of the sign of dT/dq at positive temperatures."""
        p, q, n_d = self._p, np.tanh(y), self.model.block_size
        A = (p.D + p.E / 2 * q) * q
        gradient = p.B + 3 * p.C * q**2
        if distorted:
            gradient = gradient - 2.0 / p.b * ((p.D + p.E * q) ** 2 + A * p.E)
        T = self._slope(q) / (p.ln_g / 2 - y / n_d)
        decay = np.exp(-2.0 * np.abs(y))
        return np.asarray(gradient * 4.0 * decay / (1.0 + decay) ** 2 + T / n_d)

    @cached_property
    def _low_spin(self) -> Stretch:
        return next(stretch for stretch in self._stretches if stretch.stable)

    @cached_property
    def _high_spin(self) -> Stretch:
        """The branch that reaches infinite temperature, at M = 0."""
        hottest = self.model.block_size * self._p.ln_g / 2
        return next(s for s in self._stretches if s.stable and (s.low == hottest or s.high == hottest))

    @cached_property
    def _stretches(self) -> tuple[Stretch, ...]:
        """All stretches at positive temperature in the order of rising q."""
        hottest = self.model.block_size * self._p.ln_g / 2
        marks = sorted({-np.inf, np.inf, hottest, *self._kinks()})
        stretches: list[Stretch] = []
        for low, high in pairwise(marks):
            for stretch in self._between(low, high):
                before = stretches[-1] if stretches else None
                # M = 0 is infinite temperature: a branch is not continued across it
                joined = before is not None and before.high == stretch.low != hottest
                if before is not None and joined and before.stable == stretch.stable:
                    stretches[-1] = Stretch(before.low, stretch.high, stretch.stable)
                else:
                    stretches.append(stretch)
        return tuple(stretches)

    def _kinks(self) -> list[float]:
        """The y at which the distortion sets in: A = 0."""
        p = self._p
        q = [0.0] if p.E == 0 else [0.0, -2.0 * p.D / p.E]
        return [float(np.arctanh(x)) for x in q if abs(x) < 1]

    def _between(self, low: float, high: float) -> list[Stretch]:
        """Stretches of one smooth piece, without those at negative temperature."""
        left, right = max(low, -SATURATED), min(high, SATURATED)
        if left >= right:  # wholly saturated
            marks = [low, high]
        else:
            middle = np.tanh((left + right) / 2)
            distorted = bool((self._p.D + self._p.E / 2 * middle) * middle < 0)
            inner = _roots(lambda y: self._curvature(y, distorted), left, right)
            inner += _roots(lambda y: self._slope(np.tanh(y)), left, right)
            marks = [low, *sorted(inner), high]
        found = []
        for a, b in pairwise(marks):
            middle = _middle(a, b)
            if self._temperature(middle) > 0:
                q = np.tanh(middle)
                curvature = self._curvature(np.asarray(middle), bool((self._p.D + self._p.E / 2 * q) * q < 0))
                found.append(Stretch(a, b, bool(curvature > 0)))
        return found

    def _at(self, T: float, stretch: Stretch) -> float:
        """The y of the stationary point of a stretch at `T`, nan if there is none."""
        from scipy.optimize import brentq

        n_d, half = self.model.block_size, self._p.ln_g / 2

        def excess(y: float) -> float:
            return T * (half - y / n_d) - float(self._slope(np.tanh(y)))

        # beyond these q is saturated and T(y) is below T
        reach = SATURATED + n_d * (half + self._largest_slope / T)
        low, high = max(stretch.low, -reach), min(stretch.high, reach)
        ends = [excess(low), excess(high)]
        for y, end in zip((low, high), ends, strict=True):
            # the end itself belongs to a branch, and T is seldom equal to it to the last digit
            if abs(end) <= 1e-13 * T * max(1.0, abs(half - y / n_d)) and np.isfinite(y):
                return y
        if ends[0] * ends[1] > 0:
            return NAN
        return float(brentq(excess, low, high, xtol=1e-300, rtol=8.9e-16, maxiter=400))

    @cached_property
    def _largest_slope(self) -> float:
        p = self._p
        return abs(p.enthalpy) + abs(p.B) + abs(p.C) + 2.0 / p.b * (abs(p.D) + abs(p.E)) ** 2


def _check_temperature(T: float) -> float:
    return check_real("temperature", T, above=0.0, unit="K")


def _middle(low: float, high: float) -> float:
    if np.isinf(low):
        return min(high, -SATURATED) - 1.0
    return max(low, SATURATED) + 1.0 if np.isinf(high) else (low + high) / 2


def _roots(f: Callable[[Array], Array], left: float, right: float) -> list[float]:
    """Roots of f inside an interval: changes of sign on a scan, and pairs of roots that hide between two points."""
    from scipy.optimize import brentq, minimize_scalar

    def at(y: float) -> float:
        return float(f(np.asarray(y)))

    y = np.linspace(left, right, SCAN)[1:-1]  # the ends are kinks, or infinite temperature
    values = f(y)
    points = list(zip(y.tolist(), values.tolist(), strict=True))
    for i in range(1, len(y) - 1):
        sign = 1.0 if values[i] > 0 else -1.0
        a, here, b = sign * values[i - 1 : i + 2]
        # the parabola through three points comes down by this much, and a hidden pair of roots needs all of it
        bend = a - 2 * here + b
        if 0 < here <= min(a, b) and bend > 0 and (a - b) ** 2 > 4 * bend * here:
            lowest = minimize_scalar(
                lambda x, sign=sign: sign * at(x),
                bounds=(y[i - 1], y[i + 1]),
                method="bounded",
                options={"xatol": 1e-12},
            )
            if lowest.fun < 0:
                points.append((float(lowest.x), at(float(lowest.x))))
    points.sort()
    return [
        float(brentq(at, a, b, xtol=1e-300, rtol=8.9e-16, maxiter=400))
        for (a, f_a), (b, f_b) in pairwise(points)
        if f_a * f_b < 0
    ]
