"""Whether a hold has converged: a verdict and its numbers, so that no stuck chain gets a confident error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mcsco.errors import InputError, check_real
from mcsco.observables.autocorrelation import equilibrated_start, statistical_inefficiency
from mcsco.observables.chains import Chains, as_chains, is_constant
from mcsco.observables.series import MIN_EFFECTIVE, Estimate, estimate

MIN_MEASUREMENTS = 16
"""Measurements under constant conditions below which they are a point of a ramp, not a hold."""

VERDICTS = ("converged", "too few effective samples", "not equilibrated", "stuck")
"""Every verdict, the better first."""

MAX_R_HAT = 1.1
MAX_DRIFT = 4.0
# A replica with fewer independent measurements of its own does not know its own fluctuations.
_OWN_SAMPLES = 10.0
# Chance of a difference between replicas, or of a common drift, that is taken for one.
_CHANCE = 1e-4


@dataclass(frozen=True)
class Convergence:
    """What is known about the convergence of one hold; NaN for what the series does not tell."""

    verdict: str
    """One of `VERDICTS`."""
    quantity: str
    """The one that decides."""
    measurements: int
    """In each replica, with those that were cut off."""
    discarded: int
    """Measurements at the start that are not yet in equilibrium."""
    drift: float
    """Difference between second and first half of the rest over its standard error; the largest of all quantities."""
    r_hat: float
    """Split R̂ of the rest, the largest of all quantities; 1 if replicas and halves agree."""
    n_effective: float
    """Independent measurements in all replicas, the smallest of all quantities."""
    excess: float = math.nan
    """Largest ratio of a standard error to the precision that was asked for."""
    estimates: dict[str, Estimate] = field(default_factory=dict, compare=False)
    """Mean of each quantity after the cut; empty if there is nothing to judge."""

    @property
    def is_converged(self) -> bool:
        """Whether the verdict is the best one."""
        return self.verdict == VERDICTS[0]

    @property
    def reason(self) -> str:
        """The numbers behind the verdict, in a sentence."""
        if self.verdict == "stuck":
            return (
                f"replicas disagree in {self.quantity} and do not mix: R-hat {self.r_hat:.3g} (at most {MAX_R_HAT:g})"
            )
        if self.verdict == "not equilibrated":
            return (
                f"{self.quantity} still moves: halves differ by {self.drift:.3g} standard errors, "
                f"{self.discarded} of {self.measurements} measurements cut off"
            )
        if self.verdict == "converged":
            asked = "" if math.isnan(self.excess) else f", error {self.excess:.2g} of what was asked for"
            return f"{self.n_effective:.0f} independent measurements, R-hat {self.r_hat:.3g}{asked}"
        return self._shortage()

    def _shortage(self) -> str:
        if self.measurements < MIN_MEASUREMENTS:
            return f"{self.measurements} measurements; a verdict needs {MIN_MEASUREMENTS}"
        if math.isnan(self.n_effective):
            return "nothing ever changes, so that nothing is known about errors"
        if self.n_effective < MIN_EFFECTIVE:
            return (
                f"{self.quantity} has {self.n_effective:.1f} independent measurements; an error needs {MIN_EFFECTIVE}"
            )
        if self.r_hat > MAX_R_HAT:
            return f"replicas are too short to mix in {self.quantity}: R-hat {self.r_hat:.3g} (at most {MAX_R_HAT:g})"
        return f"the error of {self.quantity} is {self.excess:.3g} times what was asked for"


@dataclass(frozen=True)
class _Check:
    """What one quantity says."""

    name: str
    drift: float
    drifts: bool
    r_hat: float
    disagrees: bool
    """Whether replicas that know their own fluctuations differ by more than these."""
    mean: Estimate


def convergence(series: Mapping[str, Any], precision: Mapping[str, float] | None = None) -> Convergence:
    """Judge measurements at constant conditions.

    Four verdicts. *stuck*: replicas fluctuate about different means, each of them sampled well (split R̂ above 1.1,
    DOI 10.1214/20-BA1221, and an F test of the means against the fluctuations within replicas). *not equilibrated*:
    the halves of what is left after the cut of `equilibrated_start` differ, by their autocorrelated errors or by the
    scatter of the replicas' own differences, or what was cut off fills half of the series and differs from the rest.
    *too few effective samples*: fewer than 25, replicas shorter than about ten times 2τ, nothing that ever changed, or
    a standard error above the requested one. *converged*: none of these.

    Replicas that all stay in one metastable branch agree with each other: no series can tell that there is another one.
    A single replica is judged by its halves.

    Parameters
    ----------
    series : mapping of array_like, shape (step,) or (replica, step)
        The quantities, of equal shapes; give |η| for η, which may change its sign.
    precision : mapping of float, optional
        Largest standard errors by the name of a quantity.

    Raises
    ------
    InputError
        If nothing is given, shapes differ, a value is not finite, or a precision is asked for something else.
    """
    chains = {name: as_chains(x, name) for name, x in series.items()}
    wanted = {name: check_real(f"precision of {name}", x, above=0.0) for name, x in (precision or {}).items()}
    _check_names(chains, wanted)
    n = next(iter(chains.values())).shape[1]
    moving = {name: x for name, x in chains.items() if not is_constant(x)}
    if n < MIN_MEASUREMENTS or not moving:
        return Convergence(VERDICTS[1], next(iter(chains)), n, 0, math.nan, math.nan, math.nan)
    start = max(equilibrated_start(x) for x in moving.values())
    rest = {name: x[:, start:] for name, x in moving.items()}
    checks = [_check(name, x, moving[name][:, :start]) for name, x in rest.items() if not is_constant(x)]
    estimates = {name: estimate(x[:, start:]) for name, x in chains.items() if name not in rest}
    estimates |= {check.name: check.mean for check in checks}
    if not checks:  # all of it was the way to a state that never changes
        return Convergence(VERDICTS[1], next(iter(rest)), n, start, math.nan, math.nan, math.nan, math.nan, estimates)
    excess = {name: estimates[name].error / x if name in estimates else math.nan for name, x in wanted.items()}
    verdict, quantity = _judge(checks, excess)
    return Convergence(
        verdict,
        quantity,
        n,
        start,
        max((c.drift for c in checks), key=abs),
        max(c.r_hat for c in checks),
        min(c.mean.n_effective for c in checks),
        _largest(excess),
        estimates,
    )


def _check_names(chains: Mapping[str, Chains], wanted: Mapping[str, float]) -> None:
    if not chains or len({x.shape for x in chains.values()}) > 1:
        shapes = {name: x.shape for name, x in chains.items()}
        raise InputError(f"convergence of series with shapes {shapes}: give one or more of equal shape")
    for name in wanted:
        if name not in chains:
            raise InputError(f"precision of {name!r}: is not among the quantities {', '.join(chains)}")


def _judge(checks: list[_Check], excess: Mapping[str, float]) -> tuple[str, str]:
    """The verdict, and the quantity that decides it."""
    apart = [c for c in checks if c.disagrees]
    moved = [c for c in checks if c.drifts]
    if apart:
        return "stuck", max(apart, key=lambda c: c.r_hat).name
    if moved:
        return "not equilibrated", max(moved, key=lambda c: abs(c.drift)).name
    fewest = min(checks, key=lambda c: c.mean.n_effective)
    if fewest.mean.n_effective < MIN_EFFECTIVE:
        return VERDICTS[1], fewest.name
    furthest = max(checks, key=lambda c: c.r_hat)
    if furthest.r_hat > MAX_R_HAT:
        return VERDICTS[1], furthest.name
    late = [name for name, x in excess.items() if not x <= 1.0]
    if late:
        return VERDICTS[1], max(late, key=lambda name: np.nan_to_num(excess[name], nan=math.inf))
    return VERDICTS[0], fewest.name


def _largest(excess: Mapping[str, float]) -> float:
    """NaN without a request; infinity if an error is not known."""
    return max((math.inf if math.isnan(x) else x for x in excess.values()), default=math.nan)


def _check(name: str, x: Chains, cut: Chains) -> _Check:
    mean = estimate(x)
    drift, drifts = _drift(x, mean)
    if not drifts and 2 * cut.shape[1] >= 0.95 * (cut.shape[1] + x.shape[1]):
        # As much was cut off as ever is: if that part differs, its relaxation fills half of the series or more.
        z = float((x.mean() - cut.mean()) / (math.sqrt(2.0 * x.var() / mean.n_effective)))
        drift, drifts = (z, True) if abs(z) > MAX_DRIFT else (drift, False)
    return _Check(name, drift, drifts, _split_r_hat(x), _is_apart(x), mean)


def _drift(x: Chains, mean: Estimate) -> tuple[float, bool]:
    """Difference of the halves over its standard error 2 √(var/N_eff), and whether it is more than chance."""
    half = x.shape[1] // 2
    differences = x[:, -half:].mean(axis=1) - x[:, :half].mean(axis=1)
    R = len(x)
    time = np.linspace(-1.0, 1.0, x.shape[1])
    steady = x - time * (x.mean(axis=0) @ time / (time @ time))
    samples = mean.n_effective
    if not is_constant(steady):
        # A drift itself looks like correlations, so they are taken from what is left without a common slope.
        steady_samples = x.size / statistical_inefficiency(steady)
        samples = max(samples, steady_samples) if steady_samples >= _OWN_SAMPLES * R else samples
    z = float(differences.mean() / (2.0 * math.sqrt(steady.var() / samples))) if steady.var() > 0 else math.inf
    if abs(z) > MAX_DRIFT:
        return z, True
    if R < 3 or is_constant(differences):
        return z, False
    from scipy.special import stdtr

    t = float(differences.mean() / (differences.std(ddof=1) / math.sqrt(R)))
    drifts = bool(2.0 * stdtr(R - 1, -abs(t)) < _CHANCE)
    return (t if drifts else z), drifts


def _split_r_hat(x: Chains) -> float:
    """R̂ of the halves of all replicas: √((n−1)/n + B/W), with B the variance of their means and W within them."""
    half = x.shape[1] // 2
    chains = np.concatenate([x[:, :half], x[:, -half:]])
    between, within = chains.mean(axis=1).var(ddof=1), chains.var(axis=1, ddof=1).mean()
    if within == 0.0:
        return math.inf if between > 0.0 else 1.0
    return math.sqrt((half - 1) / half + between / within)


def _is_apart(x: Chains) -> bool:
    """Whether replicas differ by more than their own fluctuations, which they know well, can explain."""
    R, n = x.shape
    if R < 2 or _split_r_hat(x) <= MAX_R_HAT:
        return False
    own = x - x.mean(axis=1, keepdims=True)
    if is_constant(own):
        return True
    samples = n / statistical_inefficiency(own)
    if samples < _OWN_SAMPLES:
        return False
    from scipy.special import fdtrc

    F = x.mean(axis=1).var(ddof=1) / (own.var() / samples)
    return bool(fdtrc(R - 1, R * (samples - 1.0), F) < _CHANCE)
