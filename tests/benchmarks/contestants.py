"""Who is timed: mcsco in its various shapes, the textbook kernels, and public packages.

All plain contestants simulate the same crystal, the square Ising lattice at T = 2.6 J, which for mcsco means a
molecule at its own T1/2 (ΔH = T ΔS). The three-state crystal is the nearest-neighbour preset at 280 K, all HS.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np
from naive_kernel import naive_plain, naive_three

import mcsco
from mcsco.engine import Control, make_batches
from mcsco.engine.batch import start_codes
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.units import KELVIN

T_PLAIN, J_PLAIN = 260.0, 100.0  # K
T_THREE = 280.0
SEED = 7


@dataclass
class Contestant:
    """A program that sweeps a lattice."""

    name: str
    n_sites: int
    """Sites × replicas: attempted updates in one sweep."""
    sweep: Callable[[int], object]
    """Does a number of sweeps."""
    energy: Callable[[], float] | None = None
    """Energy per site over J, of the plain contestants."""
    times: list[float] = field(default_factory=list)
    """Measured, ns a site update."""

    @property
    def ns(self) -> float:
        """Median time of a site update."""
        return float(np.median(self.times))


def plain_model(shape):
    """Two-state molecules with nearest neighbours, at their T1/2 when the temperature is `T_PLAIN`."""
    spin = mcsco.SpinCrossover(enthalpy=T_PLAIN * 20.0 / 1000.0, entropy=20.0)
    return mcsco.Model(mcsco.Lattice(shape), spin, None, (mcsco.NearestNeighbours(spin=J_PLAIN * KELVIN),))


def three_model(shape):
    """Three-state molecules with nearest-neighbour J and K."""
    return mcsco.presets.load("pmpea-nn", shape)


def one(name, model, temperature, **options):
    """A `Simulation`: one replica."""
    simulation = mcsco.Simulation(model, temperature, start="random", seed=SEED, **{"threads": 1, **options})
    n = model.lattice.n_sites

    def energy():
        return (simulation.energy - model.spin.enthalpy * n * simulation.gamma) / n / (J_PLAIN * KELVIN)

    return Contestant(name, n, simulation.run, energy)


def many(name, model, temperature, replicas, kernel="auto"):
    """The batches that `simulate` would use for so many replicas, one after the other."""
    return _of_batches(name, make_batches(model, "random", SEED, "metropolis", kernel, replicas, 1), temperature)


def lanes(name, model, temperature, replicas):
    """One batch of the replica kernel."""
    codes = start_codes(model, "random", replicas, SEED)
    return _of_batches(name, [ReplicaBatch(model, codes, "metropolis", make_key(SEED))], temperature)


def _of_batches(name, batches, temperature):
    controls = [Control(np.full(b.n_replicas, temperature), *np.zeros((2, b.n_replicas))) for b in batches]

    def sweep(n):
        for batch, control in zip(batches, controls, strict=True):
            batch.advance(control, control, 0, n, n)

    return Contestant(name, sum(b.n_replicas for b in batches) * batches[0].model.lattice.n_sites, sweep)


def naive(L):
    """The textbook kernels, three-state and plain."""
    rng = np.random.default_rng(SEED)
    three, plain = rng.integers(-1, 2, (L, L)), rng.integers(0, 2, (L, L)) * 2 - 1
    model = three_model((L, L))
    J, K = (coupling / KELVIN for coupling in model.couplings[:2])
    effective = model.spin.enthalpy / KELVIN - T_THREE * model.spin.ln_g

    def energy():
        return -float(np.mean(plain * (np.roll(plain, 1, 0) + np.roll(plain, 1, 1))))

    return [
        Contestant(
            "naive numba, three-state", L * L, lambda n: naive_three(three, n * L * L, effective, J, K, T_THREE)
        ),
        Contestant("naive numba, plain", L * L, lambda n: naive_plain(plain, n * L * L, J_PLAIN, T_PLAIN), energy),
    ]


def peers(L):
    """Public packages, as far as they are installed; both are plain spins, without measurement."""
    found = []
    T = T_PLAIN / J_PLAIN
    if find_spec("mcising") is not None:
        import mcising

        core = mcising.IsingSimulation(L, 1.0, 0.0, 0.0, 0.0, SEED)
        found.append(Contestant("mcising, plain", L * L, lambda n: core.sweep(n, temperature=T), core.energy))
    if find_spec("peapods") is not None:
        import peapods

        ising = peapods.Ising((L, L), temperatures=np.array([T]))

        def sweep(n):  # all but the last sweep are warm-up, which is not measured
            ising.sample(n, warmup_ratio=(n - 1) / n, sequential=True)

        found.append(Contestant("peapods, plain", L * L, sweep, lambda: -float(ising.get_energies()[0])))
    return found


def round_robin(contestants, rounds, seconds=0.2, clock=time.process_time):
    """Time every contestant once a round, so that a drift of the clock rate hits all of them alike.

    The first turns, which compile, fill caches and find how many sweeps last `seconds`, do not count.
    """
    n_sweeps = []
    for contestant in contestants:
        contestant.sweep(2)
        n = 1
        while (elapsed := _time(contestant, n, clock)) < seconds / 4:
            n *= 4
        n_sweeps.append(max(1, round(n * seconds / elapsed)))
    for _ in range(rounds):
        for contestant, n in zip(contestants, n_sweeps, strict=True):
            contestant.times.append(_time(contestant, n, clock) / (n * contestant.n_sites) * 1e9)


def _time(contestant, n, clock):
    began = clock()
    contestant.sweep(n)
    return clock() - began
