"""Exact averages of a finite crystal of blocks under one global strain: a sum over q, a quadrature over η.

The N_b = N/n_d spins enter through the number k of HS blocks only, and η is one real number,

    P(k, η) ∝ N_b!/(k! (N_b−k)!) · g^(N q/2) exp(−H(q, η)/T),   q = 2k/N_b − 1

For each k the integral over η is taken by a Gauss-Legendre rule between the bounds where the integrand has fallen to
e⁻⁵⁰ of its maximum. These are known in closed form, because in ζ = (N b/T)^(1/4) η the weight is
exp(−ζ⁴/4 − a ζ²).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_integer, check_real
from mcsco.meanfield.finite import Averages
from mcsco.model.bridge import GlobalStrain

Array = npt.NDArray[np.float64]

NODES = 96
"""Of the quadrature; 64 leave the moments unchanged to 10⁻¹² for every N and T tried."""
FALL = 50.0
"""Logarithm by which the integrand has fallen at the bounds."""
ROWS = 4096
LARGEST = 2**22


class BridgeFiniteSize:
    """Exact statistics of N molecules of a `GlobalStrain` model, η integrated over all real numbers.

    Parameters
    ----------
    model : GlobalStrain
    n_molecules : int
        N, a multiple of the block size, at most 2²² blocks.
    pressure : float
        P, GPa.

    Raises
    ------
    InputError
        If an argument is not what it should be.

    Examples
    --------
    >>> from mcsco.meanfield import BridgeFiniteSize
    >>> from mcsco.model.bridge import pmpea_bridge
    >>> print(f"{BridgeFiniteSize(pmpea_bridge(), 64).averages(235.0).q:.6f}")
    0.853521
    """

    def __init__(self, model: GlobalStrain, n_molecules: int, pressure: float = 0.0) -> None:
        if not isinstance(model, GlobalStrain):
            raise InputError(f"model = {model!r}: must be a GlobalStrain, e.g. mcsco.model.bridge.pmpea_bridge()")
        self.model = model
        self._p = model.coefficients(pressure)
        self.n_molecules = check_integer("n_molecules", n_molecules, minimum=1)
        self.n_blocks = model.n_blocks(self.n_molecules)
        if self.n_blocks > LARGEST:
            raise InputError(f"n_molecules = {n_molecules}: at most {LARGEST} blocks can be summed; give fewer")

    def averages(self, T: float) -> Averages:
        """Every average of `Averages` at `T` in K; energies as in `GlobalStrain.energy`, ln Z with the measure dη."""
        N = self.n_molecules
        T = check_real("temperature", T, above=0.0, unit="K")
        rows = [self._moments(q, log_weight, T) for q, log_weight in self._blocks(T)]
        q, log_row, eta_abs, eta2, eta4, energy, var_rest = (
            np.concatenate(column) for column in zip(*rows, strict=True)
        )
        P = np.exp(log_row - log_row.max())
        log_Z = float(log_row.max() + np.log(P.sum()))
        P /= P.sum()
        mean_q, mean_energy = float(P @ q), float(P @ energy)
        # about the mean, so that the small variance of a large crystal keeps its digits
        var_energy = float(P @ ((energy - mean_energy) ** 2 + var_rest))
        free_energy = -T * log_Z / N
        return Averages(
            T=T,
            gamma=(1 + mean_q) / 2,
            q=mean_q,
            eta=0.0,
            eta_abs=float(P @ eta_abs),
            eta2=float(P @ eta2),
            eta4=float(P @ eta4),
            energy=mean_energy * units.KELVIN,
            var_gamma=float(P @ (q - mean_q) ** 2) / 4,
            var_energy=var_energy * units.KELVIN**2,
            heat_capacity=N * var_energy / T**2 * units.R,
            free_energy=free_energy * units.KELVIN,
            entropy=(mean_energy - free_energy) / T * units.R,
        )

    def probability_of_q(self, T: float) -> tuple[Array, Array]:
        """(q, P(q)) at `T` in K, each of shape (N_b + 1,), η integrated out."""
        T = check_real("temperature", T, above=0.0, unit="K")
        rows = [self._moments(q, log_weight, T)[:2] for q, log_weight in self._blocks(T)]
        q, log_row = (np.concatenate(column) for column in zip(*rows, strict=True))
        P = np.exp(log_row - log_row.max())
        return q, P / P.sum()

    @cached_property
    def _rule(self) -> tuple[Array, Array]:
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        return (nodes + 1) / 2, weights / 2

    def _blocks(self, T: float) -> Iterator[tuple[Array, Array]]:
        """Values of q and the logarithms of their weights without the terms of η, a few k at a time."""
        from scipy.special import gammaln

        p, n = self._p, self.n_blocks
        for first in range(0, n + 1, ROWS):
            k = np.arange(first, min(first + ROWS, n + 1))
            q = (2 * k - n) / n
            spin = (p.enthalpy - T * p.ln_g) / 2 * q + p.B / 2 * q**2 + p.C / 4 * q**4
            choices = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
            yield q, np.asarray(choices - self.n_molecules / T * spin)

    def _moments(self, q: Array, log_weight: Array, T: float) -> tuple[Array, ...]:
        """(q, ln weight, <|η|>, <η²>, <η⁴>, <e>, var e) at given q, each of the shape of `q`; e in K."""
        p = self._p
        scale = (self.n_molecules * p.b / T) ** 0.25  # ζ/η
        A = (p.D + p.E / 2 * q) * q
        a = (A / p.b * scale**2)[:, None]
        peak = np.maximum(-2 * a, 0.0)  # of ζ²
        width = np.where(a < 0, np.sqrt(4 * FALL), 2 * (np.hypot(a, np.sqrt(FALL)) - np.maximum(a, 0.0)))
        low, high = np.sqrt(np.maximum(peak - width, 0.0)), np.sqrt(peak + width)
        nodes, weights = self._rule
        zeta = low + (high - low) * nodes
        square = zeta**2
        exponent = -(square**2) / 4 - a * square
        top = np.where(a < 0, a**2, 0.0)
        weight = weights * np.exp(exponent - top)
        total = weight.sum(axis=1)
        log_row = log_weight + top[:, 0] + np.log(2 * (high - low)[:, 0] * total / scale)
        weight /= total[:, None]
        eta2 = square / scale**2
        strain = A[:, None] * eta2 + p.b / 4 * eta2**2
        mean = np.einsum("ij,ij->i", weight, strain)
        variance = np.einsum("ij,ij->i", weight, (strain - mean[:, None]) ** 2)
        moments = [np.einsum("ij,ij->i", weight, x) for x in (zeta / scale, eta2, eta2**2)]
        spin = p.enthalpy / 2 * q + p.B / 2 * q**2 + p.C / 4 * q**4
        return q, log_row, *moments, spin + mean, variance
