"""One molecule in the mean field of all others, and how the free energy curves there.

With the local fields ``ε = ∂e/∂γ = Δ + Γ(1−2γ) − L η²`` and ``−∂e/∂η = (K + 2Lγ) η + h`` self-consistency reads

    γ/(1−γ) = w e^{−ε/T} cosh y,    η = γ tanh y,    T y = (K + 2Lγ) γ tanh y + h,

w = 2g (three states) or g (two states, y = 0). The last equation has up to three solutions for one γ: `aligned`, and
two `opposed`. With ``ℓ = ln γ/(1−γ)`` what is left on each of these sheets is one equation in one unknown,

    r(ℓ) = ℓ − ln w − ln cosh y + β ε = 0,    r = β dφ/dγ along the sheet,    β = 1/T.

At h = 0 the aligned sheet is the lowest free energy at every γ: y = 0 until γ(K + 2Lγ) reaches T, y > 0 beyond.
"""

from typing import NamedTuple

import numpy as np

from mcsco.meanfield.parameters import Parameters
from mcsco.meanfield.potential import Array

ITERATIONS = 200
SMALL_Y = 1e-3


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


class Local(NamedTuple):
    """The one equation r = 0 and what follows from it, on one sheet, for arrays of ℓ.

    The Hessian of φ in γ and η/γ, scaled by the variances of a free molecule so that it stays finite at γ = 0, γ = 1
    and |η| = γ, is T [[stiffness_gamma, mixed], [mixed, stiffness_eta]].
    """

    r: Array
    r_ell: Array
    """dr/dℓ along the sheet, the determinant over `stiffness_eta`."""
    r_beta: Array
    """dr/dβ along the sheet at fixed ℓ, K."""
    stiffness_gamma: Array
    stiffness_eta: Array
    mixed: Array


def fraction(ell: Array) -> Array:
    """γ of ℓ = ln γ/(1−γ), exact down to the smallest γ."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -ell)))


def coupling(p: Parameters, n: Array) -> Array:
    """γ (K + 2Lγ) in K; over T it is the a of `aligned` and `opposed`."""
    return n * (p.K + 2 * p.L * n)


def ln_cosh(y: Array) -> Array:
    """Logarithm of cosh y without overflow."""
    return np.asarray(np.logaddexp(y, -y) - np.log(2.0))


def local(p: Parameters, ell: Array, beta: float, y: Array) -> Local:
    """Evaluate `Local` at ℓ and at a solution y of the sheet's own equation."""
    n, v = fraction(ell), fraction(ell) * fraction(-ell)
    x = np.tanh(y)
    s = 1 - x * x
    epsilon = p.enthalpy + p.Gamma * (1 - 2 * n) - p.L * (n * x) ** 2
    k_1, k_2 = p.K + 2 * p.L * n, p.K + 4 * p.L * n
    stiffness_gamma = 1 - beta * v * (2 * p.Gamma + x * x * (p.K + 6 * p.L * n))
    stiffness_eta = 1 - beta * n * k_1 * s
    if p.field == 0:  # both vanish at the pitchfork: their series keep the digits
        near = (y != 0) & (np.abs(y) < SMALL_Y)
        stiffness_eta = np.where(near, y * y * (2 / 3 - 14 / 45 * y * y), stiffness_eta)
    undistorted = y == 0
    over = np.where(undistorted, 1.0, stiffness_eta)
    over = np.where(over == 0, 1e-100, over)
    mixed = -beta * n * np.sqrt(fraction(-ell) * s) * x * k_2
    return Local(
        r=ell - p.ln_w - ln_cosh(y) + beta * epsilon,
        r_ell=stiffness_gamma - mixed * mixed / over,
        r_beta=epsilon - (1 / beta + 2 * p.L * n * n * s) * y * x / over,
        stiffness_gamma=stiffness_gamma,
        stiffness_eta=stiffness_eta,
        mixed=mixed,
    )


def aligned_sheet(p: Parameters, ell: Array, beta: float) -> tuple[Array, Local]:
    """The y and `Local` of the aligned sheet (y ≥ 0, for the field's absolute value)."""
    y = aligned(beta * coupling(p, fraction(ell)), beta * abs(p.field))
    return y, local(p, ell, beta, y)


def heat_capacity(p: Parameters, ell: float, beta: float, y: float) -> float:
    """T dS/dT along a branch in units of R: the entropy's gradient squared over the free energy's curvature."""
    n, x = fraction(np.asarray(ell)), np.tanh(y)
    here = local(p, np.asarray(ell), beta, np.asarray(y))
    gradient_eta = -np.sqrt(n * (1 - x * x)) * y
    gradient_gamma = np.sqrt(n * fraction(np.asarray(-ell))) * (p.ln_w - ell + float(ln_cosh(np.asarray(y))) - y * x)
    if y == 0:
        return float(gradient_gamma**2 / here.stiffness_gamma)
    # eliminate eta, whose curvature may vanish at the pitchfork
    slope = gradient_gamma - here.mixed / here.stiffness_eta * gradient_eta
    return float(gradient_eta**2 / here.stiffness_eta + slope**2 / here.r_ell)
