"""Activated rates against the exact master equation: equilibrium, and the whole distribution at early times."""

import activated
import naive
import numpy as np
import pytest
from scipy import linalg
from test_enumeration import CASES, LANES, T, build, histogram, p_values

from mcsco.engine import Control
from mcsco.engine.arrhenius_batch import ArrheniusBatch
from mcsco.engine.batch import start_codes
from mcsco.engine.nfold_batch import NFoldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.model import Kinetics

KINETICS = Kinetics(rate=40.0, barrier=5.0, flip_rate=15.0, flip_barrier=4.0)
SITES = {"three-state": True, "plain": False}


def control_of(case, n_replicas, temperature=T):
    return Control(*(np.full(n_replicas, x) for x in (temperature, case.pressure, case.field)))


def make(kind, model, codes, seed, interval=1.0):
    if kind == "steps":
        return ArrheniusBatch(model, codes, "arrhenius", make_key(seed, 0), kinetics=KINETICS)
    return NFoldBatch(model, codes, make_key(seed, 0), KINETICS, interval)


def slowest(Q, pi):
    """Relaxation time in s of the slowest mode, from the symmetric form of the generator."""
    root = np.sqrt(pi)
    eigenvalues = linalg.eigvalsh(root[:, None] * Q / root[None, :])
    return -1.0 / eigenvalues[-2]


@pytest.mark.parametrize("sites", SITES)
@pytest.mark.parametrize("name", CASES)
def test_rates_obey_detailed_balance(name, sites):
    case = CASES[name]
    model = build(case, (2, 2), SITES[sites])
    pi = naive.boltzmann(model, T, case.pressure, case.field)
    flow = pi[:, None] * activated.generator(model, KINETICS, T, case.pressure, case.field)
    np.testing.assert_allclose(flow, flow.T, rtol=1e-9, atol=1e-15 * abs(flow).max())


def equilibria():
    for name in CASES:
        for kind in ("steps", "nfold"):
            for shape in ((2, 2), (2, 3)):
                for sites in SITES:
                    quick = (name in ("mixed", "cold") and shape == (2, 2)) or (
                        (name, kind, shape) == ("both", "nfold", (2, 3))
                    )
                    yield pytest.param(name, kind, shape, sites, marks=() if quick else pytest.mark.validate)


@pytest.mark.parametrize(("name", "kind", "shape", "sites"), list(equilibria()))
def test_equilibrium_over_all_configurations(name, kind, shape, sites):
    """Replicas looked at at times that do not depend on them, which weights configurations by their duration."""
    case = CASES[name]
    model = build(case, shape, SITES[sites])
    pi = naive.boltzmann(model, T, case.pressure, case.field)
    wait = 5 * slowest(activated.generator(model, KINETICS, T, case.pressure, case.field), pi)
    batch = make(kind, model, start_codes(model, "random", LANES, 3, 0), 3, wait)
    control = control_of(case, LANES)
    thin = 1
    if kind == "steps":
        batch.advance(control, control, 0, 1, 1)
        # All replicas visit the same molecules: each must have been visited in every round.
        thin = max(20, int(np.ceil(wait / batch.seconds[0])))
    counts = histogram(
        model,
        lambda n: batch.advance(control, control, 0, n, n),
        lambda: naive.label(model, batch.codes()),
        5 * LANES,
        thin,
        burn_in=2 * thin,
    )
    assert min(p_values(model, counts, pi)) > 1e-4
    batch.recount()


def early_times():
    for name in ("both", "mixed", "light"):
        for sites in SITES:
            yield name, sites, ""
    yield from (("field", "three-state", ""), ("repulsive", "plain", ""))
    yield from (("mixed", "three-state", wrong) for wrong in ("split", "flip"))
    yield "both", "three-state", "split"


@pytest.mark.parametrize(("name", "sites", "wrong"), list(early_times()))
def test_distribution_at_an_early_time(name, sites, wrong):
    """p(t) = p(0) exp(Qt) from one configuration: the rates themselves, not their ratios alone."""
    case = CASES.get(name, CASES["both"])
    light = (0.3, 0.1) if name == "light" else (0.0, 0.0)
    three = SITES[sites]
    model = build(case, (2, 2), three)
    n, seconds = 10**5, 0.03
    start = np.int8([1, 0, -1, 1] if three else [1, 0, 0, 1])
    batch = make("nfold", model, np.ascontiguousarray(np.broadcast_to(start.reshape(2, 2), (n, 2, 2))), 8)
    while not batch.move(control_of(case, n), seconds, light):
        pass
    counts = np.bincount(naive.label(model, batch.codes()), minlength=len(naive.configurations(model)))
    Q = activated.generator(model, KINETICS, T, case.pressure, case.field, light, wrong)
    expected = linalg.expm(Q * seconds)[naive.label(model, start[None])[0]]
    p = naive.chi_squared(counts, expected)
    assert p < 1e-10 if wrong else p > 1e-4
