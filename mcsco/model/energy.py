"""The energy of a configuration, written from the formula in NumPy.

This is the oracle that every engine is held against; it shares no code with them.

    H = Σ_i n_i (ΔH + P ΔV) + Σ_i V_σ(u_i) − J Σ_<ij> σ_i σ_j − K Σ_<ij> u_i u_j
        + N [Γ γ(1−γ) − (K∞/2) η² − L γ η²] − h Σ_i u_i + H_long_range

with n = (1+σ)/2, γ = ⟨n⟩, η = ⟨u⟩. V is the potential of `mcsco.model.site.Displacive`, zero for other distortions;
H_long_range, elasticity included, stands in `mcsco.model.pair_terms`. The entropy term −T ln g Σn belongs to the weight
of a configuration, not to its energy, and is left out on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError
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
        ``site``, ``neighbours``, ``infinite_range``, ``long_range`` (elasticity too) and ``field``; their sum is H.

    Raises
    ------
    InputError
        If the state does not belong to the model.
    """
    sigma, u = check_state(model, state)
    J, K, Gamma, K_inf, L = model.couplings
    n = (1.0 + sigma) / 2.0
    gamma, eta = n.mean(), u.mean()
    work = units.pressure_work(pressure, model.spin.volume)
    pairs = model.pair_terms
    local = model.distortion.energy(n, u).sum() if isinstance(model.distortion, Displacive) else 0.0
    return {
        "site": float((model.spin.enthalpy + work) * n.sum() + local),
        "neighbours": -J * bond_sum(sigma) - K * bond_sum(u),
        "infinite_range": float(n.size * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)),
        "long_range": 0.0 if pairs is None else pairs.energy(np.stack([n, u]), pressure),
        "field": float(-field * u.sum()),
    }


def check_state(model: Model, state: State) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (σ, u) as float arrays, or raise `InputError` if the state does not belong to the model."""
    sigma = np.asarray(state.spin, dtype=np.float64)
    given = state.distortion
    u = np.zeros_like(sigma) if given is None else np.asarray(given, dtype=np.float64)
    for name, array in (("spin", sigma), ("distortion", u)):
        if array.shape != model.lattice.shape:
            raise InputError(f"state.{name} has shape {array.shape}: must be the lattice's, {model.lattice.shape}")
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
