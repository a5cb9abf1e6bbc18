"""How a finite number of molecules counts its configurations, against the entropy per molecule of infinitely many."""

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import check_integer
from mcsco.meanfield.potential import Array, x_ln_x


def counting_term(q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike, n_sites: int, distorts: bool = True) -> Array:
    """What −(RT/N) ln P(q, η) lacks to be the free energy φ(q, η) of the infinite crystal, kJ/mol.

        (RT/N) [ln Ω_N − N s],   Ω_N = N!/(N_LS! N₊! N₋!),   N s = −Σ N_i ln(N_i/N)

    With couplings of infinite range φ = −(RT/N) ln P + this term + const exactly, for every N: P counts states with
    Ω_N, φ with its leading order exp(N s). By Stirling's formula the term is −(RT/2N) Σ ln(N_i/N) plus a constant and
    O(1/N²). For other couplings it is the term of ideal mixing, which is only a part of what is of order 1/N.

    Parameters
    ----------
    q, eta : array-like
        Order parameters; they broadcast with `T`. Bins between the N + 1 values of a lattice are interpolated by ln Γ.
    T : array-like
        K.
    n_sites : int
        N.
    distorts : bool
        Three states a site; two if false, and η is ignored.

    Returns
    -------
    ndarray
        nan where no state has these order parameters.

    Raises
    ------
    InputError
        If `n_sites` is not a positive whole number.
    """
    from scipy.special import gammaln

    N = check_integer("n_sites", n_sites, minimum=1)
    gamma = (1 + np.asarray(q, dtype=np.float64)) / 2
    eta = np.asarray(eta, dtype=np.float64)
    parts = [1 - gamma, (gamma + eta) / 2, (gamma - eta) / 2] if distorts else [1 - gamma, gamma]
    total = gammaln(N + 1.0)
    for part in parts:
        occupied = np.where(part >= -1e-12, np.maximum(part, 0.0), np.nan)
        total = total - gammaln(N * occupied + 1.0) + N * x_ln_x(occupied)
    return np.asarray(units.KELVIN * np.asarray(T, dtype=np.float64) / N * total)
