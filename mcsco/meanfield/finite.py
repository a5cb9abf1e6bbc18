"""Exact sums over all configurations of a finite crystal whose couplings all have infinite range.

A long-range kernel that is one number for every k ≠ 0 counts as such: by the theorem of Bitter and Crum, that of
isotropic elasticity without shear. The energy then depends on the numbers of molecules in each state only,

    P(N₊, N₋) ∝ N!/(N₊! N₋! (N−N₊−N₋)!) · g^{N₊+N₋} exp(−N e(γ, η)/T),   γ = (N₊+N₋)/N,  η = (N₊−N₋)/N

and a double sum gives every average without statistical error. Without distortion it is a single sum over N_HS; with a
continuous one it is a sum over N_HS and an integral over Σu (`mcsco.meanfield.finite_displacive`).
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_integer, check_real
from mcsco.meanfield.displacive import DisplaciveSite
from mcsco.meanfield.finite_displacive import Joint, joint
from mcsco.meanfield.parameters import parameters_of
from mcsco.meanfield.potential import Array, interaction_energy
from mcsco.model import Model

LARGEST = 16384
LARGEST_DISPLACIVE = 4096
BLOCK = 64


class Averages(NamedTuple):
    """Canonical averages of a finite crystal at one temperature."""

    T: float
    """K."""
    gamma: float
    q: float
    eta: float
    """⟨η⟩ with its sign; zero at zero field."""
    eta_abs: float
    """⟨|η|⟩."""
    eta2: float
    """⟨η²⟩."""
    eta4: float
    """⟨η⁴⟩."""
    energy: float
    """⟨H⟩/N in kJ/mol, without the T ln g of the weight."""
    var_gamma: float
    """Variance of γ (not multiplied by N)."""
    var_energy: float
    """Variance of H/N, (kJ/mol)²."""
    heat_capacity: float
    """d⟨H⟩/dT per molecule, J/(mol K)."""
    free_energy: float
    """−(T/N) ln Z, kJ/mol."""
    entropy: float
    """(⟨H⟩/N − free energy)/T, J/(mol K)."""


class Surface(NamedTuple):
    """Free energy of a finite crystal as a function of its order parameters."""

    T: float
    """K."""
    gamma: Array
    """N_HS/N, shape (N+1,)."""
    eta: Array
    """Shape (m,), equidistant; one zero without distortion."""
    free_energy: Array
    """−(T/N) ln p in kJ/mol, shape (N+1, m), p the probability density of (γ, η); inf where p vanishes."""


class FiniteSize:
    """Exact statistics of N molecules of a model whose couplings all have infinite range.

    Parameters
    ----------
    model : Model
        Without `NearestNeighbours` couplings; elasticity and `LongRange` only if J(k) is the same for every k ≠ 0.
    n_sites : int, optional
        N, by default that of the model's lattice.
    pressure : float
        P, GPa.
    field : float
        h, kJ/mol, conjugate to η.

    Raises
    ------
    InputError
        If a coupling is not of infinite range, N is out of bounds, or another argument is not what it should be.

    Examples
    --------
    >>> import mcsco
    >>> small = mcsco.meanfield.FiniteSize(mcsco.presets.load("pmpea-volume"), n_sites=64)
    >>> print(f"{small.averages(235.0).gamma:.6f}")
    0.919618
    """

    def __init__(self, model: Model, n_sites: int | None = None, pressure: float = 0.0, field: float = 0.0) -> None:
        self._p = parameters_of(model, pressure, field, neighbours=False)
        given = model.lattice.n_sites if n_sites is None else n_sites
        self.n_sites = check_integer("n_sites", given, minimum=1)
        largest = LARGEST if self._p.wells is None else LARGEST_DISPLACIVE
        if self._p.distorts and self.n_sites > largest:
            raise InputError(
                f"n_sites = {self.n_sites}: the double sum is limited to {largest} molecules; give a smaller n_sites"
            )

    def averages(self, T: float) -> Averages:
        """Every average of `Averages` at `T` in K; time grows as N², without distortion as N."""
        p, N = self._p, self.n_sites
        T = check_real("temperature", T, above=0.0, unit="K")
        if p.wells is not None:
            return _averages(joint(DisplaciveSite(p), N, T), N, T)
        n = np.arange(N + 1) / N
        log_row = np.empty(N + 1)  # ln of the weight of N_HS, summed over the distortions
        moments = np.empty((6, N + 1))  # <m>, <|m|>, <m^2>, <m^4>, <e>, <e^2> at given N_HS
        for rows, m, log_weight in self._blocks(T):
            top = log_weight.max(axis=1)
            weight = np.exp(log_weight - top[:, None])
            total = weight.sum(axis=1)
            log_row[rows] = top + np.log(total)
            weight /= total[:, None]
            m2 = m * m
            e = -(p.K / 2 + p.L * n[rows, None]) * m2 - p.field * m
            for row, x in zip(moments, (m, np.abs(m), m2, m2 * m2, e, e * e), strict=True):
                row[rows] = np.einsum("ij,ij->i", weight, x)
        top_row = log_row.max()
        P = np.exp(log_row - top_row)
        log_Z = float(top_row + np.log(P.sum()))
        P /= P.sum()
        eta, eta_abs, eta2, eta4, pair_energy = (float(P @ row) for row in moments[:5])
        e_n = p.enthalpy * n + p.Gamma * n * (1 - n)
        gamma, energy = float(P @ n), float(P @ e_n) + pair_energy
        # about the mean, so that the small variance of a large crystal keeps its digits
        deviation = e_n + moments[4] - energy
        var_energy = float(P @ (deviation**2 + np.maximum(moments[5] - moments[4] ** 2, 0)))
        energy, free_energy = energy + p.offset, p.offset - T * log_Z / N
        return Averages(
            T=T,
            gamma=gamma,
            q=2 * gamma - 1,
            eta=eta,
            eta_abs=eta_abs,
            eta2=eta2,
            eta4=eta4,
            energy=energy * units.KELVIN,
            var_gamma=float(P @ (n - gamma) ** 2),
            var_energy=var_energy * units.KELVIN**2,
            heat_capacity=N * var_energy / T**2 * units.R,
            free_energy=free_energy * units.KELVIN,
            entropy=(energy - free_energy) / T * units.R,
        )

    def log_probability(self, T: float) -> Array:
        """Logarithm of P at `T` in K.

        Returns
        -------
        ndarray
            Shape (N+1, N+1), indices N₊ and N₋, −inf where N₊ + N₋ > N; without distortion (N+1,), index N_HS.
        """
        N = self.n_sites
        T = check_real("temperature", T, above=0.0, unit="K")
        if self._p.wells is not None:
            raise InputError("log_probability: a continuous distortion has a density instead; use surface(T)")
        table = np.full((N + 1, N + 1) if self._p.distorts else (N + 1,), -np.inf)
        for rows, _, log_weight in self._blocks(T):
            k, plus = np.broadcast_arrays(rows[:, None], np.arange(log_weight.shape[1]))
            possible = plus <= k
            if self._p.distorts:
                table[plus[possible], (k - plus)[possible]] = log_weight[possible]
            else:
                table[rows] = log_weight[:, 0]
        table -= table.max()
        return np.asarray(table - np.log(np.exp(table).sum()))

    def surface(self, T: float) -> Surface:
        """−(T/N) ln p(γ, η) at `T` in K, p normalised as a density of γ and η.

        For large N it is the variational free energy of `MeanField` less that of the whole crystal, up to ln N/N. Three
        states have N_HS + Nη even; between these points the formula is continued with the gamma function, so that
        the grid has no holes, but only they carry probability, 2/N of η each.
        """
        p, N = self._p, self.n_sites
        T = check_real("temperature", T, above=0.0, unit="K")
        gamma = np.arange(N + 1) / N
        if p.wells is not None:
            found = joint(DisplaciveSite(p), N, T)
            eta, log_density = found.eta, found.log_density
            total = np.log(found.eta[1] - found.eta[0])
        else:
            eta = np.arange(-N, N + 1) / N if p.distorts else np.zeros(1)
            log_density = self._continued(gamma[:, None], eta, T)
            total = np.log(2 / N) if p.distorts else 0.0
        carries = np.isfinite(log_density)
        if p.distorts and p.wells is None:
            carries &= (np.add.outer(np.arange(N + 1), np.arange(-N, N + 1)) % 2) == 0
        top = log_density[carries].max()
        total += top + np.log(np.exp(log_density[carries] - top).sum()) - np.log(N)  # each γ stands for 1/N
        return Surface(T, gamma, eta, np.asarray((total - log_density) * T / N * units.KELVIN))

    def _continued(self, gamma: Array, eta: Array, T: float) -> Array:
        """Ln of the weight of (γ, η), −inf where there is no state."""
        from scipy.special import gammaln

        p, N = self._p, self.n_sites
        e = interaction_energy(p, gamma, eta)
        states = [(gamma + eta) / 2, (gamma - eta) / 2] if p.distorts else [gamma]
        possible = np.abs(eta) <= gamma + 1e-9
        counts = sum(gammaln(np.where(possible, x, 0.0) * N + 1) for x in (1 - gamma, *states))
        return np.where(possible, gammaln(N + 1) - counts + N * (gamma * p.ln_g - e / T), -np.inf)

    @cached_property
    def _log_factorial(self) -> Array:
        from scipy.special import gammaln

        return np.asarray(gammaln(np.arange(self.n_sites + 1) + 1.0))

    def _blocks(self, T: float) -> Iterator[tuple[npt.NDArray[np.int64], Array, Array]]:
        """(N_HS, η, ln weight) for a few N_HS at a time; shapes (k,), (k, j), (k, j) with N₊ = 0 ... j−1."""
        p, N, ln_fact = self._p, self.n_sites, self._log_factorial
        for first in range(0, N + 1, BLOCK if p.distorts else N + 1):
            k = np.arange(first, min(first + BLOCK, N + 1) if p.distorts else N + 1)
            n = k / N
            e = p.enthalpy * n + p.Gamma * n * (1 - n)
            of_row = ln_fact[N] - ln_fact[N - k] + k * p.ln_g - N / T * e
            if not p.distorts:
                yield k, np.zeros((k.size, 1)), (of_row - ln_fact[k])[:, None]
                continue
            plus = np.arange(k[-1] + 1)
            minus = k[:, None] - plus
            m = (2 * plus - k[:, None]) / N
            split = -ln_fact[plus] - ln_fact[np.abs(minus)]
            split += (N / T) * ((p.K / 2 + p.L * n[:, None]) * m + p.field) * m
            split[minus < 0] = -np.inf
            yield k, m, of_row[:, None] + split


def _averages(found: Joint, N: int, T: float) -> Averages:
    """`Averages` of N molecules with a continuous distortion."""
    top = found.log_density.max()
    P = np.exp(found.log_density - top)
    d_M = N * (found.eta[1] - found.eta[0])
    log_Z = float(top + np.log(P.sum() * d_M))
    P /= P.sum()
    n, of_eta, energies = np.arange(N + 1) / N, P.sum(axis=0), found.e + found.V
    gamma, energy = float(P.sum(axis=1) @ n), float(np.sum(P * energies))
    var_energy = float(np.sum(P * ((energies - energy) ** 2 + found.var_V)))
    free_energy = -T * log_Z / N
    return Averages(
        T=T,
        gamma=gamma,
        q=2 * gamma - 1,
        eta=float(of_eta @ found.eta),
        eta_abs=float(of_eta @ np.abs(found.eta)),
        eta2=float(of_eta @ found.eta**2),
        eta4=float(of_eta @ found.eta**4),
        energy=energy * units.KELVIN,
        var_gamma=float(P.sum(axis=1) @ (n - gamma) ** 2),
        var_energy=var_energy * units.KELVIN**2,
        heat_capacity=N * var_energy / T**2 * units.R,
        free_energy=free_energy * units.KELVIN,
        entropy=(energy - free_energy) / T * units.R,
    )
