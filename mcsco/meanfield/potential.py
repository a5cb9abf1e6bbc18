"""The variational free energy of the mean field, as a function of the order parameters.

    φ(q, η) = e(γ, η) − T s(γ, η),   γ = (1+q)/2
    e = offset + Δ γ + Γ γ(1−γ) − (K/2) η² − L γ η² − h η
    s = γ ln g − (1−γ) ln(1−γ) − n₊ ln n₊ − n₋ ln n₋,   n± = (γ ± η)/2   (three states a site)
    s = γ ln g − (1−γ) ln(1−γ) − γ ln γ                                  (two states a site)

A continuous distortion has another entropy and an energy that depends on T: `mcsco.meanfield.displacive`.

It is the rate function of (q, η) of an infinite system: P(q, η) ∝ exp(−N φ/T). Only the minima are phases.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.meanfield.parameters import Parameters

Array = npt.NDArray[np.float64]

ROUNDING = 1e-12
"""An occupation this far below zero is still a rounded zero, not a forbidden state."""


def enthalpy(p: Parameters, q: npt.ArrayLike, eta: npt.ArrayLike) -> Array:
    """e(γ, η) in K, including P ΔV and −h η; arrays broadcast, nan where (q, η) is impossible."""
    return interaction_energy(p, *_occupation(p, q, eta))


def interaction_energy(p: Parameters, gamma: Array, eta: Array) -> Array:
    """The polynomial e(γ, η) in K wherever it is asked for."""
    interaction = p.Gamma * gamma * (1 - gamma) - (p.K / 2 + p.L * gamma) * eta**2
    return np.asarray(p.offset + p.enthalpy * gamma + interaction - p.field * eta)


def entropy(p: Parameters, q: npt.ArrayLike, eta: npt.ArrayLike) -> Array:
    """s(γ, η) in units of R; arrays broadcast, nan where (q, η) is impossible."""
    gamma, eta = _occupation(p, q, eta)
    high_spin = x_ln_x((gamma + eta) / 2) + x_ln_x((gamma - eta) / 2) if p.distorts else x_ln_x(gamma)
    return np.asarray(gamma * p.ln_g - x_ln_x(1 - gamma) - high_spin)


def x_ln_x(x: Array) -> Array:
    """X ln x with its limit 0 at x = 0."""
    positive = x > 0
    return np.where(positive, x * np.log(np.where(positive, x, 1.0)), np.where(x >= -ROUNDING, 0.0, np.nan))


def _occupation(p: Parameters, q: Any, eta: Any) -> tuple[Array, Array]:
    """γ and η as float arrays of one shape, nan where 0 ≤ γ ≤ 1 or |η| ≤ γ (η = 0 without distortion) is broken."""
    gamma, eta = np.broadcast_arrays((1 + np.asarray(q, dtype=np.float64)) / 2, np.asarray(eta, dtype=np.float64))
    largest = gamma if p.distorts else np.zeros_like(gamma)
    possible = (gamma >= -ROUNDING) & (gamma <= 1 + ROUNDING) & (np.abs(eta) <= largest + ROUNDING)
    return np.where(possible, gamma, np.nan), np.where(possible, eta, np.nan)
