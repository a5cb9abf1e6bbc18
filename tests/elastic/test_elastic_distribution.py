"""Sampled fields against exhaustive enumeration: the distribution over all configurations is Boltzmann's.

Also: the same test rejects fields that are known to be wrong.
"""

from typing import NamedTuple

import naive
import numpy as np
import pytest

from mcsco.engine import DYNAMICS, Control
from mcsco.engine.batch import start_codes
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.model import (
    Elasticity,
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
)
from mcsco.units import KELVIN, R

T = 300.0
LANES = 4096
CUBIC = (12.0, 4.2, 3.5)
STRESS = ((0.3, 0.04), (0.04, -0.1))


class Case(NamedTuple):
    """Couplings in K, free-energy difference of the spin states at T in K, pressure in GPa, field in kJ/mol."""

    volume: float = 0.0
    shear: float = 0.0
    near: tuple[float, float] = (0.0, 0.0)
    far: tuple[float, float] = (0.0, 0.0)
    spins: tuple[float, float] = (0.0, 0.0)
    """Long-range coupling of spins over (0, 1) and over (1, 1)."""
    distortions: tuple[float, float] = (0.0, 0.0)
    gap: float = 0.0
    clamped: bool = False
    stress: bool = False
    pressure: float = 0.0
    field: float = 0.0


CASES = {
    "volume": Case(volume=0.04, gap=50.0),
    "shear": Case(shear=0.027, gap=100.0),
    "both": Case(volume=0.03, shear=0.027, stress=True, pressure=0.3, field=0.2, gap=-300.0),
    "clamped": Case(volume=0.03, shear=0.02, clamped=True, gap=-300.0, pressure=0.3),
    "near": Case(volume=0.03, shear=0.02, near=(-20.0, 60.0), far=(90.0, 150.0)),
    "repulsive": Case(volume=0.02, shear=0.02, near=(15.0, 30.0), far=(-200.0, -250.0)),
    "frustrated": Case(spins=(-60.0, -40.0), distortions=(-90.0, -60.0), far=(100.0, -150.0)),
    "all": Case(0.03, 0.02, (20.0, -40.0), (-80.0, 120.0), (-50.0, 30.0), (70.0, -60.0), -100.0, False, True, 0.1, 0.1),
}


def build(case, shape, three):
    """The model; for plain sites without all that acts on distortions."""
    zeros = (0,) * (len(shape) - 2)

    def pairs(values, of):
        return LongRange({(*zeros, 0, 1): values[0] * KELVIN, (*zeros, 1, 1): values[1] * KELVIN}, of)

    keep = 1.0 if three else 0.0
    terms = [
        NearestNeighbours(case.near[0] * KELVIN, keep * case.near[1] * KELVIN),
        InfiniteRange(case.far[0] * KELVIN, keep * case.far[1] * KELVIN),
    ]
    if case.volume or case.shear:
        stress = STRESS if case.stress and len(shape) == 2 else None
        terms.append(Elasticity(CUBIC, 970.0, case.volume, keep * case.shear, stress, case.clamped))
    if any(case.spins):
        terms.append(pairs(case.spins, "spin"))
    if three and any(case.distortions):
        terms.append(pairs(case.distortions, "distortion"))
    ln_g = 3.0
    enthalpy = (case.gap + ln_g * T) * KELVIN
    return Model(Lattice(shape), SpinCrossover(enthalpy, ln_g * R, 10.0), OrderDisorder() if three else None, terms)


