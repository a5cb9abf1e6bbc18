"""One molecule in the mean field of all others, and how the free energy curves there.

With the local fields ``ε = ∂e/∂γ = Δ + Γ(1−2γ) − L η²`` and ``T y = −∂e/∂η = (K + 2Lγ) η + h`` self-consistency reads

    γ/(1−γ) = g e^{−ε/T} Z_H(y)/Z_L(y),    η = γ m_H(y) + (1−γ) m_L(y),

Z_s the sum or integral of e^{−V_s(u)/T + y u} over the distortions of a molecule with spin state s, m_s = ∂ln Z_s/∂y
its mean distortion and v_s = ∂m_s/∂y its variance. At fixed γ the second equation has up to three solutions: `aligned`
with the field, and two `opposed`, because m_H and m_L are concave for y > 0. What is left on each of these sheets is
one equation in one unknown ``ℓ = ln γ/(1−γ)``,

    r(ℓ) = ℓ − ln g − ln Z_H/Z_L + β ε = 0,    r = β dφ/dγ along the sheet,    β = 1/T.

At h = 0 the aligned sheet is the lowest free energy at every γ: y = 0 until (K + 2Lγ)(γ v_H + (1−γ) v_L) reaches T.
"""

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.meanfield.parameters import Parameters
from mcsco.meanfield.potential import Array

SMALL_Y = 1e-3


class OneSite(NamedTuple):
    """Averages of a molecule in a field y: HS (h) and LS (l); arrays of the shape of y, or numbers."""

    ln_ratio: Array
    """ln Z_H/Z_L."""
    m_h: Array
    m_l: Array | float = 0.0
    """⟨u⟩."""
    v_h: Array | float = 0.0
    v_l: Array | float = 0.0
    """Variance of u."""
    V_h: Array | float = 0.0
    V_l: Array | float = 0.0
    """⟨V⟩, K."""
    c_h: Array | float = 0.0
    c_l: Array | float = 0.0
    """Covariance of u and V, K."""
    w_h: Array | float = 0.0
    w_l: Array | float = 0.0
    """Variance of V, K²."""


class Local(NamedTuple):
    """The one equation r = 0 and what follows from it, on one sheet, for arrays of ℓ.

    The Hessian of φ in γ and y, scaled by the variances v = γ(1−γ) and χ = γ v_H + (1−γ) v_L of a free molecule so that
    it stays finite where these vanish, is T [[stiffness_gamma, mixed], [mixed, stiffness_eta]]. With D = m_H − m_L,

        stiffness_gamma = 1 − β v [2Γ + 4Lη D + (K + 2Lγ) D²],   stiffness_eta = 1 − β χ (K + 2Lγ),
        mixed = −β √(v χ) [2Lη + (K + 2Lγ) D].
    """

    r: Array
    r_ell: Array
    """dr/dℓ along the sheet, the determinant over `stiffness_eta`."""
    r_beta: Array
    """dr/dβ along the sheet at fixed ℓ, K."""
    stiffness_gamma: Array
    stiffness_eta: Array
    mixed: Array


