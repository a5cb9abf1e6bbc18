"""Many biased samples made one: the probability of every state that they have seen.

With K biases u_k(s) (in units of RT) that depend on the state s only, and c_s = Σ_k n_ks measurements of s, the
likelihood is largest at (MBAR: Shirts and Chodera, DOI 10.1063/1.2978177; on states: Ferrenberg and Swendsen,
DOI 10.1103/PhysRevLett.63.1195)

    p_s = c_s / Σ_k n_k exp(f_k − u_k(s)),    exp(−f_k) = Σ_s p_s exp(−u_k(s)).

pymbar solves the same equations for single measurements. Here a state stands for all its measurements, exactly, since
the bias does not tell them apart: the sums are shorter by the number of measurements of a state, correlated samples can
be counted by what they are worth, and a bootstrap copy is another set of counts.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import StateError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A window that knows nothing of a state to this part does not speak about it.
_NEGLIGIBLE = 1e-12
_ROUNDS = 200

# Below this overlap two windows do not tell each other's free energy (Klimovich et al., DOI 10.1007/s10822-015-9840-9).
LEAST_OVERLAP = 0.03


class Combined(NamedTuple):
    """The unbiased distribution over states, and copies of it."""

    log_p: Floats
    """ln p of every state, normalised over the states that were seen, shape (S,)."""
    copies: Floats
    """The same of every bootstrap copy, −inf where a copy has no measurement, shape (B, S)."""
    f: Floats
    """f_k, 0 for the first window, shape (K,)."""
    linked: bool
    """Whether overlaps link all windows; if not, what lies between them is arbitrary, and there are no copies."""
    overlap: Floats
    """Part of a measurement of window i that could be of j: O_ij = Σ_s c_s w_i w_j / n_i, shape (K, K)."""


def combine(bias: Floats, counts: Any, unit: Integers, weight: Floats, f: Floats, n_copies: int, seed: int) -> Combined:
    """Combine measurements from K windows.

    Parameters
    ----------
    bias : ndarray, shape (K, S)
        u_k(s) in units of RT.
    counts : sparse matrix, shape (U, S)
        How often each unit saw each state. Units are pieces of the measurements that are independent of each other.
    unit : ndarray of int, shape (U,)
        Window of every unit.
    weight : ndarray, shape (K,)
        What one measurement of a window is worth, 1/2τ.
    f : ndarray, shape (K,)
        First guess.
    n_copies : int
        Bootstrap copies: the units of a window are drawn anew, one less than there are, which makes the variance of
        the copies that of the estimate (McCarthy, DOI 10.2307/1403144).
    seed : int

    Raises
    ------
    StateError
        If the equations do not converge, which measured windows do.
    """
    K = bias.shape[0]
    worth = weight[unit]
    total = np.asarray(counts.sum(axis=1)).ravel()
    c, n = worth @ counts, _per_window(unit, worth * total, K)
    f = _solve_dense(bias, c, n, f)
    near = _Near(bias, c, n, f)
    overlap = near.overlap / n[:, None]
    if not _is_linked(overlap):
        return Combined(near.log_p(c, np.ones(K)), np.full((n_copies, bias.shape[1]), np.nan), f - f[0], False, overlap)
    log_p, f = near.solve(c, n)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=(2**31,))))
    copies = np.empty((n_copies, bias.shape[1]))
    of_window = [np.flatnonzero(unit == k) for k in range(K)]
    for copy in copies:
        drawn = np.zeros(unit.size)
        for units in of_window:
            picked = rng.choice(units, max(1, units.size - 1))
            # Drawn one less, but worth as much as all.
            drawn += np.bincount(picked, minlength=unit.size) * (units.size / picked.size)
        drawn *= worth
        copy[:], _ = near.solve(drawn @ counts, _per_window(unit, drawn * total, K))
    return Combined(log_p, copies, f - f[0], True, overlap)


def _is_linked(overlap: Floats) -> bool:
    from scipy.sparse.csgraph import connected_components

    return int(connected_components(np.minimum(overlap, overlap.T) > LEAST_OVERLAP)[0]) == 1


def _per_window(unit: Integers, x: Floats, K: int) -> Floats:
    """Sum of x over the units of every window, shape (K,)."""
    return np.asarray(np.bincount(unit, x, K), dtype=np.float64)


def _solve_dense(bias: Floats, c: Floats, n: Floats, f: Floats) -> Floats:
    """Newton's method on the convex A(f) = Σ_s c_s ln Σ_k n_k exp(f_k − u_k(s)) − Σ_k n_k f_k, to 1e-3."""

    def mixture(f: Floats) -> tuple[float, Floats]:
        logs = (f + np.log(n))[:, None] - bias
        top = logs.max(axis=0)
        R = np.exp(logs - top)
        total = R.sum(axis=0)
        R /= total
        return float(c @ (top + np.log(total)) - n @ f), R

    value, R = mixture(f)
    for _ in range(_ROUNDS):
        expected = R @ c
        if np.abs(expected - n).max() < 1e-6 * n.sum():
            return f  # also where windows without overlap leave a step undetermined
        step = _newton_step(expected - n, np.diag(expected) - (R * c) @ R.T)
        slope = float((expected - n) @ step)
        if np.abs(step).max() < 1e-3:
            return f + step
        size = min(1.0, 20.0 / np.abs(step).max())
        while True:
            trial, R = mixture(f + size * step)
            if trial <= value + 1e-4 * size * slope + 1e-9 * abs(value):
                break
            size /= 2
            if size < 1e-6:
                raise StateError("the windows' free energies do not converge")
        f, value = f + size * step, trial
    raise StateError("the windows' free energies do not converge")