def sample(batch, case, n_samples, thin):
    """Counts of every configuration; fails unless successive samples are independent."""
    model, control = batch.model, Control(*(np.full(LANES, x) for x in (T, case.pressure, case.field)))
    batch.advance(control, control, 0, 8 * thin, 8 * thin)
    all_codes = naive.configurations(model).astype(float)
    observed = np.stack([np.abs(all_codes).sum(axis=1), all_codes.sum(axis=1) ** 2, all_codes.sum(axis=1)], axis=1)
    observed -= observed.mean(axis=0)
    counts = np.zeros(len(all_codes), dtype=np.int64)
    pairs = []
    before = naive.label(model, batch.codes())
    for _ in range(-(-n_samples // LANES)):
        batch.advance(control, control, 0, thin, thin)
        now = naive.label(model, batch.codes())
        counts += np.bincount(now, minlength=len(counts))
        pairs.append((observed[before], observed[now]))
        before = now
    a, b = (np.concatenate(x) for x in zip(*pairs, strict=True))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    correlation = (a * b).mean(axis=0) / np.maximum((b * b).mean(axis=0), 1e-9)
    assert np.all(np.abs(correlation) < 0.02 + 5 / np.sqrt(len(a))), correlation
    return counts


def p_values(model, counts, probabilities):
    """Chi-squared over all configurations, and over (Σn, |Σu|), which sees a shift that many of them share."""
    all_codes = naive.configurations(model).astype(int)
    group = np.abs(all_codes).sum(axis=1) * 100 + np.abs(all_codes.sum(axis=1))
    classes = np.unique(group, return_inverse=True)[1]
    return (
        naive.chi_squared(counts, probabilities),
        naive.chi_squared(np.bincount(classes, counts), np.bincount(classes, probabilities)),
    )


def make(model, dynamics, seed=11):
    return FieldBatch(model, start_codes(model, "random", LANES, seed, 0), dynamics, make_key(seed, 0))


def check(name, dynamics, sites, shape, n_samples, thin, fields_every=1):
    case = CASES[name]
    model = build(case, shape, sites == "three-state")
    batch = make(model, dynamics)
    batch.fields_every = fields_every
    counts = sample(batch, case, n_samples, thin)
    for p in p_values(model, counts, naive.boltzmann(model, T, case.pressure, case.field)):
        assert p > 1e-4


def combinations():
    for name in CASES:
        for sites in ("three-state", "plain"):
            if sites == "plain" and name in ("shear", "clamped"):
                continue
            for dynamics in DYNAMICS:
                yield pytest.param(name, dynamics, sites, id=f"{name}-{dynamics}-{sites}")


ALL = list(combinations())


@pytest.mark.parametrize(("name", "dynamics", "sites"), ALL)
def test_distribution_over_all_configurations(name, dynamics, sites):
    check(name, dynamics, sites, (2, 3) if sites == "three-state" else (3, 3), 4 * 10**4, 20 if name == "near" else 12)


@pytest.mark.parametrize("name", ["both", "all"])
def test_distribution_on_nine_sites(name):
    check(name, "heat-bath", "three-state", (3, 3), 10**5, 12)


@pytest.mark.parametrize(("sites", "shape"), [("three-state", (2, 3)), ("plain", (2, 2, 2))])
@pytest.mark.parametrize("fields_every", [2, 3])
def test_any_schedule_of_the_fields_has_the_same_distribution(fields_every, sites, shape):
    check("near", "metropolis", sites, shape, 4 * 10**4, 20 * fields_every, fields_every)


@pytest.mark.validate
@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (2, 2, 2)], ids=str)
@pytest.mark.parametrize(("name", "dynamics", "sites"), ALL)
def test_distribution_over_all_configurations_to_high_precision(name, dynamics, sites, shape):
    check(name, dynamics, sites, shape, 5 * 10**5, 28 if name == "near" else 20)


def without_noise(batch):
    batch.root[:] = 0.0


def without_self_term(batch):
    """J'(k) = J(k) − D on the waves, but J(k) on the sites."""
    D = batch.pairs.J[0, 1, 1, 1] / KELVIN - batch.J[-1, 1]
    assert D > 50.0
    batch.on_site[0] += 0.5 * D


def one_half_of_the_noise_at_mirror_waves(batch):
    n_columns = batch.shape[-1]
    root = batch.root.reshape(len(batch.root), *batch.shape[:-1], n_columns // 2 + 1)
    root[..., 0] *= np.float32(np.sqrt(0.5))


def five_per_cent_more(batch):
    batch.J *= np.float32(1.05)


def noise_of_the_field_itself(batch):
    """√T J' instead of √(T J')."""
    batch.root[:] = batch.J


def coupled_fields_apart(batch):
    """The cross term of volume and shear left out."""
    batch.J[1], batch.root[1] = 0.0, 0.0


SHEAR = Case(shear=0.027, near=(15.0, 30.0), gap=100.0)
COUPLED = Case(volume=0.06, shear=0.027, near=(15.0, 30.0), gap=-100.0)


@pytest.mark.parametrize(
    ("mistake", "case"),
    [
        (None, SHEAR),
        (None, COUPLED),
        (without_noise, COUPLED),
        (without_self_term, SHEAR),
        (one_half_of_the_noise_at_mirror_waves, SHEAR),
        (five_per_cent_more, COUPLED),
        (noise_of_the_field_itself, SHEAR),
        (coupled_fields_apart, COUPLED),
    ],
)
def test_wrong_fields_are_rejected(mistake, case):
    model = build(case, (3, 3), True)
    batch = make(model, "heat-bath")
    if mistake:
        mistake(batch)
    control = Control(*(np.full(LANES, x) for x in (T, 0.0, 0.0)))
    batch.advance(control, control, 0, 60, 60)
    counts = np.zeros(3**9, dtype=np.int64)
    for _ in range(16):
        batch.advance(control, control, 0, 10, 10)
        counts += np.bincount(naive.label(model, batch.codes()), minlength=3**9)
    p = min(p_values(model, counts, naive.boltzmann(model, T)))
    assert p > 1e-4 if mistake is None else p < 1e-10
