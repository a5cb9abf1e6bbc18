"""What a relaxation curve says: the rate, the shape, and the law that describes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.branches import PerReplica
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.leave_one_out import leave_one_out
from mcsco.observables.light import select
from mcsco.observables.series import Estimate, unknown

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

LAWS = ("exponential", "stretched", "sigmoidal")
"""γ0 e^{−kt}; γ0 e^{−(kt)^β}; and dγ/dt = −k e^{α(1−γ)} γ (Hauser, DOI 10.1007/b95416)."""
MIN_POINTS = 8


class Law(NamedTuple):
    """One law fitted to a relaxation curve."""

    rate: Estimate
    """k, 1/s; of the stretched law 1/τ."""
    shape: Estimate
    """β of the stretched law, α of the sigmoidal one; 0 of the exponential, which has none."""
    start: Estimate
    """γ at time zero."""
    misfit: float
    """Root mean square deviation of γ, of the mean over replicas."""


@dataclass(frozen=True)
class RelaxationFit:
    """Three laws of relaxation fitted to one curve, and which of them describes it."""

    exponential: Law
    stretched: Law
    sigmoidal: Law
    verdict: str
    """One of `LAWS`, or ``"none"``."""
    reason: str = ""
    """Why there is none, or a remark."""

    def __str__(self) -> str:
        lines = [f"{'law':<12} {'k (1/s)':<22} {'shape':<22} {'misfit':<10}"]
        for name in LAWS:
            law: Law = getattr(self, name)
            lines.append(f"{name:<12} {law.rate!s:<22} {law.shape!s:<22} {law.misfit:<10.2g}")
        return "\n".join([*lines, f"verdict: {self.verdict}" + (f" ({self.reason})" if self.reason else "")])


def relaxation_fit(dataset: xr.Dataset, leg: int = 0) -> RelaxationFit:
    """Fit three laws to the relaxation of γ to LS at constant temperature.

    Least squares of the mean curve; errors are jackknifed over replicas, since the noise of one curve is correlated in
    time. The verdict is ``"exponential"`` unless β or α differs from that of an exponential by four standard errors;
    else the law of the smaller misfit. A residue of HS at the end is not fitted.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `gamma` on (replica, step), and `time` (s) and `temperature` on `step`.
    leg : int
        The part of the protocol.

    Raises
    ------
    InputError
        If the leg is missing or its temperature changes.
    """
    t, gamma = _leg(dataset, leg)
    mean = gamma.mean(axis=0)
    if t.size < MIN_POINTS or mean[0] - mean[-1] < 0.02:
        reason = f"{t.size} points and a change of γ by {mean[0] - mean[-1]:.3g}: too little to fit; measure for longer"
        none = Law(unknown(reason), unknown(reason), unknown(reason), math.nan)
        return RelaxationFit(none, none, none, "none", reason)
    laws = {name: _fit_law(name, t, gamma) for name in LAWS}
    verdict, reason = _verdict(laws)
    return RelaxationFit(laws["exponential"], laws["stretched"], laws["sigmoidal"], verdict, reason)


def sigmoid(t: npt.ArrayLike, k: float, alpha: float, start: float = 1.0) -> Floats:
    """γ(t) of dγ/dt = −k e^{α(1−γ)} γ with γ(0) = `start`.

    From the exact time of every γ, t = (e^{−α}/k) [Ei(αγ0) − Ei(αγ)], inverted by interpolation.

    Parameters
    ----------
    t : array_like, shape (n,)
        s.
    k : float
        1/s.
    alpha : float
        α = Γ/RT.
    start : float
        γ at time zero, in (0, 1].
    """
    from scipy.special import expi

    times = np.asarray(t, dtype=np.float64)
    if abs(alpha) < 1e-9:
        return np.asarray(start * np.exp(-k * times))
    # Dense where γ is near its start, where a steep curve turns, and on a logarithmic scale towards 0.
    gamma = start * np.concatenate([1.0 - np.geomspace(1e-9, 0.5, 1500), np.geomspace(0.5, 1e-9, 1500)[1:]])
    at = np.exp(-alpha) / k * (expi(alpha * start) - expi(alpha * gamma))
    return np.asarray(np.interp(times, np.append(0.0, at), np.append(start, gamma)))


def _leg(dataset: xr.Dataset, leg: int) -> tuple[Floats, Floats]:
    """Time since the beginning of a part at constant temperature, and γ of every replica."""
    chosen = select(dataset, leg)
    T = coordinate(dataset, "temperature")[chosen]
    if np.ptp(T) > 0:
        raise InputError(f"leg = {leg}: its temperature runs over {np.ptp(T):g} K; a relaxation is fitted at one")
    t = coordinate(dataset, "time")
    begin = t[chosen[0] - 1] if chosen[0] else 0.0
    return t[chosen] - begin, variable(dataset, "gamma")[:, chosen]


def _exponential(t: Floats, ln_k: float, _: float, start: float) -> Floats:
    return np.asarray(start * np.exp(-np.exp(ln_k) * t))


def _stretched(t: Floats, ln_k: float, beta: float, start: float) -> Floats:
    return np.asarray(start * np.exp(-((np.exp(ln_k) * t) ** beta)))


def _sigmoidal(t: Floats, ln_k: float, alpha: float, start: float) -> Floats:
    return sigmoid(t, math.exp(ln_k), alpha, start)


_CURVES: dict[str, Callable[..., Floats]] = {
    "exponential": _exponential,
    "stretched": _stretched,
    "sigmoidal": _sigmoidal,
}
_NEUTRAL = {"exponential": 0.0, "stretched": 1.0, "sigmoidal": 0.0}
"""The shape with which a law is exponential."""
_BEGIN = {"exponential": (0.0,), "stretched": (1.0, 0.5), "sigmoidal": (0.5, 4.0, 10.0)}
_LOW = {"exponential": -1.0, "stretched": 0.05, "sigmoidal": -20.0}
_HIGH = {"exponential": 1.0, "stretched": 10.0, "sigmoidal": 60.0}
SIGNIFICANT = 4.0
"""Standard errors by which a shape must differ from that of an exponential."""
RESOLVED = 0.02
"""Misfit of γ beyond which even the best law does not describe a curve."""


def _fit_law(name: str, t: Floats, gamma: Floats) -> Law:
    """Parameters with errors over replicas, and the misfit of the mean curve."""
    mean = gamma.mean(axis=0)
    start = min(1.0, max(float(mean[0]), 1e-3))
    below = np.flatnonzero(mean <= 0.5 * start)
    half = float(t[below[0]] if below.size else t[-1])
    guesses = [np.array([math.log(math.log(2.0) / half), shape, start]) for shape in _BEGIN[name]]
    best = min((_least_squares(name, t, mean, guess) for guess in guesses), key=lambda found: found[1])[0]
    misfit = float(np.sqrt(np.mean((_CURVES[name](t, *_unfold(name, best)) - mean) ** 2)))

    def parameters(of: Floats) -> Floats:
        ln_k, shape, begin = _unfold(name, _least_squares(name, t, of, best)[0])
        return np.array([math.exp(ln_k), shape, begin])

    values = leave_one_out(parameters, gamma)
    rate, shape, begin = (PerReplica(values[:, i]).estimate() for i in range(3))
    return Law(rate, Estimate(0.0, 0.0) if name == "exponential" else shape, begin, misfit)


def _unfold(name: str, x: Floats) -> tuple[float, float, float]:
    """(ln k, shape, γ0): of the sigmoidal law ln k + α/2, the rate in the middle, is what a curve tells best."""
    return float(x[0] - (0.5 * x[1] if name == "sigmoidal" else 0.0)), float(x[1]), float(x[2])


def _least_squares(name: str, t: Floats, y: Floats, guess: Floats) -> tuple[Floats, float]:
    """Parameters before `_unfold`, and the cost."""
    from scipy.optimize import least_squares

    free = np.array([True, name != "exponential", True])
    low, high = np.array([-np.inf, _LOW[name], 1e-6]), np.array([np.inf, _HIGH[name], 1.0 + 1e-9])

    def whole(x: Floats) -> Floats:
        full = guess.copy()
        full[free] = x
        return full

    def residual(x: Floats) -> Floats:
        return np.asarray(_CURVES[name](t, *_unfold(name, whole(x))) - y)

    begin = np.clip(guess, low + 1e-9, high - 1e-9)[free]
    found = least_squares(residual, begin, bounds=(low[free], high[free]), x_scale=np.array([1.0, 1.0, 0.1])[free])
    return whole(found.x), float(found.cost)


def _verdict(laws: dict[str, Law]) -> tuple[str, str]:
    """The law that describes the curve, and a remark."""
    best = min(LAWS, key=lambda name: laws[name].misfit)
    if laws[best].misfit > RESOLVED:
        return "none", f"the best law, {best}, misses γ by {laws[best].misfit:.2g}; is there a residue, or a plateau?"
    if all(math.isnan(laws[name].shape.error) for name in ("stretched", "sigmoidal")):
        simple = laws["exponential"].misfit < 1.5 * laws[best].misfit
        return "exponential" if simple else best, "by the misfit alone: errors need two replicas"
    bent = [
        name
        for name in ("stretched", "sigmoidal")
        if abs(laws[name].shape.value - _NEUTRAL[name]) > SIGNIFICANT * laws[name].shape.error
    ]
    if not bent or laws["exponential"].misfit <= laws[best].misfit:
        return "exponential", ""
    return min(bent, key=lambda name: laws[name].misfit), ""