class Site(ABC):
    """What kind of molecule it is; everything else about the mean field follows from these functions."""

    def __init__(self, p: Parameters) -> None:
        self.p = p

    @abstractmethod
    def in_field(self, y: Array, beta: float) -> OneSite:
        """The averages in a field `y` of either sign."""

    @abstractmethod
    def cumulants(self, n: Array, beta: float) -> tuple[Array, Array, Array]:
        """First, third and fifth derivative of ``n m_H(y) + (1−n) m_L(y)`` at y = 0."""

    @abstractmethod
    def aligned(self, n: Array, beta: float) -> Array:
        """The y ≥ 0 at HS fraction `n` for the field's absolute value; the largest one at zero field."""

    @abstractmethod
    def opposed(self, n: Array, beta: float, outer: bool) -> Array:
        """The solutions y ≤ 0 where they exist (`opposed_intervals`).

        `outer` is the metastable one, against the field; the inner one separates it from `aligned`.
        """

    @abstractmethod
    def opposed_intervals(self, beta: float) -> list[tuple[float, float]]:
        """Intervals of γ where the opposed sheets exist."""

    @abstractmethod
    def reach(self, beta: float) -> float:
        """A bound of abs(ℓ) at every stationary point."""

    @abstractmethod
    def hottest(self) -> float:
        """A temperature in K from which on the free energy has a single stationary point, a minimum."""

    @abstractmethod
    def enthalpy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Energy in K of (q, η), with P ΔV and −h η; nan where no state has these order parameters."""

    @abstractmethod
    def entropy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None) -> Array:
        """Entropy of (q, η) in units of R."""

    @abstractmethod
    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Array:
        """Variational free energy of (q, η) in K."""

    @abstractmethod
    def undistorted_temperature(self, gamma: Array) -> Array:
        """Temperature in K of the stationary state with η = 0 at HS fraction `gamma`; nan where there is none."""

    def coupling(self, n: Array) -> Array:
        """K + 2Lγ in K."""
        return self.p.K + 2 * self.p.L * n

    def softness(self, n: Array, beta: float) -> Array:
        """``1 − β (K + 2Lγ)⟨u²⟩`` of the undistorted state; it is unstable against η where this is negative."""
        return 1 - beta * self.coupling(n) * self.cumulants(n, beta)[0]

    def softness_roots(self, beta: float, level: float = 1.0) -> list[float]:
        """The γ between 0 and 1 where ``β (K + 2Lγ)⟨u²⟩`` of the undistorted state passes `level`."""
        (v_l, v_h), p = self.cumulants(np.array([0.0, 1.0]), beta)[0], self.p
        change = v_h - v_l
        return sorted(
            x for x in _quadratic(2 * p.L * change, p.K * change + 2 * p.L * v_l, p.K * v_l - level / beta) if 0 < x < 1
        )

    def soft_intervals(self, beta: float, level: float = 1.0) -> list[tuple[float, float]]:
        """Intervals of γ where ``β (K + 2Lγ)⟨u²⟩`` of the undistorted state is at least `level`."""
        edges = [0.0, *self.softness_roots(beta, level), 1.0]

        def reached(n: float) -> bool:
            return bool(1 - self.softness(np.asarray(n), beta) >= level)

        return [(lo, hi) for lo, hi in pairwise(edges) if reached((lo + hi) / 2)]

    def aligned_sheet(self, ell: Array, beta: float) -> tuple[Array, Local]:
        """The y and `Local` of the aligned sheet (y ≥ 0, for the field's absolute value)."""
        y = self.aligned(fraction(ell), beta)
        return y, self.local(ell, beta, y)

    def order_parameters(self, ell: float, beta: float, y: float) -> tuple[float, float]:
        """(q, η) of (ℓ, y)."""
        s = self.in_field(np.asarray(y), beta)
        eta = fraction(np.asarray(ell)) * s.m_h + fraction(np.asarray(-ell)) * s.m_l
        return float(np.tanh(ell / 2)), float(eta)

    def local(self, ell: Array, beta: float, y: Array) -> Local:
        """Evaluate `Local` at ℓ and at a solution y of the sheet's own equation."""
        p, n, rest = self.p, fraction(ell), fraction(-ell)
        s = self.in_field(y, beta)
        k, v, D = self.coupling(n), n * rest, s.m_h - s.m_l
        eta, chi = n * s.m_h + rest * s.m_l, n * s.v_h + rest * s.v_l
        epsilon = p.enthalpy + p.Gamma * (1 - 2 * n) - p.L * eta**2
        stiffness_gamma = 1 - beta * v * (2 * p.Gamma + 4 * p.L * eta * D + k * D * D)
        stiffness_eta = self._stiffness_eta(n, beta, y, 1 - beta * k * chi)
        over = np.where(stiffness_eta == 0, 1e-100, stiffness_eta)
        mixed = -beta * np.sqrt(v * chi) * (2 * p.L * eta + k * D)
        eta_beta = -(n * s.c_h + rest * s.c_l)  # at fixed y
        y_beta = (y / beta + beta * k * eta_beta) / over
        return Local(
            r=ell - p.ln_g - s.ln_ratio + beta * epsilon,
            r_ell=stiffness_gamma - mixed * mixed / over,
            r_beta=epsilon + s.V_h - s.V_l - D * y_beta - 2 * beta * p.L * eta * (chi * y_beta + eta_beta),
            stiffness_gamma=stiffness_gamma,
            stiffness_eta=stiffness_eta,
            mixed=mixed,
        )

    def heat_capacity(self, ell: float, beta: float, y: float) -> float:
        """−β² dh/dβ along a branch in units of R, h the energy γ V_H + (1−γ) V_L + e of a molecule."""
        p, n, rest = self.p, fraction(np.asarray(ell)), fraction(np.asarray(-ell))
        s, here = self.in_field(np.asarray(y), beta), self.local(np.asarray(ell), beta, np.asarray(y))
        k, D = self.coupling(n), s.m_h - s.m_l
        eta, chi = n * s.m_h + rest * s.m_l, n * s.v_h + rest * s.v_l
        c = n * s.c_h + rest * s.c_l
        dn = -n * rest * here.r_beta / here.r_ell
        dy = 0.0 if y == 0 else (y / beta - beta * k * c + beta * (k * D + 2 * p.L * eta) * dn) / here.stiffness_eta
        epsilon = p.enthalpy + p.Gamma * (1 - 2 * n) - p.L * eta**2
        dh = (epsilon + s.V_h - s.V_l) * dn - y / beta * (D * dn + chi * dy - c)
        dh += c * dy - n * s.w_h - rest * s.w_l
        return float(-(beta**2) * dh)

    def _stiffness_eta(self, n: Array, beta: float, y: Array, direct: Array) -> Array:
        """At zero field 1 − βkχ = βk (η/y − χ), which keeps its digits at the pitchfork as a series in y."""
        if self.p.field != 0:
            return direct
        near = (y != 0) & (np.abs(y) < SMALL_Y)
        if not np.any(near):
            return direct
        _, k4, k6 = self.cumulants(n, beta)
        series = -beta * self.coupling(n) * y * y * (k4 / 3 + k6 * y * y / 30)
        return np.where(near, series, direct)


def fraction(ell: Array) -> Array:
    """γ of ℓ = ln γ/(1−γ), exact down to the smallest γ."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -ell)))


def _quadratic(a: float, b: float, c: float) -> list[float]:
    """Real roots of a x² + b x + c without cancellation."""
    if a == 0:
        return [] if b == 0 else [-c / b]
    square = b * b - 4 * a * c
    if square < 0:
        return []
    t = -(b + np.copysign(np.sqrt(square), b)) / 2
    return [float(t / a)] + ([float(c / t)] if t != 0 else [])
