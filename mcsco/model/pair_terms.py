"""All pair interactions of long range brought to one form, which oracle, mean field and engine share.

H = ½ Σ_i θ_i·S θ_i + Σ_i l·θ_i − ½ Σ_k θ*_k·J(k) θ_k + N c,   θ = (n, u),  θ_k = N^(−1/2) Σ_i θ_i exp(−i k·r_i)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.model.elasticity import Elasticity
from mcsco.model.long_range import LongRange

if TYPE_CHECKING:
    from mcsco.model.model import Model

Array = npt.NDArray[np.float64]


class PairTerms(NamedTuple):
    """Coefficients in kJ/mol."""

    J: Array
    """J(k) on the grid of `numpy.fft.fftn`, shape (*lattice, 2, 2)."""
    S: Array
    """On-site quadratic form, shape (2, 2)."""
    linear: Array
    """On-site linear terms at zero pressure, shape (2,)."""
    per_pressure: Array
    """What 1 GPa adds to `linear`, shape (2,)."""
    constant: float
    """c."""

    def energy(self, theta: Array, pressure: float = 0.0) -> float:
        """H in kJ/mol of a configuration θ, shape (2, *lattice), by a sum over k."""
        return float(self.energies(theta[:, None])[0] + pressure * self.per_pressure @ theta.reshape(2, -1).sum(axis=1))

    def energies(self, theta: Array) -> Array:
        """H in kJ/mol at zero pressure of many configurations θ, shape (2, R, *lattice); shape (R,)."""
        R = theta.shape[1]
        axes = tuple(range(2, theta.ndim))
        modes = np.fft.fftn(theta, axes=axes).reshape(2, R, -1)
        N = modes.shape[2]
        nn, nu, uu = (self.J[..., p, q].reshape(N) for p, q in ((0, 0), (0, 1), (1, 1)))
        n, u = modes
        pairs = (np.abs(n) ** 2 @ nn + np.abs(u) ** 2 @ uu + 2.0 * (n.conj() * u).real @ nu) / N
        sites = theta.reshape(2, R, N)
        on_site = np.einsum("pri,pq,qri->r", sites, self.S, sites)
        energies: Array = 0.5 * on_site + self.linear @ sites.sum(axis=2) - 0.5 * pairs + N * self.constant
        return energies

    def energy_in_real_space(self, theta: Array, pressure: float = 0.0) -> float:
        """The same by a double sum over sites; for small lattices."""
        shape, N = theta.shape[1:], theta[0].size
        axes = tuple(range(len(shape)))
        coupling = np.fft.ifftn(self.J, axes=axes).real
        sites = list(np.ndindex(*shape))
        total = N * self.constant
        for i in sites:
            x = theta[(slice(None), *i)]
            total += 0.5 * x @ self.S @ x + (self.linear + pressure * self.per_pressure) @ x
            for j in sites:
                r = tuple((a - b) % extent for a, b, extent in zip(i, j, shape, strict=True))
                total -= 0.5 * x @ coupling[r] @ theta[(slice(None), *j)]
        return float(total)


def pair_terms(model: Model) -> PairTerms | None:
    """The long-range pair interactions of a model added up, or None if it has none."""
    terms = [term for term in model.interactions if isinstance(term, Elasticity | LongRange)]
    if not terms:
        return None
    shape, d = model.lattice.shape, model.lattice.n_dimensions
    J, S = np.zeros((*shape, 2, 2)), np.zeros((2, 2))
    linear, per_pressure, constant = np.zeros(2), np.zeros(2), 0.0
    for term in terms:
        if isinstance(term, Elasticity):
            J += term.kernel(shape)
            S += term.self_energy(d)
            linear += term.work(d)
            per_pressure += term.work(d, 1.0) - term.work(d)
        elif term.of == "distortion":
            J[..., 1, 1] += term.on_grid(shape)
        else:  # σ = 2n − 1: −½ J σσ' = −½ (4J) nn' + J (n + n') − ½ J
            given = term.on_grid(shape)
            at_zero = float(given[(0,) * d])
            J[..., 0, 0] += 4.0 * given
            linear[0] += 2.0 * at_zero
            constant -= 0.5 * at_zero
    return PairTerms(J, S, linear, per_pressure, constant)
