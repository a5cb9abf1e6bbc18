"""The two-dimensional Ising model on a finite torus, solved exactly (Kaufman, DOI 10.1103/PhysRev.76.1232).

With K = J/T, n rows of m sites, N = mn and γ_1 … γ_2m from

    cosh γ_l = cosh 2K coth 2K − cos(πl/m),   γ_2m = γ_0 = 2K + ln tanh K,

    Z = ½ (2 sinh 2K)^(N/2) [∏ 2cosh(nγ_l/2) + ∏ 2sinh(nγ_l/2), l odd, + ∏ 2cosh(nγ_l/2) + ∏ 2sinh(nγ_l/2), l even].

γ_0 carries its sign, which changes at the critical point: so does the last product, and of the two ordered phases one
partition function is left above. Energy and specific heat are derivatives of ln Z with respect to K. They are
carried along exactly, as the first coefficients of a Taylor series, in decimals of 60 digits: the products exceed every
float, and at the critical point the last one vanishes while its derivative does not, so that logarithms would fail.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

DIGITS = 60

CRITICAL = float(2 / np.log(1 + np.sqrt(2)))
"""Critical temperature of the infinite lattice, in units of J/k_B."""


class Thermodynamics(NamedTuple):
    """Per site, with J = k_B = 1."""

    energy: float
    heat_capacity: float


class Series(NamedTuple):
    """f(K) and its first two derivatives."""

    f: Decimal
    d: Decimal = Decimal(0)
    dd: Decimal = Decimal(0)

    def plus(self, other: Series) -> Series:
        """Sum."""
        return Series(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, number: Decimal) -> Series:
        """Product with a number."""
        return Series(*(number * a for a in self))

    def __mul__(self, other: Series) -> Series:
        a, b = self, other
        return Series(a.f * b.f, a.d * b.f + a.f * b.d, a.dd * b.f + 2 * a.d * b.d + a.f * b.dd)

    def through(self, f: Decimal, d: Decimal, dd: Decimal) -> Series:
        """A function of the series, from its value and its two derivatives (chain rule)."""
        return Series(f, d * self.d, dd * self.d**2 + d * self.dd)

    def exp(self) -> Series:
        """Exponential."""
        y = self.f.exp()
        return self.through(y, y, y)

    def ln(self) -> Series:
        """Logarithm."""
        return self.through(self.f.ln(), 1 / self.f, -1 / self.f**2)

    def sqrt(self) -> Series:
        """Square root."""
        y = self.f.sqrt()
        return self.through(y, 1 / (2 * y), -1 / (4 * y * self.f))

    def inverse(self) -> Series:
        """Reciprocal."""
        return self.through(1 / self.f, -1 / self.f**2, 2 / self.f**3)


def two_cosh(x: Series) -> Series:
    return x.exp().plus(x.times(Decimal(-1)).exp())


def two_sinh(x: Series) -> Series:
    return x.exp().plus(x.times(Decimal(-1)).exp().times(Decimal(-1)))


def pi() -> Decimal:
    """π by Machin's formula."""

    def arccot(x: int) -> Decimal:
        power = total = 1 / Decimal(x)
        for k in range(1, DIGITS):
            power /= -x * x
            total += power / (2 * k + 1)
        return total

    return 4 * (4 * arccot(5) - arccot(239))


def cosine(x: Decimal) -> Decimal:
    """Cosine of x by its power series, |x| ≤ 2π."""
    term = total = Decimal(1)
    for k in range(1, DIGITS):
        term *= -x * x / ((2 * k - 1) * (2 * k))
        total += term
    return total


def log_partition_function(shape: tuple[int, int], K: Decimal) -> Series:
    """Logarithm of Z of the torus, and its first two derivatives with respect to K."""
    n, m = shape
    K_ = Series(K, Decimal(1))
    sinh, cosh = (function(K_.times(Decimal(2))).times(Decimal("0.5")) for function in (two_sinh, two_cosh))
    tanh = two_sinh(K_) * two_cosh(K_).inverse()
    gamma = [K_.times(Decimal(2)).plus(tanh.ln())]
    for index in range(1, 2 * m):
        c = (cosh * cosh * sinh.inverse()).plus(Series(-cosine(pi() * index / m)))
        gamma.append(c.plus((c * c).plus(Series(Decimal(-1))).sqrt()).ln())
    total = Series(Decimal(0))
    for first in (1, 0):
        for function in (two_cosh, two_sinh):
            factors = (function(g.times(Decimal(n) / 2)) for g in gamma[first::2])
            total = total.plus(prod(factors, start=Series(Decimal(1))))
    return total.ln().plus(sinh.times(Decimal(2)).ln().times(Decimal(n * m) / 2)).plus(Series(-Decimal(2).ln()))


def exact(shape: tuple[int, int], T: float) -> Thermodynamics:
    """Energy and specific heat per site of a torus at temperature T, in units of J and k_B."""
    with localcontext() as context:
        context.prec = DIGITS
        K = 1 / Decimal(T)
        ln_Z = log_partition_function(shape, K)
        N = shape[0] * shape[1]
        return Thermodynamics(float(-ln_Z.d / N), float(K**2 * ln_Z.dd / N))


def enumerated(shape: tuple[int, int], T: float) -> Thermodynamics:
    """The same by a sum over all configurations."""
    sigma = np.array(list(product((-1, 1), repeat=shape[0] * shape[1])), dtype=np.int8).reshape(-1, *shape)
    energy = -sum((sigma * np.roll(sigma, 1, axis)).sum(axis=(1, 2)) for axis in (1, 2)).astype(float)
    weight = np.exp(-(energy - energy.min()) / T)
    mean, N = np.average(energy, weights=weight), shape[0] * shape[1]
    return Thermodynamics(float(mean / N), float(np.average((energy - mean) ** 2, weights=weight) / T**2 / N))


def onsager_energy(T: float) -> float:
    """Energy per site of the infinite lattice (Onsager, DOI 10.1103/PhysRev.65.117), T ≠ `CRITICAL`."""
    from scipy.special import ellipk

    K = 1 / T
    k = 2 * np.sinh(2 * K) / np.cosh(2 * K) ** 2
    return float(-(1 + 2 / np.pi * (2 * np.tanh(2 * K) ** 2 - 1) * ellipk(k**2)) / np.tanh(2 * K))
