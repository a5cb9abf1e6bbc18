"""Independent samples, drawn from the exact distribution of a crystal with couplings of infinite range."""

import json

import numpy as np
import xarray as xr

from mcsco import InfiniteRange, Lattice, Model, OrderDisorder, SpinCrossover
from mcsco.meanfield import FiniteSize
from mcsco.observables.curves import Curves
from mcsco.units import KELVIN

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


def exact_curves(model: Model, T, P=0.0, copies: int = 0) -> Curves:
    """Curves without statistical error, from sums over all configurations."""
    T, P = (np.array(x, dtype=float) for x in np.broadcast_arrays(np.atleast_1d(T), np.atleast_1d(P)))
    found = [FiniteSize(model, pressure=p).averages(t) for t, p in zip(T, P, strict=True)]
    column = {
        "energy": [a.energy for a in found],
        "energy2": [a.var_energy + a.energy**2 for a in found],
        "q": [a.q for a in found],
        "q_abs": [np.nan for _ in found],
        "q2": [4 * a.var_gamma + a.q**2 for a in found],
        "q4": [np.nan for _ in found],
        "eta": [a.eta for a in found],
        "eta_abs": [a.eta_abs for a in found],
        "eta2": [a.eta2 for a in found],
        "eta4": [a.eta4 for a in found],
    }
    moments = {name: np.tile(np.array(values), (1 + copies, 1)) for name, values in column.items()}
    return Curves(model.lattice.n_sites, 2, T, P, np.zeros_like(T), moments, np.full(T.size, np.inf))
