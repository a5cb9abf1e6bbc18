"""Slow, obvious twins of the spring network, written from the formulas with loops over sites and bonds."""

import itertools
import math

import numpy as np
from scipy import stats

from mcsco.model import State


def bonds(crystal):
    """(i, j, vector in lattice units) of all nearest and next-nearest neighbours, each once."""
    occupied = [tuple(int(x) for x in site) for site in np.argwhere(crystal.occupied)]
    number = {site: i for i, site in enumerate(occupied)}
    d = crystal.n_dimensions
    vectors = [v for v in itertools.product((-1, 0, 1), repeat=d) if sum(map(abs, v)) in (1, 2) and v > (0,) * d]
    found = []
    for site, v in itertools.product(occupied, vectors):
        there = tuple(x + dx for x, dx in zip(site, v, strict=True))
        wrapped = tuple(
            x % extent if word == "periodic" else x
            for x, extent, word in zip(there, crystal.shape, crystal.boundary, strict=True)
        )
        if wrapped in number:
            found.append((number[site], number[wrapped], np.array(v)))
    return found


def rest_length(springs, sigma, u, i, j, v):
    """ℓ of one bond."""
    R = [springs.radius_HS if s > 0 else springs.radius_LS for s in (sigma[i], sigma[j])]
    if sum(map(abs, v)) == 1:
        return R[0] + R[1]
    in_plane = v[0] != 0 and v[-1] != 0
    sign = 0 if not in_plane else (1 if v[0] == v[-1] else -1)
    e = sign * springs.shear
    return math.sqrt(2) * (R[0] * (1 + e * u[i]) + R[1] * (1 + e * u[j]))


def stiffness(springs, v):
    return springs.stiffness_nearest if sum(map(abs, v)) == 1 else springs.stiffness_diagonal


def elastic_energy(crystal, springs, sigma, u, w, strain=None, anharmonic=False):
    """H_el by a loop over bonds; with the true distances if `anharmonic`."""
    a = springs.spacing
    F = np.eye(crystal.n_dimensions) + (0 if strain is None else strain)
    H = 0.0
    for i, j, v in bonds(crystal):
        vector = F @ (a * v) + w[j] - w[i]
        length = np.linalg.norm(vector) if anharmonic else vector @ v / np.linalg.norm(v)
        H += stiffness(springs, v) / 2 * (length - rest_length(springs, sigma, u, i, j, v)) ** 2
    return H


def strains(crystal):
    """Free homogeneous strains as symmetric matrices."""
    axes = [] if crystal.clamped else [a for a, word in enumerate(crystal.boundary) if word == "periodic"]
    out = []
    for a, b in itertools.combinations_with_replacement(axes, 2):
        E = np.zeros((crystal.n_dimensions,) * 2)
        E[a, b] = E[b, a] = 1.0
        out.append(E)
    return out


def relaxed_energy(crystal, springs, sigma, u):
    """Minimum of H_el from the normal equations of all displacements and strains."""
    N, d, a = crystal.n_molecules, crystal.n_dimensions, springs.spacing
    free = strains(crystal)
    K = np.zeros((N * d + len(free),) * 2)
    f = np.zeros(len(K))
    rest = 0.0
    for i, j, v in bonds(crystal):
        e, k = v / np.linalg.norm(v), stiffness(springs, v)
        row = np.zeros(len(K))
        row[j * d : j * d + d] += e
        row[i * d : i * d + d] -= e
        row[N * d :] = [e @ E @ (a * v) for E in free]
        misfit = rest_length(springs, sigma, u, i, j, v) - a * np.linalg.norm(v)
        K += k * np.outer(row, row)
        f += k * misfit * row
        rest += k / 2 * misfit**2
    return rest - f @ np.linalg.pinv(K, rcond=1e-12, hermitian=True) @ f / 2


def k_space_energy(crystal, springs, sigma, u):
    """Relaxed energy of a fully periodic crystal under constant pressure, mode by mode."""
    shape, d = crystal.shape, crystal.n_dimensions
    n, u = ((np.asarray(x, float)).reshape(shape) for x in ((np.asarray(sigma) + 1) / 2, u))
    modes = [np.fft.fftn(x) / math.sqrt(n.size) for x in (n, u)]
    vectors = [v for v in itertools.product((-1, 0, 1), repeat=d) if sum(map(abs, v)) in (1, 2) and v > (0,) * d]
    H = 0.0
    for m in itertools.product(*map(range, shape)):
        if not any(m):  # the homogeneous strain accommodates the means
            continue
        q = 2 * np.pi * np.array(m) / np.array(shape)
        D, force, rest = np.zeros((d, d), complex), np.zeros(d, complex), 0.0
        for v in vectors:
            length = np.linalg.norm(v)
            phase = np.exp(1j * q @ v)
            sign = 0 if length == 1 else v[0] * v[-1]
            misfit = (
                length
                * (1 + phase)
                * (
                    (springs.radius_HS - springs.radius_LS) * modes[0][m]
                    + sign * springs.shear * springs.radius_HS * modes[1][m]
                )
            )
            e = np.array(v) / length
            k = stiffness(springs, v)
            D += k * abs(phase - 1) ** 2 * np.outer(e, e)
            force += k * np.conj(phase - 1) * misfit * e
            rest += k * abs(misfit) ** 2
        H += (rest - np.real(np.conj(force) @ np.linalg.solve(D, force))) / 2
    return H


def configurations(n_molecules, three):
    """All codes (u, or n of plain spins), shape (M, N); the last molecule varies fastest."""
    return np.array(list(itertools.product((-1, 0, 1) if three else (0, 1), repeat=n_molecules)))


def to_state(codes, three):
    codes = np.asarray(codes, dtype=np.int8)
    return State((2 * np.abs(codes) - 1).astype(np.int8), codes if three else np.zeros_like(codes))


def label(codes, three):
    """Number of the configuration of every lane, from codes of shape (N, R)."""
    base = 3 if three else 2
    out = np.zeros(codes.shape[1], dtype=np.int64)
    for row in codes.astype(np.int64) + int(three):
        out = base * out + row
    return out


def chi_squared(counts, probabilities):
    """P-value of Pearson's test; configurations that are expected less than ten times are pooled."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    observed, expected = (np.append(x[~rare], x[rare].sum()) for x in (counts, expected))
    if expected[-1] < 10:
        observed, expected = (np.append(x[:-2], x[-2:].sum()) for x in (observed, expected))
    return stats.chi2.sf(np.sum((observed - expected) ** 2 / expected), len(expected) - 1)
