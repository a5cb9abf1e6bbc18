"""Batches whose molecules interact over long range: the interaction is sampled, not summed.

With θ = (n, u) and a shift D that makes J'(k) = J(k) − D positive semi-definite, the pair energy −½ Σ_k θ*_k J θ_k is
carried by Gaussian fields (Hubbard, DOI 10.1103/PhysRevLett.3.77). Two draws alternate,

    h_k = J'(k) θ_k + √(T J'(k)) ξ_k      (one FFT forward and one back for each component),
    ordinary sweeps of the lattice kernel in the fields h, with the on-site terms ½ (S − D),

each of which leaves the joint distribution of θ and h invariant, whatever the schedule. The cost is O(N log N) a
sweep. Infinite-range couplings of any sign are one mode of the same field and are added to J(k = 0).

Where extents are powers of two, the draw is one compiled piece (`mcsco.engine.spectral`); any other shape goes through
SciPy's transforms.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from mcsco import units
from mcsco.engine.batch import Sums
from mcsco.engine.codes import Codes, distortions, spins
from mcsco.engine.lattice_batch import MAX_WORKERS, LatticeBatch
from mcsco.engine.layout import aligned_zeros
from mcsco.engine.spectral_fields import SpectralFields, is_spectral, root_of
from mcsco.engine.waves import WAVE_BLOCK, draw_waves, read_theta, write_fields
from mcsco.errors import InputError
from mcsco.model import Model


class FieldBatch(LatticeBatch):
    """A batch on kernel (a) with long-range fields. See `Batch` for the parameters.

    Raises
    ------
    InputError
        If the model has the mixed infinite-range term, which is cubic and has no Gaussian field.
    """

    site_fields = True

    fields_every = 1
    """Sweeps between two draws of the fields."""

    def __init__(
        self, model: Model, codes: Codes, dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        super().__init__(model, codes, dynamics, key, threads)
        assert model.pair_terms is not None, "the choice of the kernel gives field batches to such models only"
        pairs = self.pairs = model.pair_terms
        # Infinite range in the form of the pair terms: N Γ γ(1−γ) = Γ Σn − ½ (2Γ) n_0², −(K∞/2) N η² = −½ K∞ u_0².
        Gamma, K_inf = self.energies[4], self.energies[5]
        self.energies[4] = self.energies[5] = 0.0
        J = pairs.J / units.KELVIN
        zero = (0,) * model.lattice.n_dimensions
        J[zero][0, 0] += 2.0 * Gamma
        J[zero][1, 1] += K_inf
        D = shift(J)
        S = pairs.S / units.KELVIN
        # n² = n, so that what ½ θ·(S − D) θ has of it is linear.
        self.on_site = np.array([Gamma + 0.5 * (S[0, 0] - D[0]), 0.0]) + pairs.linear / units.KELVIN * [1.0, -1.0]
        self._set_squares(0.5 * (S[1, 1] - D[1]), S[0, 1])
        shifted = J - np.diag(D)
        n_fields = 1 if model.distortion is None else 2
        self.components = [p for p in range(n_fields) if np.abs(shifted[..., p, :]).max() > 1e-9]
        self.shape = model.lattice.shape
        self.spectral: SpectralFields | None = None
        if self.components and is_spectral(self.shape):
            self.spectral = SpectralFields(shifted, self.components, self.layout, min(threads, MAX_WORKERS))
        else:
            self._set_waves(shifted)
        size = self.packed.size
        self.fields = (aligned_zeros(size, np.float32), aligned_zeros(size, np.float32), *self.fields[2:])

    def _set_squares(self, of_u: float, mixed: float) -> None:
        """Take account of the on-site terms ``of_u u² + mixed n u`` (K): here u² = n and n u = u."""
        if self.three:
            self.on_site += [of_u, -mixed]

    def real(self) -> npt.NDArray[np.float32]:
        """U of every site in the kernel's form, where it is continuous; else of size zero."""
        return np.zeros((2, 0, 0), dtype=np.float32)

    def _check_model(self) -> None:
        if self.model.couplings.L != 0:
            raise InputError(
                "interactions: the mixed infinite-range term is cubic and cannot be combined with elasticity or "
                "long-range couplings; leave 'mixed' at 0"
            )

    def sums(self) -> Sums:
        """The extensive sums of every replica, and the energy of the long-range terms."""
        codes = self.codes()
        theta = np.stack([spins(codes) > 0, distortions(self.model, codes)], dtype=np.float64)
        return super().sums()._replace(pairs=self.pairs.energies(theta))

    def _set_waves(self, J: npt.NDArray[np.float64]) -> None:
        """J'(k) and its root on the half grid of a real transform, with the variance of the noise's components."""
        d = J.ndim - 2
        n_columns = J.shape[d - 1]
        half = J[..., : n_columns // 2 + 1, :, :]
        root = root_of(half)
        # |ξ|² = 1: each part has the variance ½. In the columns that are their own mirror image the inverse transform
        # takes the real part of its input, half of the variance, so that each part needs 1.
        root = root * np.sqrt(0.5)
        root[..., 0, :, :] *= np.sqrt(2.0)
        if n_columns % 2 == 0:
            root[..., -1, :, :] *= np.sqrt(2.0)
        pairs = [(0, 0), (0, 1), (1, 1)] if len(self.components) == 2 else [(p, p) for p in self.components]
        self.J = np.ascontiguousarray([half[..., p, q].ravel() for p, q in pairs], dtype=np.float32)
        self.root = np.ascontiguousarray([root[..., p, q].ravel() for p, q in pairs], dtype=np.float32)
        size = (self.n_replicas, self.layout.n_rows, self.layout.n_columns)
        self.theta = np.zeros((1 if self.model.distortion is None else 2, *size), dtype=np.float32)
        self.no_field = np.zeros(size, dtype=np.float32)
        self.drawn = np.zeros((4, WAVE_BLOCK), dtype=np.float32)
        self.words = np.zeros((4, WAVE_BLOCK), dtype=np.int32)

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs; fields that outlive the sweep they were drawn for are part of it."""
        rest = {"fields": np.stack(self.fields[:2])} if self.fields_every > 1 else {}
        return super().memory() | rest

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned."""
        super().restore(memory)
        for field, stored in zip(self.fields[:2], memory.get("fields", ()), strict=False):
            field[:] = stored

    def _advance(self, first: int, n_sweeps: int) -> None:
        base = self.sweep
        try:
            for j in range(n_sweeps):
                self.sweep = base + j
                if self.sweep % self.fields_every == 0:
                    self._draw(first + j + 1)
                super()._advance(first + j, 1)
        finally:
            self.sweep = base

    def _draw(self, sweep_of_leg: int) -> None:
        """Draw the fields at the temperature of a sweep."""
        control = self.start + self.step * sweep_of_leg
        T = control[:, 0]
        d_h, ln_g, J_nn, z = self.energies[0], self.energies[1], self.energies[2], self.model.lattice.coordination
        on_site = self.on_site + control[:, 1:]
        on_site[:, 0] += d_h - T * ln_g + 2.0 * J_nn * z
        shift, scale = on_site.astype(np.float32), (1.0 / (T * np.log(2.0))).astype(np.float32)
        if self.spectral is None:
            h = self._draw_general(T)
            write_fields(h[0], h[1], self.geometry, shift, scale, *self.fields[:2])
        else:
            fields = (self.fields[0], self.fields[1])
            self.spectral.draw(self.packed, self.real(), self.geometry, shift, scale, T, self.sweep, self.key, fields)

    def _draw_general(self, T: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float32]]:
        """Fields of n and of u in K, each of shape (R, rows, columns), for any shape of the lattice."""
        h = [self.no_field, self.no_field]
        if self.components:
            R, axes = self.n_replicas, tuple(range(2, 2 + len(self.shape)))
            read_theta(self.packed, self.real(), self.geometry, self.theta)
            theta = self.theta[self.components].reshape(len(self.components), R, *self.shape)
            modes = fft.rfftn(theta, axes=axes, workers=self.threads)
            parts = modes.view(np.float32).reshape(len(self.components), R, -1, 2)
            noise = np.sqrt(T * self.model.lattice.n_sites).astype(np.float32)
            draw_waves(parts, self.J, self.root, noise, self.sweep, self.key, self.drawn, self.words)
            drawn = fft.irfftn(modes, s=self.shape, axes=axes, workers=self.threads, overwrite_x=True)
            for p, component in enumerate(self.components):
                h[component] = drawn[p].reshape(R, self.layout.n_rows, self.layout.n_columns)
        return h


def shift(J: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Diagonal D, shape (2,), as large as J(k) − D ≥ 0 allows for all k; negative for frustrated kernels.

    Coupled components give up the same part of their scale.
    """
    flat = J.reshape(-1, 2, 2)
    scale = np.abs(flat[:, (0, 1), (0, 1)]).max(axis=0)
    if not flat[:, 0, 1].any() or not scale.all():
        lowest = flat[:, (0, 1), (0, 1)].min(axis=0)
    else:
        root = np.sqrt(scale)
        lowest = np.linalg.eigvalsh(flat / np.outer(root, root)).min() * scale
    # A relative margin keeps round-off from making the shifted kernel indefinite.
    D: npt.NDArray[np.float64] = lowest - 1e-12 * scale
    return D
