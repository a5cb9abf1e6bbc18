"""Exact sums over all configurations of a finite crystal of unequal sites whose couplings have infinite range.

Beside `Intramolecular` all couplings of such a crystal know only the numbers of HS molecules on the two sublattices, so
that with the weights w_p(n, m) of the four states of every pair p of sites

    Z = Σ exp[−(N/2) E(n_a, n_b)/T] c(n_a, n_b),      Σ c(n_a, n_b) x^{n_a} y^{n_b} = Π_p Σ w_p(n, m) x^n y^m

with E of `mcsco.meanfield.sublattice_energy`. The product is multiplied out pair by pair, in logarithms, with the means
of what the pairs carry at given n_a and n_b; it holds for one realisation of the disorder, that of `Model.sites`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.meanfield.potential import Array
from mcsco.meanfield.sublattice_energy import check_model, sublattice_energy
from mcsco.model import Model
from mcsco.model.disorder import EMPTY, FREE
from mcsco.model.energy import site_enthalpy

LARGEST = 1024


class SublatticeAverages(NamedTuple):
    """Canonical averages of a finite crystal of two sublattices at one temperature; energies per site."""

    T: float
    """K."""
    gamma: float
    """HS fraction of all molecules."""
    gamma_a: float
    """HS fraction of the molecules of the first sublattice."""
    gamma_b: float
    difference: float
    """⟨|γ_a − γ_b|⟩."""
    var_gamma: float
    """Variance of γ (not multiplied by N)."""
    energy: float
    """⟨H⟩/N in kJ/mol, without the T ln g of the weight."""
    heat_capacity: float
    """d⟨H⟩/dT per site, J/(mol K)."""
    free_energy: float
    """−(T/N) ln Z, kJ/mol; pinned HS molecules have their weight g too."""
    molecules: tuple[float, float, float, float]
    """Fractions of LS-LS, HS-LS, LS-HS and HS-HS (first centre first) among molecules that have both centres; nan
    without second centres."""


class SublatticeFiniteSize:
    """Exact statistics of a finite crystal of two sublattices, for one realisation of its disorder.

    Parameters
    ----------
    model : Model
        On a lattice of even extents, up to 1024 sites; without distortion, `NearestNeighbours`, elasticity and
        `LongRange`. Time and memory grow as N³ and N².
    pressure : float
        P, GPa.

    Raises
    ------
    InputError
        If the model is not such a one.

    Examples
    --------
    >>> import mcsco
    >>> crystal = mcsco.meanfield.SublatticeFiniteSize(mcsco.presets.load("dinuclear", (4, 4)))
    >>> print(f"{crystal.averages(110.0).gamma_a:.4f}")
    0.5001
    """

    def __init__(self, model: Model, pressure: float = 0.0) -> None:
        check_model(model)
        self.model, self.pressure = model, check_real("pressure", pressure, unit="GPa")
        lattice = model.lattice
        if model.distortion is not None or model.couplings.J:
            raise InputError(
                "model: has a distortion or nearest-neighbour couplings, but the exact sum knows neither; drop them"
            )
        if not lattice.has_sublattices or lattice.n_sites > LARGEST:
            raise InputError(
                f"lattice shape = {lattice.shape}: the exact sum needs even extents and at most {LARGEST} sites"
            )
        self._energy = sublattice_energy(model, 0.0)._replace(diluent=0.0)
        self._first = np.flatnonzero(lattice.sublattice() == 0)
        self._second = lattice.partners().astype(np.intp)[self._first]

    def __repr__(self) -> str:
        return f"SublatticeFiniteSize({self.model!r}, pressure={self.pressure!r})"

    def log_probability(self, T: float) -> Array:
        """Logarithm of the probability of (N_a, N_b) HS molecules at `T` in K.

        Returns
        -------
        ndarray
            Shape (N/2 + 1, N/2 + 1), −inf where pins and missing molecules forbid it.
        """
        log_weight, _, _ = self._table(check_real("temperature", T, above=0.0, unit="K"))
        return np.asarray(log_weight - np.logaddexp.reduce(log_weight, axis=None))

    def averages(self, T: float) -> SublatticeAverages:
        """Every average of `SublatticeAverages` at `T` in K."""
        T = check_real("temperature", T, above=0.0, unit="K")
        N = self.model.lattice.n_sites
        log_weight, carried, square = self._table(T)
        log_Z = float(np.logaddexp.reduce(log_weight, axis=None))
        P = np.exp(log_weight - log_Z)
        n = np.arange(N // 2 + 1)
        molecule = self._is_molecule
        of_a, of_b = (float(molecule[sites].sum()) for sites in (self._first, self._second))
        a, b = n[:, None] / max(of_a, 1), n[None, :] / max(of_b, 1)
        gamma = (n[:, None] + n[None, :]) / (of_a + of_b)
        mean_gamma = float((P * gamma).sum())
        rest = self._interaction()
        energy = float((P * (rest + carried[0])).sum())
        var = float((P * ((rest + carried[0] - energy) ** 2 + np.maximum(square - carried[0] ** 2, 0.0))).sum())
        whole = float((molecule[self._first] & molecule[self._second]).sum())
        states = [float((P * row).sum()) / whole if self.model.second and whole else np.nan for row in carried[1:]]
        return SublatticeAverages(
            T=T,
            gamma=mean_gamma,
            gamma_a=float((P * a).sum()) if of_a else np.nan,
            gamma_b=float((P * b).sum()) if of_b else np.nan,
            difference=float((P * np.abs(a - b)).sum()),
            var_gamma=float((P * (gamma - mean_gamma) ** 2).sum()),
            energy=energy / N * units.KELVIN,
            heat_capacity=var / T**2 / N * units.R,
            free_energy=-T * log_Z / N * units.KELVIN,
            molecules=(states[0], states[1], states[2], states[3]),
        )

    @property
    def _is_molecule(self) -> npt.NDArray[np.bool_]:
        sites = self.model.sites
        return np.ones(self.model.lattice.n_sites, dtype=bool) if sites is None else sites.kind.ravel() != EMPTY

    def _interaction(self) -> Array:
        """Energy in K of the couplings of infinite range, shape (N/2 + 1, N/2 + 1)."""
        half = self.model.lattice.n_sites // 2
        host = self.model.disorder.host if self.model.disorder else 0.0
        missing = [(~self._is_molecule[sites]).sum() * (1 + host) / 2 for sites in (self._first, self._second)]
        a, b = ((np.arange(half + 1) + extra) / half for extra in missing)
        x = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1)
        return np.asarray(half * self._energy.value(x))

    def _table(self, T: float) -> tuple[Array, Array, Array]:
        """Ln of the weight of (N_a, N_b), means of (E, numbers of the four states) at given ones, mean of E²."""
        entropy, energy, whole = self._pairs()
        half = len(energy)
        log_c = np.full((half + 1, half + 1), -np.inf)
        log_c[0, 0] = 0.0
        carried, square = np.zeros((5, half + 1, half + 1)), np.zeros((half + 1, half + 1))
        for s, e, is_whole in zip(entropy, energy, whole, strict=True):
            log_c, carried, square = _multiplied(log_c, carried, square, s - e / T, e, float(is_whole))
        return log_c - self._interaction() / T, carried, square

    def _pairs(self) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
        """s/R and E in K of LS-LS, HS-LS, LS-HS, HS-HS of every pair, shape (N/2, 4), and whether it is whole."""
        model = self.model
        sites, host = model.sites, model.disorder.host if model.disorder else 0.0
        cost = site_enthalpy(model, self.pressure).ravel() / units.KELVIN
        centres = [model.spin, model.spin if model.second is None else model.second]
        n = [np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])]
        inner = model.sublattice_couplings[0] / units.KELVIN
        entropy, energy, sigma = np.zeros((len(self._first), 4)), np.zeros((len(self._first), 4)), []
        for k, index in enumerate((self._first, self._second)):
            kind = np.full(len(index), FREE) if sites is None else sites.kind.ravel()[index]
            pin = np.zeros(len(index)) if sites is None else sites.n.ravel()[index]
            entropy += n[k] * centres[k].ln_g
            entropy[(kind[:, None] != FREE) & (n[k] != pin[:, None])] = -np.inf
            energy += n[k] * cost[index][:, None]
            sigma.append(np.where(kind[:, None] == EMPTY, host, 2.0 * n[k] - 1))
        whole = self._is_molecule[self._first] & self._is_molecule[self._second]
        return entropy, energy - inner * sigma[0] * sigma[1], whole


def _multiplied(
    log_c: Array, carried: Array, square: Array, level: Array, energy: Array, whole: float
) -> tuple[Array, Array, Array]:
    """The product with one more pair, whose four states have the logarithms `level` of their weights."""
    logs = np.full((4, *log_c.shape), -np.inf)
    means, squares = np.zeros((4, *carried.shape)), np.zeros((4, *log_c.shape))
    for k in range(4):
        a, b = k % 2, k // 2
        rows, columns = len(log_c) - a, log_c.shape[1] - b
        logs[k, a:, b:] = log_c[:rows, :columns] + level[k]
        means[k, :, a:, b:] = carried[:, :rows, :columns]
        squares[k, a:, b:] = square[:rows, :columns] + (2 * carried[0, :rows, :columns] + energy[k]) * energy[k]
        means[k, 0] += energy[k]
        means[k, 1 + k] += whole
    total = np.logaddexp.reduce(logs, axis=0)
    p = np.exp(logs - np.where(np.isfinite(total), total, 0.0))
    return total, np.einsum("kab,kqab->qab", p, means), np.einsum("kab,kab->ab", p, squares)
