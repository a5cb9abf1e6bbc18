"""Independent samples, drawn from the exact distribution of a crystal with couplings of infinite range."""

import json

import numpy as np
import xarray as xr

from analysis.critical_models import exact_curves
from mcsco import InfiniteRange, Lattice, Model, OrderDisorder, SpinCrossover
from mcsco.meanfield import FiniteSize
from mcsco.units import KELVIN

__all__ = ["K", "blume_capel", "draw", "exact_curves"]

K = 300.0
"""K∞ of the models, in kelvin."""


def blume_capel(delta: float, n_sites: int, volume: float = 1.0) -> Model:
    """H = −(K/2) N η² + Δ N_HS with Δ in units of K, without entropy."""
    return Model(
        Lattice((2, n_sites // 2)),
        SpinCrossover(delta * K * KELVIN, 0.0, volume),
        OrderDisorder(),
        [InfiniteRange(distortion=K * KELVIN)],
    )


def draw(model: Model, conditions, rng, replicas: int, steps: int) -> xr.Dataset:
    """A dataset as `simulate` makes it, of independent measurements at conditions (T, P)."""
    N = model.lattice.n_sites
    rows, T_, P_, leg_ = [], [], [], []
    for leg, (T, P) in enumerate(conditions):
        joint = np.exp(FiniteSize(model, pressure=P).log_probability(T))
        chosen = rng.choice(joint.size, size=(replicas, steps), p=joint.ravel() / joint.sum())
        plus, minus = np.unravel_index(chosen, joint.shape)
        gamma, eta = (plus + minus) / N, (plus - minus) / N
        K_inf = model.couplings.K_inf
        e = (model.spin.enthalpy + P * model.spin.volume) * gamma - K_inf / 2 * eta**2
        rows.append((gamma, 2 * gamma - 1, eta, e))
        T_ += [T] * steps
        P_ += [P] * steps
        leg_ += [leg] * steps
    names = ("gamma", "q", "eta", "energy")
    columns = [np.concatenate(column, axis=1) for column in zip(*rows, strict=True)]
    return xr.Dataset(
        {name: (("replica", "step"), column) for name, column in zip(names, columns, strict=True)},
        coords={"temperature": ("step", T_), "pressure": ("step", P_), "leg": ("step", leg_)},
        attrs={"n_sites": N, "model": json.dumps(model.to_dict())},
    )
