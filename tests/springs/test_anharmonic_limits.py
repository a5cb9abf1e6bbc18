"""Anharmonic crystals: the linear theory is their limit of small misfit; virial theorems hold at any misfit.

With all misfits multiplied by λ and all stiffnesses by 1/λ² the linear energies stay the same, while displacements, and
with them all that the linear theory neglects, become λ times smaller.
"""

from functools import lru_cache

import numpy as np
import pytest
import spring_twin as twin
from scipy import stats
from test_anharmonic_exact import vectors

from mcsco.engine.anharmonic_batch import AnharmonicBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.engine.spring_network import SpringNetwork
from mcsco.model import NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs, free_strains
from mcsco.sampling.open_crystal import hold_surface
from mcsco.units import KELVIN

T, PRESSURE, FIELD, LANES, ROUNDS = 260.0, 0.05, 0.3, 1000, 50
SPIN = SpinCrossover(enthalpy=5.5, entropy=24.0, volume=10.0)

PLAIN = {
    "square": Crystal((3, 3)),
    "torus": Crystal((3, 3), "periodic"),
    "clamped torus": Crystal((3, 3), "periodic", clamped=True),
    "cube": Crystal((2, 2, 2)),
    "ring": Crystal((6,), "periodic"),
    "clamped ring": Crystal((6,), "periodic", clamped=True),
}
THREE = {
    "film": Crystal.film((2, 3)),
    "clamped film": Crystal.film((2, 3), clamped=True),
    "corner": Crystal((2, 3), mask=np.array([[True, True, False], [True, True, True]])),
}


def build(name, scale, anharmonic=True):
    """The crystal with misfits multiplied by `scale`, at the same linear energies."""
    three = name in THREE
    crystal = (THREE if three else PLAIN)[name]
    springs = Springs(
        12.0 / scale**2,
        8.0 / scale**2,
        5.0,
        5.0 + 0.25 * scale,
        shear=0.03 * scale if three else 0.0,
        lattice_spacing=10.0 + 0.1 * scale,
        anharmonic=anharmonic,
    )
    return SpringModel(crystal, SPIN, springs, OrderDisorder() if three else None, (NearestNeighbours(0.2),))


@lru_cache(maxsize=12)
def linear(name, scale):
    """Exact probabilities of the configurations of a linear crystal, and the relaxed lengths of all bonds in each."""
    model = build(name, scale, anharmonic=False)
    crystal, springs, three = model.crystal, model.springs, model.distortion is not None
    network = SpringNetwork(crystal, springs)
    logs, lengths = [], []
    for c in twin.configurations(crystal.n_molecules, three):
        state = twin.to_state(c, three)
        load = springs.stiffness(crystal) * (
            springs.rest_lengths(crystal, state) - springs.spacing * crystal.bonds.length
        )
        w, strain = network.displacements(load)
        H = model.energy(state, PRESSURE, FIELD if three else 0.0, w, strain)
        logs.append(-H / (KELVIN * T) + SPIN.ln_g * np.sum(np.abs(c)))
        lengths.append(springs.lengths(crystal, w, strain))
    p = np.exp(np.array(logs) - max(logs))
    return p / p.sum(), np.array(lengths)


def p_values(name, scale, second_order=0.0):
    """Of Pearson's test over all configurations, and of the mean length of the nearest-neighbour bonds.

    The error of the latter is that of the samples and, added in squares, `second_order` in Å.
    """
    batch = AnharmonicBatch(build(name, scale), "random", LANES, make_key(41, 0))
    crystal, field = batch.model.crystal, FIELD if batch.three else 0.0
    p, relaxed = linear(name, scale)
    counts, mean = np.zeros(len(p), dtype=np.int64), []
    batch.tune(T, PRESSURE, field, 300)
    near = crystal.bonds.is_nearest
    for _ in range(ROUNDS):
        batch.advance(T, PRESSURE, field, 20)
        counts += np.bincount(twin.label(batch.codes, batch.three), minlength=len(p))
        mean.append(np.linalg.norm(vectors(batch), axis=2)[:, near].mean(axis=1))
    of_lane = np.mean(mean, axis=0)  # lanes are independent whatever the correlations between rounds
    error = np.hypot(of_lane.std(ddof=1) / np.sqrt(LANES), second_order)
    z = (of_lane.mean() - p @ relaxed[:, near].mean(axis=1)) / error
    return twin.chi_squared(counts, p), 2 * stats.norm.sf(abs(z))


@pytest.mark.parametrize("name", [*PLAIN, *THREE])
def test_linear_theory_is_the_limit_of_small_misfit(name):
    """At λ = 0.01 lengths deviate by some 1e-6 Å, a tenth of their error unless the crystal is clamped all around."""
    p, p_length = p_values(name, 0.01, second_order=1e-6)
    assert p > 1e-4
    assert p_length > 1e-4


@pytest.mark.parametrize("name", ["ring", "clamped ring"])
def test_in_one_dimension_linear_theory_is_exact(name):
    assert min(p_values(name, 1.0, second_order=1e-9)) > 1e-4  # the length of a clamped ring varies by rounding only


@pytest.mark.parametrize("name", ["square", "film", "cube"])
def test_linear_theory_fails_at_a_misfit_of_ten_per_cent(name):
    """Lengths differ in all crystals; the weights of the configurations measurably so in three dimensions."""
    p, p_length = p_values(name, 2.0)
    assert p_length < 1e-6
    assert name != "cube" or p < 1e-6


