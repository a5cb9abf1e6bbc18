"""Calibration: energies of a model for which the *simulated* loop meets requested transition temperatures.

Mean field does this in a moment, but where it is an approximation (neighbours, elasticity) or where rate and size
matter its loop is not that of the simulation. Here every trial is a simulation with its own errors: a plane is
fitted to T_up and T_down over the trials near the present best guess, and the next trial is where the plane meets the
targets. The covariance of that fit gives the uncertainty of the energies.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign.config import RunConfig
from mcsco.campaign.keys import look_up, with_values
from mcsco.errors import InputError
from mcsco.observables import Estimate

Array = npt.NDArray[np.float64]
Measure = Callable[[RunConfig], tuple[Estimate, Estimate]]
"""Simulates a configuration and returns T_up and T_down."""

_NEAR = 2.0
"""Trials that miss the targets by this many widths of the loop weigh little in the fit of the plane."""


@dataclass(frozen=True)
class Trial:
    """One simulated loop."""

    values: tuple[float, ...]
    """Of the free keys, public units."""
    T_up: Estimate
    T_down: Estimate


@dataclass(frozen=True)
class Calibration:
    """The outcome: energies with their uncertainty, and the loop that they give."""

    keys: tuple[str, ...]
    values: tuple[float, ...]
    """Of the free keys, public units."""
    errors: tuple[float, ...]
    """Standard errors, from those of the simulated temperatures; NaN if too few trials were near."""
    targets: tuple[float, float]
    """T_up and T_down that were asked for, K."""
    check: Trial
    """An independent simulation with the final values."""
    trials: tuple[Trial, ...]
    config: RunConfig
    """The run with the final values."""
    tolerance: float

    @property
    def is_met(self) -> bool:
        """Whether the independent simulation meets both targets within the tolerance and two of its errors."""
        pairs = zip((self.check.T_up, self.check.T_down), self.targets, strict=True)
        return all(abs(T.value - target) <= self.tolerance + 2 * T.error for T, target in pairs)


def calibrate(config: RunConfig, measure: Measure, report: Callable[[Trial], Any] = lambda _: None) -> Calibration:
    """Find the energies that `config.calibrate` sets free.

    Parameters
    ----------
    config : RunConfig
        A thermal cycle with a section ``[calibrate]``.
    measure : callable
        Simulates a configuration and returns T_up and T_down.
    report : callable
        Told of every trial.

    Raises
    ------
    InputError
        If the configuration has no such section, or a trial shows no loop.
    """
    section = config.calibrate
    if section is None:
        raise InputError("calibrate: the file has no section [calibrate]; give T_up, T_down and the keys that are free")
    keys = section.free
    targets = np.array([section.T_up, section.T_down])
    # Energies act through their size against k T½; one per cent of it is a step that a loop notices.
    scale = 0.01 * section.T_up * config.model.build().spin.entropy / 1000.0
    best = np.array([float(look_up(config, key)) for key in keys])
    trials: list[Trial] = []

    def attempt(x: Array, seed: int) -> Trial:
        values = tuple(float(value) for value in x)
        trial_config = with_values(config, dict(zip(keys, values, strict=True)) | {"run.seed": config.run.seed + seed})
        T_up, T_down = measure(trial_config)
        if math.isnan(T_up.value) or math.isnan(T_down.value):
            given = ", ".join(f"{key} = {value:.6g}" for key, value in zip(keys, values, strict=True))
            raise InputError(
                f"calibrate: the loop of {given} cannot be read ({T_up.reason or T_down.reason}); start from values "
                "with a loop inside the temperatures of the protocol, or let it measure more often"
            )
        trial = Trial(values, T_up, T_down)
        report(trial)
        return trial

    start = best.copy()
    trials.append(attempt(best, 0))
    for i in range(len(keys)):
        trials.append(attempt(best + scale * np.eye(len(keys))[i], i + 1))
    errors = np.full(len(keys), np.nan)
    for round_ in range(section.rounds):
        best, errors = _next(trials, targets, start, scale, section.tolerance)
        trials.append(attempt(best, len(keys) + 1 + round_))
        miss = _temperatures(trials[-1]) - targets
        if np.all(np.abs(miss) <= section.tolerance) and round_ >= 2:
            break
    best, errors = _next(trials, targets, start, scale, section.tolerance)
    check = attempt(best, 1000)
    values = check.values
    final = with_values(config, dict(zip(keys, values, strict=True)))
    return Calibration(
        keys, values, tuple(errors.tolist()), (section.T_up, section.T_down), check, tuple(trials), final,
        section.tolerance,
    )  # fmt: skip


def _temperatures(trial: Trial) -> Array:
    return np.array([trial.T_up.value, trial.T_down.value])


def _next(trials: list[Trial], targets: Array, start: Array, scale: float, tolerance: float) -> tuple[Array, Array]:
    """Where planes through T_up and T_down meet the targets, and the standard error of that place.

    With more than two free keys the smallest change from the start is taken, in units of energy.
    """
    x = np.array([trial.values for trial in trials]) / scale
    T = np.array([_temperatures(trial) for trial in trials])
    error = np.nan_to_num([[t.T_up.error, t.T_down.error] for t in trials], nan=tolerance)
    width = max(float(targets[0] - targets[1]), 1.0)
    distance = np.abs(T - targets).max(axis=1) / width
    # The plane is an approximation: its own error grows with the square of the distance to the targets.
    sigma = np.sqrt(
        np.maximum(error, 0.1 * tolerance) ** 2 + (width * np.minimum(distance / _NEAR, 3.0) ** 2)[:, None] ** 2
    )
    A = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    slopes, offsets, spread = [], [], []
    for column in range(2):
        w = 1.0 / sigma[:, column]
        covariance = np.linalg.pinv((A * w[:, None]).T @ (A * w[:, None]))
        fit = covariance @ ((A * w[:, None]).T @ (T[:, column] * w))
        offsets.append(fit[0])
        slopes.append(fit[1:])
        spread.append(covariance)
    B = np.array(slopes)
    solution = start / scale + np.linalg.pinv(B) @ (targets - np.array(offsets) - B @ (start / scale))
    # Far away the planes are not to be trusted: step at most as far as the trials have been apart, doubled.
    nearest = x[np.argmin(distance)]
    reach = 2.0 * max(1.0, float(np.abs(x - nearest).max()))
    step = solution - nearest
    step *= min(1.0, reach / max(float(np.abs(step).max()), 1e-12))
    place = np.concatenate([[1.0], nearest + step])
    variance = np.array([place @ covariance @ place for covariance in spread])
    inverse = np.linalg.pinv(B)
    return (nearest + step) * scale, np.sqrt(np.maximum((inverse**2) @ variance, 0.0)) * scale
