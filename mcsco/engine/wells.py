"""Proposals of displacive moves: where a molecule lands when its spin flips, and how far it steps otherwise.

A flip LS → HS maps u to ``±c + ρ u`` with a random sign, the flip HS → LS back to ``(u ∓ c)/ρ``; c and ρ σ_LS are mean
and standard deviation of |u| in the HS well, so that a molecule keeps its place within the well. All are
functions of the temperature alone, tabulated once: they differ from no other function of it but in efficiency.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEP = 2.6
"""Half the range of a step in standard deviations of the well; a Gaussian well would accept 54 % of such steps."""

_DECADES, _PER_DECADE = 12, 40


class Wells(NamedTuple):
    """On-site potential V_n(u) = n ε + (k_n/2) u² + ε u⁴ in K."""

    barrier: float
    """ε."""
    low: float
    """k_LS: κ, and what long-range terms add on the site."""
    high: float
    """k_HS = −4 ε, and the same."""

    def table(self) -> Array:
        """Shape (T, 3): centre c, ratio ρ and half range of a HS step, at temperatures evenly spaced in log2.

        They span from ε/10^6 to 10^6 ε; the first row is log2 of the first temperature, the rows per unit of log2, and
        the last index.
        """
        log_T = np.linspace(-0.5 * _DECADES, 0.5 * _DECADES, _DECADES * _PER_DECADE + 1) * math.log2(10.0)
        log_T += math.log2(self.barrier)
        T = 2.0**log_T
        _, square_low = self._moments(self.low, T)
        centre, square_high = self._moments(self.high, T)
        sigma_low, sigma_high = np.sqrt(square_low), np.sqrt(square_high - centre**2)
        head = [[log_T[0], 1.0 / (log_T[1] - log_T[0]), log_T.size - 1.0]]
        return np.concatenate([head, np.stack([centre, sigma_high / sigma_low, STEP * sigma_high], axis=1)])

    def _moments(self, k: float, T: Array) -> tuple[Array, Array]:
        """⟨|u|⟩ and ⟨u²⟩ of a free molecule with the quadratic term (k/2) u²."""
        bottom = math.sqrt(max(0.0, -k) / (4.0 * self.barrier))
        lowest = -(bottom**4) * self.barrier
        curvature = -2.0 * k if k < 0.0 else k
        # Width of a Gaussian that the mean of the quartic term stiffens: the scale of the grid.
        scale = np.sqrt(2.0 * T / (curvature + np.sqrt(curvature**2 + 48.0 * self.barrier * T)))
        u = bottom + scale[:, None] * np.linspace(-8.0, 8.0, 801)
        weight = np.where(u > 0.0, np.exp((lowest - (0.5 * k + self.barrier * u**2) * u**2) / T[:, None]), 0.0)
        total = weight.sum(axis=1)
        return (weight * u).sum(axis=1) / total, (weight * u**2).sum(axis=1) / total
