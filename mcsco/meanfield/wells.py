"""Averages over a continuous distortion in a local potential and a field, by Gauss-Legendre quadrature.

    Z(y) = ∫ du e^{−V(u)/T + y u},    V(u) = offset + (curvature/2) u² + quartic u⁴

For y ≥ 0 the exponent has a single maximum on u ≥ 0, where the integral over both halves, folded together, is taken.
Its interval is bounded by where the integrand has fallen by e^{−45} or more, so that wells of any depth and width are
resolved alike, from 10⁻³ K to 10¹² K; NODES points then leave nothing but rounding.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mcsco.meanfield.parameters import Well
from mcsco.meanfield.potential import Array

NODES = 72
DROP = 45.0
BLOCK = 8192

Wells = tuple[Well, Well]
"""V_H and V_L; whatever follows from them comes as arrays whose first axis is (HS, LS)."""


class Moments(NamedTuple):
    """Averages in both wells, arrays of the shape (2, *y.shape)."""

    ln_Z: Array
    u: Array
    var_u: Array
    V: Array
    """⟨V⟩, K."""
    cov: Array
    """⟨uV⟩ − ⟨u⟩⟨V⟩, K."""
    var_V: Array


def moments(wells: Wells, y: Array, beta: float) -> Moments:
    """The averages at fields `y` of either sign; β in 1/K."""
    y = np.asarray(y, dtype=np.float64)
    b, sign = np.abs(y).ravel(), np.sign(y)
    parts = [_moments(wells, b[i : i + BLOCK], beta) for i in range(0, max(b.size, 1), BLOCK)]
    found = Moments(*(np.concatenate(x, axis=1).reshape(2, *y.shape) for x in zip(*parts, strict=True)))
    return found._replace(u=found.u * sign, cov=found.cov * sign)


def response(wells: Wells, b: Array, beta: float) -> tuple[Array, Array]:
    """⟨u⟩ and its variance at fields b ≥ 0, shape (k,); two arrays (2, k)."""
    if b.size > BLOCK:
        parts = [response(wells, b[i : i + BLOCK], beta) for i in range(0, b.size, BLOCK)]
        return np.concatenate([m for m, _ in parts], axis=1), np.concatenate([v for _, v in parts], axis=1)
    u, _, _, even, odd = _weights(wells, b, beta)
    mean = np.einsum("sij,sij->si", odd, u)
    return mean, np.einsum("sij,sij,sij->si", even, u, u) - mean**2


@lru_cache(maxsize=64)
def even_cumulants(wells: Wells, beta: float) -> Array:
    """Second, fourth and sixth cumulant of u without field, shape (3, 2)."""
    u, _, weight = nodes(wells, np.zeros(1), beta)
    m2, m4, m6 = ((weight * u**n).sum(axis=(1, 2)) / weight.sum(axis=(1, 2)) for n in (2, 4, 6))
    return np.array([m2, m4 - 3 * m2**2, m6 - 15 * m4 * m2 + 30 * m2**3])


def potential(wells: Wells, u: Array) -> Array:
    """V(u) in K; u of shape (2, ...)."""
    offset, curvature, quartic = (x.reshape(2, *[1] * (u.ndim - 1)) for x in np.transpose(wells))
    square = u * u
    return np.asarray(offset + (curvature / 2 + quartic * square) * square)


def nodes(wells: Wells, b: Array, beta: float, count: int = NODES) -> tuple[Array, Array, Array]:
    """Points u ≥ 0, (2, k, count), the exponent at its maximum, (2, k), and weights times e^{exponent − maximum}.

    The integrand at −u is that at u times e^{−2bu}.
    """
    x, w = _gauss_legendre(count)
    low, top, high = _interval(wells, b, beta)
    half = (high - low) / 2
    u = low[..., None] + half[..., None] * (1 + x)
    peak = b * top - beta * potential(wells, top)
    exponent = b[:, None] * u - beta * potential(wells, u) - peak[..., None]
    return u, peak, half[..., None] * w * np.exp(exponent)


@lru_cache(maxsize=64)
def _gauss_legendre(count: int) -> tuple[Array, Array]:
    from scipy.special import roots_legendre

    x, w = roots_legendre(count)
    return np.asarray(x), np.asarray(w)


def _weights(wells: Wells, b: Array, beta: float) -> tuple[Array, Array, Array, Array, Array]:
    """Points, maximum, Z over e^maximum, and normalised weights for even and for odd functions of u."""
    u, peak, weight = nodes(wells, b, beta)
    odd = -np.expm1(-2 * b[:, None] * u)
    even = weight * (2 - odd)
    odd *= weight
    Z = even.sum(axis=2)
    return u, peak, Z, even / Z[..., None], odd / Z[..., None]


def _moments(wells: Wells, b: Array, beta: float) -> Moments:
    u, peak, Z, even, odd = _weights(wells, b, beta)
    V = potential(wells, u)
    mean_u, mean_V = np.einsum("sij,sij->si", odd, u), np.einsum("sij,sij->si", even, V)
    V -= mean_V[..., None]
    return Moments(
        ln_Z=peak + np.log(Z),
        u=mean_u,
        var_u=np.einsum("sij,sij,sij->si", even, u, u) - mean_u**2,
        V=mean_V,
        cov=np.einsum("sij,sij,sij->si", odd, u, V),
        var_V=np.einsum("sij,sij,sij->si", even, V, V),
    )


def _interval(wells: Wells, b: Array, beta: float) -> tuple[Array, Array, Array]:
    """Lower end, maximum and upper end of the exponent b u − βV(u) on u ≥ 0, shapes (2, k).

    At a distance t beyond the maximum u₀ it has fallen by β (A t²/2 + 4 quartic u₀ t³ + quartic t⁴), A = V''(u₀) ≥ 0.
    Before it the cubic term has the other sign; up to the distance s₁ below, A t²/6 bounds the fall from below.
    """
    _, curvature, quartic = np.transpose(wells)[:, :, None]
    q4 = beta * quartic
    top = _maximum(curvature / (4 * quartic), b / (4 * q4))
    A = np.maximum(beta * curvature + 12 * q4 * top**2, 0.0)
    with np.errstate(divide="ignore", over="ignore"):  # an infinite distance is no bound
        beyond = np.minimum(np.sqrt(2 * DROP / A), np.cbrt(DROP / (4 * q4 * top)))
        before = np.sqrt(6 * DROP / A)
    high = top + np.minimum(beyond, (DROP / q4) ** 0.25)
    inside = 4 * top**2 - A / (3 * q4)
    s_1 = np.where(inside > 0, 2 * top - np.sqrt(np.maximum(inside, 0.0)), np.inf)
    return np.where(before <= s_1, np.maximum(top - before, 0.0), 0.0), top, high


def _maximum(p: Array, r: Array) -> Array:
    """The largest real root of u³ + p u = r for r ≥ 0, in closed form."""
    scale = 2 * np.sqrt(np.maximum(np.abs(p), 1e-200) / 3)
    t = 3 * r / (scale**3 * 0.75)
    single = np.sinh(np.arcsinh(t) / 3)
    double = np.where(t < 1, np.cos(np.arccos(np.minimum(t, 1)) / 3), np.cosh(np.arccosh(np.maximum(t, 1)) / 3))
    return np.asarray(np.where(np.abs(p) < 1e-100, np.cbrt(r), scale * np.where(p > 0, single, double)))
