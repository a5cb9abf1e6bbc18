"""Reweighting of measurements to other temperatures, pressures and fields (Ferrenberg and Swendsen).

The weight of a configuration at temperature T, pressure P and field h is

    g^N_HS exp(−H(P, h)/RT),   H(P, h) = H₀ + P ΔV N_HS − h U,   U = Σ u.

The degeneracy g = exp(ΔS/R) does not depend on T: in the exponent, −(H − T ln g N_HS)/RT, the term T ln g is multiplied
by 1/T. It therefore belongs to the density of states, drops out of every ratio of weights, and the energy to reweight
with is H without it. All conditions are then one exponential family,

    w(X; b) ∝ ω(X) exp(−b·X),   X = (H₀, N_HS, U),   b = (1, P ΔV, −h)/RT,

and runs at conditions b_j with N_j independent measurements each combine to the density of states of least variance
(DOI 10.1103/PhysRevLett.61.2635, 10.1103/PhysRevLett.63.1195; without histograms as in DOI 10.1063/1.2978177):

    ω_n = 1 / Σ_j N_j exp(f_j − b_j·X_n),   exp(−f_j) = Σ_n ω_n exp(−b_j·X_n).

The f_j are the minimum of a convex function, found by Newton's method. Errors come from a bootstrap over blocks of
consecutive measurements, each of which is solved for its own f_j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.autocorrelation import statistical_inefficiency
from mcsco.observables.chains import Chains, is_constant

Floats = npt.NDArray[np.float64]

MIN_BLOCKS = 10
"""Blocks of a run below which its bootstrap says nothing."""
MIN_OVERLAP = 1e-3
"""Fraction of the samples of one run that must be credited to another for the two to be connected."""


class Run(NamedTuple):
    """Measurements under constant conditions, decorrelated as far as that costs nothing."""

    coefficients: Floats
    """b, shape (3,)."""
    statistics: Floats
    """X, shape (sample, 3)."""
    block: npt.NDArray[np.int64]
    """Block that each sample belongs to, shape (sample,)."""
    inefficiency: float
    """Samples that are worth one independent one."""

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return int(self.block[-1]) + 1


def make_run(coefficients: npt.ArrayLike, statistics: Sequence[Chains]) -> Run:
    """A run from chains (replica, step) of H₀, N_HS and U.

    Samples are thinned to about four in an autocorrelation time of the fastest statistic, and gathered in blocks of
    twice the inefficiency of the slowest one. U enters by its square, whose correlation is not that of the sign.
    """
    H, n, U = statistics
    moving = [x for x in (H, n, U**2) if not is_constant(x)]
    slow = max((statistical_inefficiency(x) for x in moving), default=1.0)
    fast = min((statistical_inefficiency(x) for x in moving), default=1.0)
    stride = max(1, int(fast / 4))
    thin = [x[:, ::stride] for x in statistics]
    g = max(1.0, slow / stride)
    n_replicas, n_steps = thin[0].shape
    n_blocks = max(1, int(n_steps / np.ceil(2 * g)))
    length = n_steps // n_blocks
    X = np.stack([x[:, n_steps - n_blocks * length :].ravel() for x in thin], axis=1)
    return Run(np.asarray(coefficients, dtype=np.float64), X, np.repeat(np.arange(n_replicas * n_blocks), length), g)


@dataclass(frozen=True)
class Weights:
    """The density of states at every sample, and its bootstrap copies."""

    statistics: Floats
    """X of all samples, shape (sample, 3)."""
    log_omega: Floats
    """ln ω of the data, shape (sample,)."""
    copies: Floats
    """Factors on ω, shape (1 + copies, sample); the first are 1/inefficiency."""
    inefficiency: Floats
    """Of each sample's run, shape (sample,)."""

    def at(self, coefficients: npt.ArrayLike) -> Floats:
        """Weight of every sample at b, shape (sample,), the largest 1; to be multiplied with `copies`."""
        log_weight = self.log_omega - self.statistics @ np.asarray(coefficients, dtype=np.float64)
        return np.asarray(np.exp(log_weight - log_weight.max()))

    def n_effective(self, coefficients: npt.ArrayLike) -> float:
        """Independent samples that would give the same error as the weighted ones."""
        v = self.at(coefficients) * self.copies[0]
        return float(v.sum() ** 2 / np.sum(v**2 * self.inefficiency))