def moments(batch, n_modes, T):
    """γ, energy with relaxed springs and mean nearest-neighbour length: means over replicas, with standard errors."""
    near = batch.model.crystal.bonds.is_nearest
    anharmonic = batch.model.springs.anharmonic
    if anharmonic:
        batch.tune(T, 0.0, 0.0, 400)
    else:
        batch.advance(T, 0.0, 0.0, 100)
    values = []
    for _ in range(40):
        batch.advance(T, 0.0, 0.0, 20 if anharmonic else 4)
        if anharmonic:
            length = np.linalg.norm(vectors(batch), axis=2)[:, near].mean(axis=1)
        else:
            at = [batch.displacements(r) for r in range(batch.codes.shape[1])]
            length = [batch.model.springs.lengths(batch.model.crystal, *where)[near].mean() for where in at]
        vibrations = n_modes * KELVIN * T / 2 if anharmonic else 0.0
        values.append([np.abs(batch.codes).mean(axis=0), batch.energies() - vibrations, length])
    of_replica = np.mean(values, axis=0)
    return of_replica.mean(axis=1), of_replica.std(axis=1, ddof=1) / np.sqrt(of_replica.shape[1])


@pytest.mark.parametrize(
    ("crystal", "n_modes"), [(Crystal((6, 6)), 69), (Crystal((5, 5), "periodic"), 51), (Crystal((3, 3, 3)), 75)]
)
def test_larger_crystals_follow_the_linear_sampler(crystal, n_modes):
    """γ(T), ⟨H⟩ − RT/2 a mode and ⟨ℓ⟩ of two independent programs, for misfits of 0.1 %."""
    spin, scale = SpinCrossover(8.0, 33.0), 0.02
    for T in (220.0, 245.0, 280.0):
        both = []
        for anharmonic in (False, True):
            springs = Springs(
                12.0 / scale**2, 8.0 / scale**2, 5.0, 5.0 + 0.25 * scale, shear=0.03 * scale, anharmonic=anharmonic
            )
            model = SpringModel(crystal, spin, springs, OrderDisorder())
            kind = AnharmonicBatch if anharmonic else SpringBatch
            both.append(moments(kind(model, "random", 50, make_key(44, int(T))), n_modes, T))
        (mean, error), (other, other_error) = both
        z = (mean - other) / np.hypot(error, other_error)
        assert np.all(np.abs(z) < 4.5), (T, z)
        assert error[0] < 0.01, "the comparison should be sharp"


@pytest.mark.parametrize(
    "crystal", [Crystal((4, 4)), Crystal.sphere(3.5), Crystal((4, 5), "periodic"), Crystal.film((2, 3, 4))], ids=str
)
def test_virial_theorems(crystal):
    """⟨Σ f r⟩ = (N−1) d RT of an open crystal, and ⟨∂H/∂ε⟩ = 0 at constant pressure: by parts, at any misfit."""
    model = SpringModel(crystal, SPIN, Springs(12.0, 8.0, 5.0, 5.5, shear=0.05, anharmonic=True), OrderDisorder())
    d, N, replicas = crystal.n_dimensions, crystal.n_molecules, 200
    batch = AnharmonicBatch(model, "random", replicas, make_key(42, 0))
    batch.tune(300.0, 0.0, 0.0, 300)
    values = []
    for _ in range(40):
        batch.advance(300.0, 0.0, 0.0, 10)
        v = vectors(batch)
        length = np.linalg.norm(v, axis=2)
        rest = np.array([model.springs.rest_lengths(crystal, batch.state(r)) for r in range(replicas)])
        force = model.springs.stiffness(crystal) * (length - rest)
        if crystal.boundary.count("open") == d:
            values.append([np.sum(force * length, axis=1) - (N - 1) * d * KELVIN * 300.0])
        else:
            pull = np.einsum("rb,rbx,by->rxy", force / length, v, model.springs.spacing * crystal.bonds.offset)
            values.append([pull[:, a, b] + pull[:, b, a] for a, b in free_strains(crystal)])
    of_replica = np.mean(values, axis=0)  # (theorems, R)
    z = of_replica.mean(axis=1) / (of_replica.std(axis=1, ddof=1) / np.sqrt(replicas))
    assert np.all(np.abs(z) < 4.5), z


@pytest.mark.parametrize("pinned", ["HS", "LS"])
def test_a_pinned_surface_holds(pinned):
    """The inner molecules of a pinned crystal have their conditional weights in the linear limit."""
    scale = 0.01
    springs = Springs(12.0 / scale**2, 8.0 / scale**2, 5.0, 5.0 + 0.25 * scale)
    crystal = Crystal((3, 5))
    held = hold_surface(crystal, pinned)
    inside = np.flatnonzero(held == 0)
    spin = SpinCrossover(5.5, 18.0 if pinned == "HS" else 27.0)
    weights = []
    for c in twin.configurations(len(inside), False):
        codes = (held + 1) // 2
        codes[inside] = c
        H = SpringModel(crystal, spin, springs).energy(twin.to_state(codes, False))
        weights.append(np.exp(-H / (KELVIN * T) + spin.ln_g * codes.sum()))
    moving = Springs(springs.stiffness_nearest, springs.stiffness_diagonal, 5.0, springs.radius_HS, anharmonic=True)
    batch = AnharmonicBatch(SpringModel(crystal, spin, moving), "random", LANES, make_key(43, 0), held)
    batch.tune(T, 0.0, 0.0, 200)
    counts = np.zeros(len(weights), dtype=np.int64)
    for _ in range(40):
        batch.advance(T, 0.0, 0.0, 20)
        counts += np.bincount(twin.label(batch.codes[inside], False), minlength=len(weights))
        assert np.all(batch.codes[held != 0] == (pinned == "HS"))
    assert twin.chi_squared(counts, np.array(weights) / sum(weights)) > 1e-4
