"""Exact statistics of N molecules with a continuous distortion and couplings of infinite range.

The energy depends on N_HS and M = Σu but for the local potentials, so that

    P(N_HS, M) ∝ N!/(N_HS! N_LS!) · g^{N_HS} ρ(M | N_HS) exp(−N e(γ, M/N)/T)

with ρ the density of the sum of N independent distortions, N_HS of weight e^{−V_H/T} and N_LS of weight e^{−V_L/T}. It
is taken from its Fourier integral on a line through a real field b near the saddle point of this M,

    ρ(M) = e^{−bM} Z_H(b)^N_HS Z_L(b)^N_LS · 1/2π ∫ dθ ψ_H(θ)^N_HS ψ_L(θ)^N_LS e^{−iθM},   ψ_s = Z_s(b + iθ)/Z_s(b),

where the integrand does not oscillate: tails keep their relative precision down to any smallness, which the factor
exp(N K η²/2T) needs. The trapezoidal rule in θ and in M converges faster than any power. The same integral with V under
it gives the mean and the variance of ΣV at given (N_HS, M).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.meanfield.displacive import DisplaciveSite
from mcsco.meanfield.potential import Array, interaction_energy
from mcsco.meanfield.wells import Moments, Wells, moments, nodes, potential

Complex = npt.NDArray[np.complex128]

TAIL = 60.0
"""States whose probability is below e^−TAIL of the largest are left out."""
DECAYED = 1e-12
STEP = 1.5
"""Distance of neighbouring fields b, in standard deviations of M."""
REACH = 22.0
"""Period of the Fourier sum, in standard deviations of M without field."""


class Joint(NamedTuple):
    """The unnormalised density of (N_HS, η) and what the potentials add to the energy; shapes (N+1, m) but for η."""

    eta: Array
    """Equidistant, symmetric about 0, shape (m,)."""
    log_density: Array
    """ln of the density in M."""
    e: Array
    """Interaction energy and field of a molecule, K."""
    V: Array
    """⟨ΣV⟩/N, K."""
    var_V: Array
    """Variance of ΣV/N, K²."""


class Tilted(NamedTuple):
    """One molecule of each kind at complex fields b + iθ; shapes (2, j, t) for j fields and t values of θ."""

    log_psi: Complex
    V: Complex
    """⟨V⟩ less its value at θ = 0, K."""
    var_V: Complex


def joint(site: DisplaciveSite, N: int, T: float) -> Joint:
    """`Joint` of N molecules at `T` in K."""
    from scipy.special import gammaln

    beta = 1 / T
    eta_max, b_max = _extent(site, N, T)
    b = _fields(site.wells, N, beta, b_max)
    at = moments(site.wells, b, beta)
    theta, tilted = _characteristic(site.wells, N, beta, b, at)
    m = int(np.ceil(1.25 * eta_max * N * theta[-1] / np.pi))
    M = eta_max * N * np.arange(m + 1) / m
    k = np.arange(N + 1)
    log_rho, V, var_V = (np.empty((N + 1, m + 1)) for _ in range(3))
    wave = np.exp(-1j * np.outer(M, theta)) * np.where(theta == 0, 0.5, 1.0)
    for n_hs in range(N + 1):
        log_rho[n_hs], V[n_hs], var_V[n_hs] = _row(np.array([n_hs, N - n_hs]), M, b, at, tilted, wave)
    log_rho += np.log(theta[1] / np.pi)
    log_rho += (gammaln(N + 1) - gammaln(k + 1) - gammaln(N - k + 1) + k * site.p.ln_g)[:, None]
    log_rho, V, var_V = (np.concatenate([x[:, :0:-1], x], axis=1) for x in (log_rho, V / N, var_V / N**2))
    eta = np.concatenate([-M[:0:-1], M]) / N
    e = interaction_energy(site.p, k[:, None] / N, eta)
    return Joint(eta, log_rho - N * beta * e, e, V, var_V)


def _extent(site: DisplaciveSite, N: int, T: float) -> tuple[float, float]:
    """The largest abs(η) and the largest field b that matter, from Chernoff's bound P ≤ exp(−N φ/T)."""
    n = np.linspace(0.0, 1.0, 17)[:, None]
    sign = -1.0 if site.p.field < 0 else 1.0
    limit = 2.0
    while True:
        eta = np.linspace(0.0, limit, 61)
        phi = site.free_energy(2 * n - 1, sign * eta, T)
        matters = phi <= phi.min() + TAIL * T / N
        if not matters[:, -1].any():
            break
        limit *= 2
    pairs = np.broadcast_arrays(n, eta)
    # one point of the grid further, for what lies between its points
    matters[:, 1:] |= matters[:, :-1]
    used = [x[matters] for x in pairs]
    return float(used[1].max()), 1.05 * float(site.field_of(used[0], used[1], 1 / T).max())


