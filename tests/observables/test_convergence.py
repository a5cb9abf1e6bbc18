"""Verdicts on chains whose convergence is known, and how often they are wrong."""

import math

import numpy as np
import pytest

from mcsco import InputError
from mcsco.observables import VERDICTS, convergence


def verdicts(chains):
    return [convergence({"q": x}).verdict for x in chains]


def share(found, verdict):
    return np.mean([v == verdict for v in found])


def switching(rng, rate, n, replicas, steps):
    """Two states ±1 with noise, as a crystal that changes branch `rate` times a step."""
    signs = rng.integers(0, 2, (n, replicas, 1)) * 2 - 1
    flips = np.cumsum(rng.random((n, replicas, steps)) < rate, axis=2) % 2
    return signs * (1 - 2 * flips) + 0.1 * rng.normal(size=(n, replicas, steps))


@pytest.mark.parametrize("replicas", [1, 4])
def test_long_stationary_chains_are_converged(ar1, replicas):
    assert share(verdicts(ar1(0.8, 60, replicas, 900)), "converged") >= 0.95  # 100 independent ones each


def test_short_chains_have_too_few_samples(ar1):
    found = verdicts(ar1(0.95, 60, 4, 120))  # 3 independent ones each
    assert share(found, "converged") <= 0.05
    assert share(found, "too few effective samples") >= 0.6


def test_replicas_in_two_branches_are_stuck(rng):
    x = 0.1 * rng.normal(size=(4, 2000)) + np.array([1.0, 1.0, -1.0, 1.0])[:, None]
    verdict = convergence({"q": x, "energy": x**2})
    assert verdict.verdict == "stuck"
    assert verdict.quantity == "q"
    assert verdict.r_hat > 5
    assert "R-hat" in verdict.reason
    frozen = convergence({"q": np.repeat([[1.0], [-1.0]], 100, axis=1)})
    assert (frozen.verdict, frozen.r_hat) == ("stuck", math.inf)
    # Many of them would have an error by their scatter, which a mean over equilibrium has not.
    many = convergence({"q": 0.1 * rng.normal(size=(64, 500)) + rng.choice([-1.0, 1.0], (64, 1))})
    assert many.verdict == "stuck"


def test_rare_changes_of_branch_are_never_converged(rng):
    """One change in a thousand steps, where each of four replicas sees 0.5 or 3 of them on average."""
    for steps in (500, 3000):
        assert share(verdicts(switching(rng, 1e-3, 40, 4, steps)), "converged") <= 0.1
    assert share(verdicts(switching(rng, 3e-2, 40, 4, 3000)), "converged") >= 0.9


def test_a_transient_is_cut_off_and_a_drift_is_told(ar1):
    n = 3000
    short = 5 * np.exp(-np.arange(n) / 100)
    assert share(verdicts(ar1(0.8, 30, 4, n) + short), "converged") >= 0.9
    drift = np.linspace(0.0, 2.0, n)
    assert share(verdicts(ar1(0.8, 30, 4, n) + drift), "not equilibrated") >= 0.9
    verdict = convergence({"q": ar1(0.8, 8, n) + drift})
    assert "q still moves" in verdict.reason
    assert not verdict.is_converged


def test_nothing_that_changes_tells_nothing():
    verdict = convergence({"q": np.full((4, 300), -1.0), "eta": np.zeros((4, 300))})
    assert verdict.verdict == "too few effective samples"
    assert "nothing ever changes" in verdict.reason
    assert math.isnan(verdict.n_effective)
    rest = np.concatenate([np.linspace(1, -1, 20), np.full(400, -1.0)])
    assert not convergence({"q": rest}).is_converged
    assert "a verdict needs 16" in convergence({"q": np.arange(10.0)}).reason


def test_quantities_that_do_not_change_are_left_to_the_others(ar1):
    assert convergence({"q": ar1(0.5, 4, 900), "eta": np.zeros((4, 900))}).is_converged


def test_precision(ar1):
    x = ar1(0.5, 4, 1000)
    error = convergence({"q": x}).estimates["q"].error
    assert convergence({"q": x}, {"q": 1.01 * error}).is_converged
    verdict = convergence({"q": x}, {"q": error / 2})
    assert verdict.verdict == "too few effective samples"
    assert verdict.excess == pytest.approx(2.0)
    assert "2 times what was asked for" in verdict.reason
    never = convergence({"q": x, "eta": np.zeros((4, 1000))}, {"eta": 0.1})
    assert never.excess == math.inf
    assert not never.is_converged


@pytest.mark.parametrize(
    ("series", "precision", "says"),
    [
        ({}, {}, "one or more"),
        ({"q": np.zeros(30), "eta": np.zeros(20)}, {}, "equal shape"),
        ({"q": [1.0, math.nan]}, {}, "must be finite"),
        ({"q": np.arange(30.0)}, {"eta": 0.1}, "is not among the quantities q"),
        ({"q": np.arange(30.0)}, {"q": -1}, "must be greater than 0"),
    ],
)
def test_mistakes(series, precision, says):
    with pytest.raises(InputError) as caught:
        convergence(series, precision)
    assert says in str(caught.value)


def test_every_verdict_has_a_reason(ar1, rng):
    chains = [ar1(0.5, 4, 900), ar1(0.95, 4, 100), ar1(0.5, 4, 900) + np.linspace(0, 3, 900)]
    chains.append(ar1(0.5, 4, 900) + 5 * np.arange(4)[:, None])
    found = [convergence({"q": x}) for x in chains]
    assert {c.verdict for c in found} == set(VERDICTS)
    assert all(len(c.reason.splitlines()) == 1 for c in found)
