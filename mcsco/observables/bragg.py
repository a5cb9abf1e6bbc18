"""The reflection that appears when the symmetry breaks, and the diffuse scattering around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import check_real
from mcsco.observables.structure import structure_factors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reflection:
    """Intensities in units of the coherent one of a crystal with u = +1 throughout; shape () or (replica,).

    Over the whole zone they obey the sum rule intensity + Σ_{k≠0} S_uu(k)/N = ⟨u²⟩, which is the HS fraction for
    u = ±1 in HS and 0 in LS.
    """

    intensity: Floats
    """Bragg intensity I = η² = |Σ_r u_r|²/N², at the reflection itself."""
    diffuse: Floats
    """Diffuse intensity Σ S_uu(k)/N over 0 < |k| ≤ window, from domains and from fluctuations."""
    window: float
    """Radius in k around the reflection, rad per site."""

    @property
    def amplitude(self) -> Floats:
        """√I = |η|."""
        return np.asarray(np.sqrt(self.intensity))

    @property
    def integrated(self) -> Floats:
        """Bragg and diffuse intensity: what a detector adds up that does not resolve the window.

        Domains +η and −η take intensity from k = 0 to |k| ≈ 2π/size, and it stays whole here once these are inside.
        """
        return np.asarray(self.intensity + self.diffuse)


def reflection(state: Any, window: float = 0.5, replicas: bool = False) -> Reflection:
    """Intensity of the reflections that break the symmetry, and of their surroundings.

    In Pccn the glide planes forbid the reflections (0kl) with l odd and (hk0) with h + k odd, and in P2₁/c of the
    distorted HS phase they appear with √I ∝ |η| (source paper, DOI 10.1039/d4mh01318b). One molecule stands for a cell
    here, so that their place is k = 0 of the structure factor S_uu of the distortion, √I is |η| with the factor 1, and
    `window` is the distance from that place in reciprocal space times the lattice spacing. Form factors, thermal
    motion and the splitting of twinned reflections by the shear are left out.

    Parameters
    ----------
    state : State
        Anything with `spin` (σ = ±1) and `distortion` (u) on a periodic lattice.
    window : float
        Radius of what counts as around the reflection, rad per site; π is half way to the next one.
    replicas : bool
        Whether an axis of replicas comes first.

    Raises
    ------
    InputError
        If the state is not one of a periodic lattice, or the window is not positive.
    """
    radius = check_real("window", window, above=0.0, unit="rad per site")
    S = structure_factors(state, replicas, subtract="none")
    k = np.sqrt(sum(component**2 for component in S.wavevectors))
    N = k.size
    waves = S.S_uu.reshape(*S.S_uu.shape[: S.S_uu.ndim - k.ndim], N)
    # A margin for rounding, so that modes of equal |k| are all in or all out.
    around = ((k > 0) & (k <= radius * (1 + 1e-9))).ravel()
    return Reflection(
        intensity=np.asarray(waves[..., 0] / N),
        diffuse=np.asarray(waves[..., around].sum(axis=-1) / N),
        window=radius,
    )
