"""Structure factors of the spin state and of the distortion, and the lengths and directions in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.configuration import as_configuration
from mcsco.observables.leave_one_out import leave_one_out
from mcsco.observables.series import Estimate, mean_over_replicas, unknown

Floats = npt.NDArray[np.float64]

FIELDS = ("nn", "uu", "nu")
SUBTRACT = ("each", "common", "none")
ROUNDING = 1e-26
"""S(k) below this part of the mean square in real space is rounding: a transform is exact to 1e-15 or so, S to its
square."""
SECTOR = 15.0
"""Half-angle in degrees within which a wavevector counts as parallel to an axis or to a diagonal."""


class Radial(NamedTuple):
    """Angular average of a structure factor over shells of the width 2π/L of the longest extent L."""

    k: Floats
    """Mean |k| in each shell, rad per site, shape (shell,)."""
    S: Floats
    """Mean of S(k) in each shell, shape (shell,) or (replica, shell)."""
    counts: npt.NDArray[np.int64]
    """Wavevectors in each shell, shape (shell,). Shells beyond |k| = π are cut by the edges of the zone."""


@dataclass(frozen=True)
class StructureFactors:
    """S_xy(k) = Re δx_k δy*_k / N with x_k = Σ_r x_r exp(−i k·r), on the grid of `numpy.fft.fftn`.

    Each array has the shape of the lattice, or (replica, ...).
    """

    shape: tuple[int, ...]
    """Extents of the lattice."""
    subtract: str
    """Which mean was taken off, see `structure_factors`."""
    S_nn: Floats
    """Of n = 1 in HS, 0 in LS. Summed over all k it is N times the variance of n."""
    S_uu: Floats
    """Of the distortion u."""
    S_nu: Floats
    """Between the two; changes sign with u, so that it averages to zero over both variants."""

    @property
    def wavevectors(self) -> tuple[Floats, ...]:
        """Components of k along each axis, rad per site, as an open grid."""
        return tuple(np.meshgrid(*(2 * np.pi * np.fft.fftfreq(L) for L in self.shape), indexing="ij", sparse=True))

    def averaged(self) -> StructureFactors:
        """Mean over replicas."""
        lead = tuple(range(self.S_nn.ndim - len(self.shape)))
        return replace(self, **{f"S_{xy}": getattr(self, f"S_{xy}").mean(axis=lead) for xy in FIELDS})

    def radial(self, of: str = "uu") -> Radial:
        """Angular average; shell m holds the k with (m − 1/2) ≤ |k|L/2π < (m + 1/2), shell 0 only k = 0."""
        k, shell = self._shells()
        count = np.bincount(shell)
        used = count > 0
        S = self._binned(self._get(of), shell)[..., used] / count[used]
        return Radial(np.bincount(shell, k)[used] / count[used], S, count[used])

    def characteristic_length(self, of: str = "uu") -> Floats:
        """R = 2π/⟨k⟩ in sites, with ⟨k⟩ = ∫k S(k)dk / ∫S(k)dk of the angular average S(k).

        The integrals are sums over the shells with 0 < |k| ≤ π. A modulation with one wavelength has R equal to it;
        stripes of two phases, each of width w, have R somewhat below 2w. The first moment of S(k) converges for
        sharp walls, where S falls as |k|^−(d+1); the same moment over all wavevectors, with their |k|^(d−1), would not.

        Returns
        -------
        array, shape () or (replica,)
            NaN if S is zero throughout.
        """
        if of == "nu":
            raise InputError("of = 'nu': a cross-correlation has no length of its own; must be 'nn' or 'uu'")
        k, shell = self._shells()
        S = self._get(of)
        count = np.bincount(shell)
        whole = np.flatnonzero((count > 0) & (np.arange(count.size) * 2 * np.pi / max(self.shape) <= np.pi))[1:]
        moment = [(self._binned(S * w, shell)[..., whole] / count[whole]).sum(-1) for w in (1.0, k.reshape(self.shape))]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(moment[0] > 0, 2 * np.pi * moment[0] / moment[1], np.nan))

    def correlation_length(self, of: str = "uu") -> tuple[Estimate, ...]:
        """Second-moment (Ornstein-Zernike) correlation length along each axis, in sites.

        S(k) = S(0)/(1 + ξ² k̂²) with k̂ = 2 sin(k/2) through two points along the axis:
        ξ² = (S_a − S_b)/(k̂_b² S_b − k̂_a² S_a), a = 0 and b = k_min = 2π/L. For a = 0 this is
        ξ = √(S(0)/S(k_min) − 1)/(2 sin(π/L)), with no further factor. Where each state's own mean was taken
        off, S(0) is lost, and the points are k_min and 2 k_min. S is averaged over replicas first; the error is a
        jackknife over them.

        Returns
        -------
        tuple of Estimate
            NaN with a reason along an axis on which S does not fall: ξ is then not resolved, or too long for L.
        """
        S = self._get(of).reshape(-1, *self.shape)
        if of == "nu":
            raise InputError("of = 'nu': a cross-correlation has no length of its own; must be 'nn' or 'uu'")
        return tuple(self._axis_length(S, axis) for axis in range(len(self.shape)))

    def anisotropy(self, of: str = "uu") -> Floats:
        """S(k ∥ axis)/S(k ∥ face diagonals), for each axis: shape (axis,) or (replica, axis).

        Means over the wavevectors within 15° of the axis and within 15° of any face diagonal, shell by shell with
        0 < |k| ≤ π, each shell weighted with its number of wavevectors. k is normal to the walls: twins with walls
        perpendicular to one axis have a large value there and a small one along the other axes. Isotropic domains
        have 1, to 5 % as long as R is below a third of the crystal: beyond, the few wavevectors of that length are
        too coarse a grid. One state scatters by about R/L about its mean: average over replicas.

        Returns
        -------
        array
            Infinite if S vanishes along the diagonals only; NaN if it vanishes along both.
        """
        S = self._get(of)
        k, shell = self._shells()
        inside = np.flatnonzero((shell > 0) & (k <= np.pi))
        grid = np.stack([np.broadcast_to(component, self.shape).ravel()[inside] for component in self.wavevectors])
        unit, shell = grid / k[inside], shell[inside]
        rows = S.reshape(-1, k.size)[:, inside]
        d = len(self.shape)
        n = np.bincount(shell)
        sectors = [
            _sector_means(rows, shell, unit, directions, n.size) for directions in (*np.eye(d)[:, None], _diagonals(d))
        ]
        ratios = []
        for means in sectors[:d]:
            shared = np.isfinite(means[0]) & np.isfinite(sectors[d][0])
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios.append((means * n)[:, shared].sum(axis=1) / (sectors[d] * n)[:, shared].sum(axis=1))
        return np.stack(ratios, axis=-1).reshape(*S.shape[: S.ndim - d], d)

    def _get(self, of: str) -> Floats:
        if of not in FIELDS:
            raise InputError(f"of = {of!r}: must be one of {', '.join(map(repr, FIELDS))}")
        S: Floats = getattr(self, f"S_{of}")
        return S

    def _shells(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        """|k| and number of the shell of every wavevector, flat."""
        k = np.sqrt(sum(component**2 for component in self.wavevectors)).ravel()
        # Half a shell above rounding, so that modes of equal |k| do not fall into two shells.
        return k, np.floor(k * max(self.shape) / (2 * np.pi) + 0.5 + 1e-9).astype(np.int64)

    def _binned(self, S: Floats, shell: npt.NDArray[np.int64]) -> Floats:
        """Sum of S in every shell, shape (shell,) or (replica, shell)."""
        lead = S.shape[: S.ndim - len(self.shape)]
        rows = [np.bincount(shell, row) for row in S.reshape(-1, shell.size)]
        return np.array(rows, dtype=np.float64).reshape(*lead, -1)

    def _axis_length(self, S: Floats, axis: int) -> Estimate:
        L = self.shape[axis]
        a, b = (1, 2) if self.subtract == "each" else (0, 1)
        if 2 * b > L:
            return unknown(f"extent of {L} sites: has no two wavevectors to tell a correlation length from")
        K_a, K_b = (4 * np.sin(np.pi * m / L) ** 2 for m in (a, b))
        points = np.moveaxis(S, axis + 1, -1).reshape(len(S), -1, L)[:, 0, [a, b]]  # k = 0 along the other axes

        def length(mean: Floats) -> float:
            rise, curvature = mean[0] - mean[1], K_b * mean[1] - K_a * mean[0]
            return float(np.sqrt(rise / curvature)) if rise > 0 and curvature > 0 else float("nan")

        reason = "S(k) does not fall with k as 1/(1 + ξ²k²): ξ is below the resolution, or long against the crystal"
        if not np.isfinite(length(points.mean(axis=0))):
            return unknown(reason)
        return mean_over_replicas(leave_one_out(length, points), reason)


def _sector_means(S: Floats, shell: npt.NDArray[np.int64], unit: Floats, directions: Floats, n_shells: int) -> Floats:
    """Mean of S (row, wavevector) in each shell within 15° of one of the directions, (row, shell); NaN where none."""
    normed = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    cosine = np.zeros(shell.size)
    for direction in normed:
        np.maximum(cosine, np.abs(direction @ unit), out=cosine)
    near = np.flatnonzero(cosine >= np.cos(np.radians(SECTOR)))
    counts = np.bincount(shell[near], minlength=n_shells)
    sums = np.array([np.bincount(shell[near], row[near], minlength=n_shells) for row in S])
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _diagonals(d: int) -> Floats:
    """Face diagonals, one of each pair of opposite ones."""
    rows = [row for row in product((-1, 0, 1), repeat=d) if np.abs(row).sum() == 2]
    return np.array([row for row in rows if row > tuple(-x for x in row)], dtype=np.float64)


def structure_factors(state: Any, replicas: bool = False, subtract: str = "each") -> StructureFactors:
    """Structure factors S_nn(k), S_uu(k) and S_nu(k) of one state or of a stack of them.

    Parameters
    ----------
    state : State
        Anything with `spin` (σ = ±1) and `distortion` (u) on a periodic lattice.
    replicas : bool
        Whether an axis of replicas comes first. Independent snapshots of one chain count as replicas.
    subtract : str
        Which mean is taken off n and u; only S(0) depends on it. ``"each"``: every state's own, S(0) = 0. ``"common"``:
        that of all replicas, S(0) averages to N var of the mean over replicas (two or more). ``"none"``: nothing, and
        S_uu(0) = N η²; right for u where η = 0 on average.

    Returns
    -------
    StructureFactors
        Three arrays of 8 bytes for every site and replica.

    Raises
    ------
    InputError
        If the state is not one of a periodic lattice, or `subtract` is unknown or needs replicas.
    """
    from scipy import fft

    if subtract not in SUBTRACT:
        raise InputError(f"subtract = {subtract!r}: must be one of {', '.join(map(repr, SUBTRACT))}")
    hs, u = as_configuration(state, replicas)
    n_replicas = len(hs)
    if subtract == "common" and n_replicas < 2:
        raise InputError(f"subtract = 'common' with {n_replicas} replica: needs two or more; use 'each' or 'none'")
    S = np.empty((3, *hs.shape))
    zeros = np.empty((n_replicas, 2))
    origin = (0,) * (hs.ndim - 1)
    N = hs[0].size
    for i, (h, x) in enumerate(zip(hs, u, strict=True)):
        n_k, u_k = fft.fftn(h.astype(np.float64)), fft.fftn(x.astype(np.float64))
        zeros[i] = n_k[origin].real, u_k[origin].real
        S[0, i], S[1, i], S[2, i] = _product(n_k, n_k, N), _product(u_k, u_k, N), _product(n_k, u_k, N)
    zeros -= {"each": zeros, "common": zeros.mean(axis=0), "none": 0.0}[subtract]
    unbiased = n_replicas / (n_replicas - 1) if subtract == "common" else 1.0
    for j, (p, q) in enumerate(((0, 0), (1, 1), (0, 1))):
        S[j].reshape(n_replicas, N)[:, 0] = zeros[:, p] * zeros[:, q] * unbiased / N
    return StructureFactors(hs.shape[1:], subtract, *(S if replicas else S[:, 0]))


def _product(x: npt.NDArray[np.complex128], y: npt.NDArray[np.complex128], N: int) -> Floats:
    """Re x y*/N, with what is rounding of the transform set to zero: a uniform field has no length of its own."""
    S = np.asarray((x.real * y.real + x.imag * y.imag) / N)
    scale = np.sqrt(np.vdot(x, x).real * np.vdot(y, y).real) / N**2
    S[np.abs(S) < ROUNDING * scale] = 0.0
    return S


def bragg_amplitude(state: Any, replicas: bool = False) -> Floats:
    """|⟨u⟩|, to which √I of the reflections that break the symmetry is proportional.

    In Pccn the glide planes forbid the reflections (0kl) with l odd and (hk0) with h + k odd, and in P2₁/c of the
    distorted HS phase they appear with √I ∝ |η| (source paper, DOI 10.1039/d4mh01318b). One molecule stands for a
    site here, so the place of those reflections is k = 0 of u, and √S_uu(0)/√N with nothing subtracted. It is
    coherent over the crystal: domains +η and −η cancel, whereas the intensities of twin domains that do not
    interfere add up; for those take √⟨|⟨u⟩|²⟩ over the domains.

    Parameters
    ----------
    state : State
    replicas : bool
        Whether an axis of replicas comes first.

    Returns
    -------
    array, shape () or (replica,)

    Raises
    ------
    InputError
        If the state is not one of a periodic lattice.
    """
    _, u = as_configuration(state, replicas)
    amplitude = np.abs(u.reshape(len(u), -1).mean(axis=1, dtype=np.float64))
    return np.asarray(amplitude if replicas else amplitude[0])