def _fields(wells: Wells, N: int, beta: float, b_max: float) -> Array:
    """Fields from 0 to b_max, the mean of M rising by at most STEP standard deviations in between."""
    b = [0.0]
    while b[-1] < b_max:
        variance = float(moments(wells, np.array(b[-1]), beta).var_u.max())
        b.append(b[-1] + STEP / np.sqrt(N * variance))
    return np.array(b)


def _characteristic(wells: Wells, N: int, beta: float, b: Array, at: Moments) -> tuple[Array, Tilted]:
    """θ from 0 to where every abs(ψ)^N has decayed, and `Tilted` there."""
    spacing = 2 * np.pi / (REACH * np.sqrt(N * at.var_u[:, 0].max()))
    reach = 10.0 / np.sqrt(N * at.var_u.min())
    while True:
        theta = spacing * np.arange(int(np.ceil(reach / spacing)) + 2)
        tilted = _tilted(wells, beta, b, at, theta)
        alive = np.flatnonzero((N * tilted.log_psi.real > np.log(DECAYED)).any(axis=(0, 1)))
        if alive[-1] < theta.size - 1:
            last = alive[-1] + 2
            return theta[:last], Tilted(*(x[..., :last] for x in tilted))
        reach *= 1.5


def _tilted(wells: Wells, beta: float, b: Array, at: Moments, theta: Array) -> Tilted:
    log_psi, V_1, V_2 = (np.empty((2, b.size, theta.size), dtype=np.complex128) for _ in range(3))
    for j in range(b.size):
        u, _, _ = nodes(wells, b[j : j + 1], beta)
        count = 96 + int(theta[-1] * np.ptp(u, axis=2).max())
        u, _, weight = (x[:, 0] for x in nodes(wells, b[j : j + 1], beta, count))
        V = potential(wells, u) - at.V[:, j, None]
        phase = np.exp(1j * theta[:, None] * u[:, None, :])  # (2, t, count)
        factor = (phase + np.exp(-2 * b[j] * u)[:, None, :] * phase.conj()) * weight[:, None, :]
        Z = factor.sum(axis=2)
        Z = np.where(Z == 0, 1e-300, Z)
        log_psi[:, j] = np.log(Z / Z[:, :1])
        V_1[:, j] = np.einsum("stu,su->st", factor, V) / Z
        V_2[:, j] = np.einsum("stu,su->st", factor, V * V) / Z - V_1[:, j] ** 2
    return Tilted(log_psi, V_1, V_2)


def _row(
    counts: npt.NDArray[np.int64], M: Array, b: Array, at: Moments, tilted: Tilted, wave: Complex
) -> tuple[Array, Array, Array]:
    """Logarithm of πρ(M)/Δθ, ⟨ΣV⟩ and its variance at given numbers (N_HS, N_LS) of molecules."""
    mean, variance = counts @ at.u, counts @ at.var_u
    j = np.searchsorted((mean[1:] + mean[:-1]) / 2, M)
    used = np.unique(j)
    psi = np.exp(np.einsum("s,sjt->jt", counts, tilted.log_psi[:, used]))
    V_1 = np.einsum("s,sjt->jt", counts, tilted.V[:, used])
    V_2 = np.einsum("s,sjt->jt", counts, tilted.var_V[:, used]) + V_1**2
    here = np.searchsorted(used, j)
    S_0, S_1, S_2 = (np.einsum("mt,mt->m", f[here], wave).real for f in (psi, psi * V_1, psi * V_2))
    possible = (mean[-1] + 4 * np.sqrt(variance[-1]) >= M) & (S_0 > 0)
    S_0 = np.where(possible, S_0, 1.0)
    log_rho = counts @ at.ln_Z[:, j] - b[j] * M + np.log(S_0)
    V = S_1 / S_0
    return (
        np.where(possible, log_rho, -np.inf),
        np.where(possible, V + counts @ at.V[:, j], 0.0),
        np.where(possible, np.maximum(S_2 / S_0 - V**2, 0.0), 0.0),
    )
