"""The energy of a configuration, written from the formula in NumPy.

This is the oracle that every engine is held against; it shares no code with them.

    H = Σ_i n_i (ΔH + P ΔV) + Σ_i V_σ(u_i) − J Σ_<ij> σ_i σ_j − K Σ_<ij> u_i u_j
        + N [Γ γ(1−γ) − (K∞/2) η² − L γ η²] − h Σ_i u_i + H_long_range
        − J_m Σ_molecules σ_a σ_b − N (Γ_s/4) (γ_a − γ_b)²

with n = (1+σ)/2, γ = ⟨n⟩, η = ⟨u⟩. V is the potential of `mcsco.model.site.Displacive`, zero for other distortions;
H_long_range, elasticity included, stands in `mcsco.model.pair_terms`. ΔH and ΔV are those of the site's centre; a and b
are the two sublattices, and the two centres of a molecule. A site without a molecule costs nothing by itself and enters
all couplings as σ = host, n = (1 + host)/2, u = 0: γ and η of the formula are means over the lattice. The entropy term
−T ln g Σn belongs to the weight of a configuration, not to its energy, and is left out on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError
from mcsco.model.disorder import EMPTY, FREE, Sites
from mcsco.model.site import Displacive, OrderDisorder
from mcsco.model.state import State

if TYPE_CHECKING:
    from mcsco.model.model import Model


def bond_sum(x: npt.NDArray[np.float64]) -> float:
    """Σ_<ij> x_i x_j over nearest neighbours of the periodic lattice, each bond once."""
    return float(sum(np.sum(x * np.roll(x, 1, axis)) for axis in range(x.ndim)))


def energy_terms(model: Model, state: State, pressure: float = 0.0, field: float = 0.0) -> dict[str, float]:
    """The terms of H in kJ/mol, for the whole lattice.

    Parameters
    ----------
    model : Model
    state : State
        Anything with ``spin`` (±1) and ``distortion``, each of the lattice's shape.
    pressure : float
        P, GPa.
    field : float
        h, kJ/mol, conjugate to η.

    Returns
    -------
    dict
        ``site``, ``neighbours``, ``infinite_range``, ``long_range`` (elasticity too) and ``field``, with sublattices
        also ``intramolecular`` and ``sublattices``; their sum is H.

    Raises
    ------
    InputError
        If the state does not belong to the model.
    """
    sigma, u = check_state(model, state)
    J, K, Gamma, K_inf, L = model.couplings
    n = (1.0 + sigma) / 2.0
    local = model.distortion.energy(n, u).sum() if isinstance(model.distortion, Displacive) else 0.0
    site = float((n * site_enthalpy(model, pressure)).sum() + local)
    if model.sites is not None:  # from here on empty sites act as what their host is
        sigma = np.where(model.sites.kind == EMPTY, model.disorder.host, sigma)  # type: ignore[union-attr]
        n = (1.0 + sigma) / 2.0
    gamma, eta = n.mean(), u.mean()
    pairs = model.pair_terms
    return {
        "site": site,
        "neighbours": -sum(C * bond_sum(x) for C, x in ((J, sigma), (K, u)) if C),
        "infinite_range": float(n.size * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)),
        "long_range": 0.0 if pairs is None else pairs.energy(np.stack([n, u]), pressure),
        "field": float(-field * u.sum()),
        **_sublattice_terms(model, n, sigma),
    }


def site_enthalpy(model: Model, pressure: float) -> npt.NDArray[np.float64]:
    """ΔH_i + P ΔV_i of every site in kJ/mol, 0 at empty ones; of the lattice's shape."""
    first = model.spin.enthalpy + units.pressure_work(pressure, model.spin.volume)
    costs = np.full(model.lattice.shape, first)
    if model.second is not None:
        second = model.second.enthalpy + units.pressure_work(pressure, model.second.volume)
        costs = np.where(model.lattice.sublattice() == 1, second, costs)
    if model.sites is not None:
        costs = np.where(model.sites.kind == EMPTY, 0.0, costs + model.sites.enthalpy)
    return costs


def _sublattice_terms(model: Model, n: npt.NDArray[np.float64], sigma: npt.NDArray[np.float64]) -> dict[str, float]:
    inner, Gamma_s = model.sublattice_couplings
    if not (inner or Gamma_s):
        return {}
    first = model.lattice.sublattice() == 0
    molecules = (sigma * np.roll(sigma, -1, axis=-1))[first].sum()
    stagger = 2.0 / n.size * (n[first].sum() - n[~first].sum())  # γ_a − γ_b
    return {
        "intramolecular": float(-inner * molecules),
        "sublattices": float(-n.size * Gamma_s / 4 * stagger**2),
    }


def _check_sites(sites: Sites, sigma: npt.NDArray[np.float64], u: npt.NDArray[np.float64]) -> None:
    """Raise `InputError` if a site that cannot switch is in a state that it cannot have."""
    fixed = sites.kind != FREE
    if np.any(sigma[fixed] != 2 * sites.n[fixed] - 1) or np.any(u[sites.kind == EMPTY]):
        raise InputError("state: empty sites must have spin −1 and distortion 0, pinned ones the spin of their pin")


def check_state(model: Model, state: State) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (σ, u) as float arrays, or raise `InputError` if the state does not belong to the model."""
    sigma = np.asarray(state.spin, dtype=np.float64)
    given = state.distortion
    u = np.zeros_like(sigma) if given is None else np.asarray(given, dtype=np.float64)
    for name, array in (("spin", sigma), ("distortion", u)):
        if array.shape != model.lattice.shape:
            raise InputError(f"state.{name} has shape {array.shape}: must be the lattice's, {model.lattice.shape}")
    if model.sites is not None:
        _check_sites(model.sites, sigma, u)
    if not np.all(np.abs(sigma) == 1):
        raise InputError("state.spin: must be −1 (LS) or +1 (HS) at every site")
    if isinstance(model.distortion, OrderDisorder):
        if not np.all(np.abs(u) == (sigma + 1) / 2):
            raise InputError("state.distortion: must be 0 on LS and ±1 on HS molecules (OrderDisorder)")
    elif isinstance(model.distortion, Displacive):
        if not np.all(np.isfinite(u)):
            raise InputError("state.distortion: must be finite at every site (Displacive)")
    elif np.any(u != 0):
        raise InputError("state.distortion: must be 0 everywhere, the model has no distortion")
    return sigma, u
