"""The FORC diagram: the distribution of switching temperatures that first-order reversal curves reveal.

In the picture of Preisach a crystal is a set of domains, each with a temperature β at which it falls to LS on cooling
and an α ≥ β at which it rises to HS on heating. With curves measured on heating from reversal temperatures T_A the
domains that are LS at T_B have β > T_A and α > T_B, and their distribution is

    ρ(T_A, T_B) = −∂²γ/∂T_A ∂T_B = −½ ∂²q/∂T_A ∂T_B,    ∫∫ ρ dT_A dT_B = the part of the crystal that switches.

For curves on cooling from T_A the domains that are HS at T_B have α < T_A and β < T_B, and ρ is +∂²γ/∂T_A ∂T_B. The
derivative is that of a quadratic polynomial fitted to the (2s+1)² nearest points (Pike, Roberts and Verosub,
DOI 10.1063/1.370176); s is the smoothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.legs import Leg, monotone_legs
from mcsco.observables.series import Estimate
from mcsco.observables.transition import branch

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

MIN_CURVES = 5


@dataclass(frozen=True, eq=False)
class ReversalDiagram:
    """A FORC diagram. Arrays are on the grid of reversal temperatures T_A and temperatures T_B; NaN off the curves."""

    T_A: Floats
    """Reversal temperatures, K, ascending, shape (a,)."""
    T_B: Floats
    """K, ascending, shape (b,)."""
    gamma: Floats
    """HS fraction on the way back, mean over replicas, shape (a, b)."""
    density: Floats
    """ρ, 1/K², shape (a, b)."""
    error: Floats
    """Standard error of ρ from the scatter of replicas; NaN for one replica, shape (a, b)."""
    smoothing: int
    """s: ρ comes from (2s+1)² points."""
    on_heating: bool
    """Whether the curves were measured on heating."""
    switched: Estimate
    """∫∫ ρ dT_A dT_B."""
    bias: Estimate
    """Mean of (T_A + T_B)/2 under ρ, K: where the loops lie."""
    coercivity: Estimate
    """Mean of |T_B − T_A|/2 under ρ, K: how wide they are."""

    @property
    def axes(self) -> tuple[Floats, Floats]:
        """Bias (T_A + T_B)/2 and coercivity |T_B − T_A|/2 of every point, K, shape (a, b)."""
        return (self.T_A[:, None] + self.T_B) / 2, np.abs(self.T_B - self.T_A[:, None]) / 2


def reversal_diagram(dataset: xr.Dataset, smoothing: int = 3) -> ReversalDiagram:
    """The FORC diagram of a series simulated along `ReversalCurves`, or of measured curves of the same form.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `q` on (replica, step) and `temperature` on `step`, turning at each reversal temperature and at saturation.
    smoothing : int
        s, at least 1. Larger is smoother, and widens ρ by about s steps of either temperature.

    Raises
    ------
    InputError
        If there are fewer than 5 curves, or they do not all return to one temperature.
    """
    check_integer("smoothing", smoothing, minimum=1)
    T, q = coordinate(dataset, "temperature"), variable(dataset, "q")
    back, T_A = _ways_back(T)
    on_heating = back[0].direction > 0
    order = np.argsort(T_A)
    T_A, back = T_A[order], [back[i] for i in order]
    T_B, curves = _on_grid(T, (1 + q) / 2, back, T_A, on_heating)
    sign = -1.0 if on_heating else 1.0
    every = np.array([sign * _mixed_derivative(T_A, T_B, one, smoothing) for one in curves])
    mean = sign * _mixed_derivative(T_A, T_B, curves.mean(axis=0), smoothing)
    n = len(curves)
    error = every.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full_like(mean, np.nan)
    moments = np.array([_moments(T_A, T_B, one) for one in (mean, *every)])
    switched, bias, coercivity = (_estimate(column) for column in moments.T)
    return ReversalDiagram(
        T_A, T_B, curves.mean(axis=0), mean, error, smoothing, on_heating, switched, bias, coercivity
    )


def _ways_back(T: Floats) -> tuple[list[Leg], Floats]:
    """The legs on which temperature returns, and where each began."""
    legs = [leg for leg in monotone_legs(T) if leg.direction != 0]
    back = legs[1::2]
    if len(back) < MIN_CURVES:
        raise InputError(f"dataset: has {len(back)} reversal curves; a FORC diagram needs {MIN_CURVES}")
    turns = np.array([T[leg.steps.start - 1] for leg in back])
    if len({leg.direction for leg in back}) > 1 or np.unique(turns).size < turns.size:
        raise InputError("dataset: the curves must all run the same way, from different reversal temperatures")
    return back, turns


def _on_grid(T: Floats, gamma: Floats, back: list[Leg], T_A: Floats, on_heating: bool) -> tuple[Floats, Floats]:
    """All curves on one grid of T_B, shape (replica, a, b), NaN before each began."""
    steps = [np.abs(np.diff(np.unique(T[leg.steps]))) for leg in back]
    spacing = float(np.median(np.concatenate(steps)))
    low, high = min(T[leg.steps].min() for leg in back), max(T[leg.steps].max() for leg in back)
    T_B = np.linspace(low, high, max(2, 1 + round((high - low) / spacing)))
    curves = np.full((gamma.shape[0], T_A.size, T_B.size), np.nan)
    for i, leg in enumerate(back):
        inside = (T_A[i] <= T_B) if on_heating else (T_A[i] >= T_B)
        for r, row in enumerate(gamma):
            curves[r, i, inside] = np.interp(T_B[inside], *branch(T[leg.steps], row[leg.steps]))
    return T_B, curves


def _mixed_derivative(T_A: Floats, T_B: Floats, gamma: Floats, s: int) -> Floats:
    """∂²γ/∂T_A∂T_B of quadratic polynomials through windows of ±s curves and as many kelvin of T_B."""
    result = np.full(gamma.shape, np.nan)
    across = float(np.median(np.diff(T_A))) * s
    half = max(2, round(across / float(T_B[1] - T_B[0])))
    for i in range(T_A.size):
        rows = slice(max(0, i - s), i + s + 1)
        a = (T_A[rows] - T_A[i]) / across
        for j in range(T_B.size):
            if np.isnan(gamma[i, j]):
                continue
            columns = slice(max(0, j - half), j + half + 1)
            x, y = np.meshgrid(a, (T_B[columns] - T_B[j]) / across, indexing="ij")
            z = gamma[rows, columns]
            known = np.isfinite(z)
            if np.count_nonzero(known.any(axis=1)) < 3 or np.count_nonzero(known) < 9:
                continue
            x, y = x[known], y[known]
            basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)
            result[i, j] = np.linalg.lstsq(basis, z[known], rcond=None)[0][5] / across**2
    return result


def _moments(T_A: Floats, T_B: Floats, density: Floats) -> tuple[float, float, float]:
    """∫∫ρ, and the means of bias and coercivity under it."""
    rho = np.nan_to_num(density)
    cell = np.gradient(T_A)[:, None] * np.gradient(T_B)
    total = float(np.sum(rho * cell))
    if total == 0.0:
        return 0.0, np.nan, np.nan
    bias, coercivity = (T_A[:, None] + T_B) / 2, np.abs(T_B - T_A[:, None]) / 2
    return total, float(np.sum(rho * cell * bias) / total), float(np.sum(rho * cell * coercivity) / total)


def _estimate(values: Floats) -> Estimate:
    """The value of the mean curves, with the scatter of the replicas."""
    if values.size < 3:
        return Estimate(float(values[0]), float("nan"), reason="one replica: no error")
    return Estimate(float(values[0]), float(np.std(values[1:], ddof=1) / np.sqrt(values.size - 1)))
