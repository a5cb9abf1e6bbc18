"""Exact free-energy surfaces, and how well a simulated one agrees."""

import math
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy import stats

from mcsco.meanfield import FiniteSize
from mcsco.model import State
from mcsco.units import KELVIN


def membership(edges, values):
    """Part of every whole number that is in each bin: all inside, half on an edge, all at the ends; (bins, values)."""
    part = np.zeros((len(edges), len(values)))
    for row, (low, high) in zip(part, edges, strict=True):
        row[(values > low) & (values < high)] = 1.0
        row[np.isclose(values, low) | np.isclose(values, high)] = 0.5
    return part / part.sum(axis=0)


def binned(dataset, p):
    """P of the dataset's bins from p[N_HS, M + N]."""
    N = dataset.attrs["n_sites"]
    n, u = np.arange(N + 1), np.arange(-N, N + 1)
    if dataset.attrs["folded"]:
        p, u = p[:, N:] + np.pad(p[:, :N][:, ::-1], ((0, 0), (1, 0))), np.arange(N + 1)
    A = membership((dataset["q_bounds"].values + 1) * N / 2, n)
    B = membership(dataset["eta_bounds"].values * N, u)
    return A @ p @ B.T


def infinite_range(model, T, pressure=0.0, field=0.0):
    """p[N_HS, M + N] summed exactly."""
    N = model.lattice.n_sites
    log_p = FiniteSize(model, pressure=pressure, field=field).log_probability(T)
    plus, minus = np.nonzero(np.isfinite(log_p))
    p = np.zeros((N + 1, 2 * N + 1))
    p[plus + minus, plus - minus + N] = np.exp(log_p[plus, minus])
    return p


def enumerated(model, T, pressure=0.0, field=0.0):
    """p[N_HS, M + N] of a tiny crystal, by its oracle."""
    N, shape = model.lattice.n_sites, model.lattice.shape
    p = np.zeros((N + 1, 2 * N + 1))
    for codes in product((-1, 0, 1), repeat=N):
        u = np.array(codes, dtype=np.int8).reshape(shape)
        n = int(np.count_nonzero(u))
        state = State((2 * (u != 0) - 1).astype(np.int8), u)
        p[n, int(u.sum()) + N] += np.exp(n * model.spin.ln_g - model.energy(state, pressure, field) / (T * KELVIN))
    return p / p.sum()


def strip(model, T):
    """p[N_HS, M + N] of a square crystal with neighbours only, row by row with a transfer matrix."""
    rows, columns = model.lattice.shape
    N = rows * columns
    J, K, *_ = model.couplings
    rows_of = np.array(list(product((-1, 0, 1), repeat=columns)))
    spin = 2 * rows_of**2 - 1
    beta = 1 / (T * KELVIN)
    n, u = (rows_of**2).sum(axis=1), rows_of.sum(axis=1)
    inside = J * (spin * np.roll(spin, 1, axis=1)).sum(axis=1) + K * (rows_of * np.roll(rows_of, 1, axis=1)).sum(axis=1)
    alone = np.exp(beta * (inside - model.spin.enthalpy * n) + n * model.spin.ln_g)
    between = np.exp(beta * (J * spin @ spin.T + K * rows_of @ rows_of.T))
    Z = np.zeros((len(n), len(n), N + 1, 2 * N + 1))  # first row, last row, N_HS, M + N
    for r, (a, b) in enumerate(zip(n, u, strict=True)):
        Z[r, r, a, b + N] = alone[r]
    for _ in range(rows - 1):
        grown = np.einsum("fcnu,cx->fxnu", Z, between * alone, optimize=True)
        for x, (a, b) in enumerate(zip(n, u, strict=True)):
            Z[:, x] = np.roll(grown[:, x], (a, b), axis=(1, 2))
    p = np.einsum("fcnu,cf->nu", Z, between)
    return p / p.sum()


class Agreement(NamedTuple):
    """How far a surface is from the exact one, in its own errors, near the minima."""

    z: np.ndarray
    """Deviation of ln P in standard errors."""
    within: tuple[float, float, float]
    """Part of the bins within one, two and three standard errors."""
    spread: float
    """Standard deviation that the mean of z² is expected to have, from the correlations of the copies."""
    chi2: float
    """Over thinned bins, with the covariance of the copies."""
    n: int
    """Number of these bins."""
    p_value: float
    unseen: int
    """Bins near the minima without a value or an error."""
    error: float
    """Median standard error of N G/RT."""

    @property
    def few_unseen(self):
        """Whether hardly any bin, at the foot of the valleys, lacks a value."""
        return self.unseen <= 0.03 * (self.z.size + self.unseen)

    @property
    def agrees(self):
        """Whether nothing speaks against it."""
        return (
            self.p_value > 1e-4
            and np.mean(self.z**2) < 1 + 3.5 * self.spread
            and self.within[2] > 0.97
            and self.few_unseen
        )

    def __str__(self):
        parts = ", ".join(f"{100 * x:.1f} %" for x in self.within)
        return (
            f"{self.z.size} bins: {parts}; chi2 {self.chi2:.1f} of {self.n}, p = {self.p_value:.3f}; ±{self.error:.4f}"
        )


def compare(dataset, p, valleys=None, depth=5.0, thin=32, index=0):
    """Compare within `depth` RT of the whole crystal of the exact minimum, or of the minimum of each valley."""
    part = dataset.isel(temperature=index)
    N, RT = part.attrs["n_sites"], float(part["temperature"]) * KELVIN
    exact = binned(dataset, p)
    with np.errstate(divide="ignore"):
        log_p = np.log(exact)
    valleys = [np.isfinite(log_p)] if valleys is None else valleys
    near = np.any([valley & (log_p > log_p[valley].max() - depth) for valley in valleys], axis=0)
    found = -N * part["free_energy"].values / RT
    norm = np.log(np.nansum(np.exp(found)))
    copies = -N * part["free_energy_bootstrap"].values / RT - norm
    error = N * part["free_energy_error"].values / RT
    known = near & np.isfinite(error)
    off = (found - norm - log_p)[known]
    z = off / error[known]
    chosen = np.flatnonzero(known.ravel())
    step = max(1, -(-chosen.size // thin))
    few = chosen[step // 2 :: step]
    values = copies.reshape(len(copies), -1)[:, few]
    values = values[np.isfinite(values).all(axis=1)]
    B, n = values.shape
    covariance = np.cov(values.T)
    deviation = (found - norm - log_p).ravel()[few]
    # The inverse of a covariance from B copies is too large by this factor (Hartlap, DOI 10.1051/0004-6361:20066170).
    chi2 = float(deviation @ np.linalg.solve(covariance, deviation)) * (B - n - 2) / (B - 1)
    spread = math.sqrt(2 * float(np.mean(np.corrcoef(values.T) ** 2)))
    within = tuple(float(np.mean(np.abs(z) < k)) for k in (1, 2, 3))
    p_value = float(stats.f.sf(chi2 / n * (B - n) / (B - n - 2), n, B - n))  # Hotelling's T²
    return Agreement(z, within, spread, chi2, n, p_value, int(near.sum() - known.sum()), float(np.median(error[known])))