def combine(runs: Sequence[Run], n_copies: int, seed: int) -> Weights:
    """Solve for the density of states, and for that of `n_copies` bootstrap copies.

    Raises
    ------
    InputError
        If the runs do not overlap.
    """
    X = np.concatenate([run.statistics for run in runs])
    b = np.stack([run.coefficients for run in runs])
    g = np.concatenate([np.full(len(run.statistics), run.inefficiency) for run in runs])
    M = np.array([len(run.statistics) / run.inefficiency for run in runs])
    u = b @ X.T  # (run, sample)
    f = _first_guess(runs)
    f = _newton(u, 1 / g, M, f)
    log_terms = np.log(M)[:, None] + f[:, None] - u
    top = log_terms.max(axis=0)
    credit = np.exp(log_terms - top)
    total = credit.sum(axis=0)
    credit /= total
    _check_overlap(runs, credit, g)
    copies = np.empty((1 + n_copies, len(X)))
    copies[0] = 1 / g
    rng = np.random.default_rng(seed)
    for c in range(1, 1 + n_copies):
        w = np.concatenate([_multiplicity(run, rng) for run in runs]) / g
        copies[c] = w / (np.exp(_newton_near(credit, w, M)) @ credit)
    return Weights(X, -(top + np.log(total)), copies, g)


def _multiplicity(run: Run, rng: np.random.Generator) -> Floats:
    n = run.n_blocks
    return np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)[run.block]


def _first_guess(runs: Sequence[Run]) -> Floats:
    """Free energies by the trapezoidal rule, df = ⟨X⟩·db, in the order of the runs."""
    f = np.zeros(len(runs))
    for k in range(1, len(runs)):
        before, after = runs[k - 1], runs[k]
        mean = (before.statistics.mean(axis=0) + after.statistics.mean(axis=0)) / 2
        f[k] = f[k - 1] + mean @ (after.coefficients - before.coefficients)
    return f


def _newton(u: Floats, w: Floats, M: Floats, f: Floats) -> Floats:
    """Minimum over f of Σ_n w_n ln Σ_j M_j exp(f_j − u_jn) − Σ_j M_j f_j, with f₀ as it is.

    The step is damped so that the function falls: far from the minimum a full one may overshoot.
    """
    value, p = _objective(u, w, M, f)
    for _ in range(200):
        delta = _step(p, w, M)
        scale = 1.0
        while True:
            trial, p_trial = _objective(u, w, M, f + scale * delta)
            if trial <= value + 1e-12 * abs(value) or scale < 1e-6:
                break
            scale /= 2
        f, value, p = f + scale * delta, trial, p_trial
        if np.abs(scale * delta).max() < 1e-10:
            break
    return f


def _objective(u: Floats, w: Floats, M: Floats, f: Floats) -> tuple[float, Floats]:
    terms = np.log(M)[:, None] + f[:, None] - u
    top = terms.max(axis=0)
    p = np.exp(terms - top)
    total = p.sum(axis=0)
    return float(w @ (top + np.log(total)) - M @ f), p / total


def _step(p: Floats, w: Floats, M: Floats) -> Floats:
    """Newton's step, f₀ fixed; p is the credit of every run for every sample."""
    if len(M) == 1:
        return np.zeros(1)
    wp = p * w
    gradient = wp.sum(axis=1) - M
    hessian = np.diag(wp.sum(axis=1)) - wp @ p.T
    step = np.zeros(len(M))
    step[1:] = -np.linalg.lstsq(hessian[1:, 1:], gradient[1:], rcond=1e-13)[0]
    return np.clip(step, -20, 20)


def _newton_near(credit: Floats, w: Floats, M: Floats) -> Floats:
    """The change of f that a copy with weights w needs; small, so that no logarithms are taken."""
    delta = np.zeros(len(M))
    for _ in range(20):
        p = np.exp(delta)[:, None] * credit
        p /= p.sum(axis=0)
        step = _step(p, w, M)
        delta += step
        if np.abs(step).max() < 1e-8:
            break
    return delta


def _check_overlap(runs: Sequence[Run], credit: Floats, g: Floats) -> None:
    from scipy.sparse.csgraph import connected_components

    edges = np.cumsum([0] + [len(run.statistics) for run in runs])
    shared = np.array([credit[:, a:z].mean(axis=1) for a, z in pairwise(edges)])
    n, label = connected_components((shared > MIN_OVERLAP) | (shared.T > MIN_OVERLAP), directed=False)
    if n > 1:
        k = int(np.argmax(label != label[0]))
        raise InputError(
            f"runs {k - 1} and {k} of {len(runs)} do not overlap: reweighting cannot connect them; "
            "simulate conditions between them, closer by the width of their energy distributions"
        )