def _newton_step(gradient: Floats, hessian: Floats) -> Floats:
    """−H⁻¹ g with the first window held, whose f is arbitrary; the ridge takes care of windows without overlap."""
    step = np.zeros_like(gradient)
    H = hessian[1:, 1:]
    ridge = 1e-10 * np.trace(hessian) / len(hessian)
    step[1:] = -np.linalg.solve(H + ridge * np.eye(len(H)), gradient[1:])
    return step


def _shares(bias: Floats, n: Floats, f: Floats) -> tuple[Any, Floats]:
    """w_k(s), the window's part of the mixture Σ_k n_k exp(f_k − u_k(s)), and the logarithm of that, shape (S,)."""
    from scipy import sparse

    logs = (f + np.log(n))[:, None] - bias
    top = logs.max(axis=0)
    R = np.exp(logs - top)
    total = R.sum(axis=0)
    R /= total
    R[R < _NEGLIGIBLE] = 0.0
    return sparse.csr_array(R), top + np.log(total)


class _Near:
    """The equations close to the f for which the shares were made: few windows speak about a state, and the Hessian of
    one set of counts serves all copies of it.
    """

    def __init__(self, bias: Floats, c: Floats, n: Floats, f: Floats) -> None:
        self.shares, self.log_mixture = _shares(bias, n, f)
        self.n, self.f = n, f
        self.inverse: Floats | None = None
        self.overlap = np.asarray(((self.shares * c) @ self.shares.T).todense())
        self.hessian = (np.diag(self.shares @ c) - self.overlap)[1:, 1:]

    def solve(self, c: Floats, n: Floats) -> tuple[Floats, Floats]:
        """Ln p of every state, and f, for counts c and n."""
        if self.inverse is None:
            self.inverse = np.linalg.inv(self.hessian)
        x = np.zeros_like(self.f)
        for _ in range(_ROUNDS):
            scale = np.exp(x) * n / self.n
            D = scale @ self.shares
            step = self.inverse @ (n - scale * (self.shares @ (c / D)))[1:]
            x[1:] += step * min(1.0, 2.0 / max(np.abs(step).max(initial=0.0), 1e-300))
            if np.abs(step).max(initial=0.0) < 1e-8:
                break
        else:
            raise StateError("the windows' free energies do not converge")
        return self.log_p(c, np.exp(x) * n / self.n), self.f + x

    def log_p(self, c: Floats, scale: Floats) -> Floats:
        """Ln p of every state where the windows' parts of the mixture are multiplied by `scale`."""
        with np.errstate(divide="ignore"):
            log_p = np.log(c) - self.log_mixture - np.log(scale @ self.shares)
        top = log_p.max()
        return np.asarray(log_p - top - np.log(np.exp(log_p - top).sum()))
