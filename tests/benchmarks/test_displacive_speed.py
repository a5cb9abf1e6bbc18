"""Continuous distortions beside three states and the textbook kernel, in one run; only ratios are asserted."""

import time
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
from contestants import SEED, T_THREE, Contestant, many, one, round_robin, three_model
from machine import n_cpus, run_python
from naive_kernel import naive_displacive
from test_compiled_code import x86_only

import mcsco
from mcsco.engine import make_one
from mcsco.units import KELVIN, R

ROUNDS, L, T = 7, 512, 320.0


def displacive_model(shape):
    """Molecules with the wells of the pairwise displacive set, and all coupling between nearest neighbours."""
    return mcsco.Model(
        mcsco.Lattice(shape),
        mcsco.SpinCrossover(2348.0 * KELVIN, 8.0 * R),
        mcsco.Displacive(600.0 * KELVIN, 4000.0 * KELVIN),
        (mcsco.NearestNeighbours(12.0 * KELVIN, 236.0 * KELVIN),),
    )


def textbook():
    """The same crystal and moves, one random site after the other in double precision."""
    model = displacive_model((L, L))
    batch = make_one(model, "HS+", SEED, "metropolis")
    codes = batch.codes()[0]
    n, u = codes["n"].astype(np.int64), codes["u"].astype(np.float64)
    table, x = batch.table, np.log2(T)
    log_T = table[0, 0] + np.arange(len(table) - 1) / table[0, 1]
    proposals = [float(np.interp(x, log_T, column)) for column in table[1:].T]
    field = model.spin.enthalpy / KELVIN - T * model.spin.ln_g
    J, K = (E / KELVIN for E in model.couplings[:2])
    well = (model.distortion.barrier / KELVIN, model.distortion.stiffness / KELVIN)

    def sweep(n_sweeps):
        naive_displacive(n, u, n_sweeps * L * L, field, J, K, *well, *proposals, T)

    return Contestant("textbook numba, displacive", L * L, sweep), lambda: (n.mean(), np.mean(u**2))


def test_site_update(show):
    simple, averages = textbook()
    ours = one("mcsco, displacive", displacive_model((L, L)), T)
    three = one("mcsco, three-state", three_model((L, L)), T_THREE)
    everyone = [
        three,
        ours,
        simple,
        many("mcsco, displacive, 64², 8 replicas", displacive_model((64, 64)), T, 8),
        many("mcsco, displacive, 64², replica kernel, 64 replicas", displacive_model((64, 64)), T, 64, "replica"),
    ]
    round_robin(everyone, ROUNDS)
    lines = [f"{'CPU time of a site update (both moves)':<54} median ns   min ns   over three-state   over displacive"]
    for c in everyone:
        lines.append(f"{c.name:<54} {c.ns:9.3f} {min(c.times):8.3f} {c.ns / three.ns:16.2f} x {c.ns / ours.ns:14.2f} x")
    show("\n".join(lines))
    assert simple.ns > 10 * ours.ns
    assert ours.ns < 4 * three.ns
    # Both simulate the same crystal, in one domain: walls would go away at another pace.
    simulation = mcsco.Simulation(displacive_model((L, L)), T, start="HS+", seed=SEED, threads=1)
    simulation.run(200)
    simple.sweep(100)
    found = simulation.gamma, float(np.mean(simulation.state.distortion.astype(float) ** 2))
    assert averages() == pytest.approx(found, abs=0.02)


@x86_only
def test_loops_are_vectorised(tmp_path, show):
    compiled = run_python("kernel_assembly.py", "displacive", NUMBA_CACHE_DIR=str(tmp_path))
    loops = compiled["loops"]
    philox = [loop for loop in loops if loop["philox"] >= 20]
    update = [loop for loop in loops if loop["packed float"] >= 14]
    show(
        f"Vector loops of the displacive kernel: {len(philox)} for Philox with {[loop['philox'] for loop in philox]} "
        f"wide products and {len(update)} for updates with {[loop['packed float'] for loop in update]} packed products"
    )
    assert compiled["signatures"] == 1
    assert len(philox) >= 2, "one for each word of a site"
    assert len(update) >= 3, "decisions, moves at one temperature, moves at many"
    for loop in philox + update:
        assert loop["scalar float"] == 0
    assert not any(loop["calls"] for loop in loops if loop["wide"])
    assert not [name for name in compiled["libm"] if name.endswith("f")]


@pytest.mark.skipif(n_cpus() < 2, reason="one CPU")
def test_two_threads_against_one(show):
    model = displacive_model((L, L))
    single, double, first, second = (one("displacive", model, T, threads=threads) for threads in (1, 2, 1, 1))
    with ThreadPoolExecutor(2) as pool:  # what the machine has to give: two lattices, one thread each
        two = Contestant("two", 2 * L * L, lambda n: wait([pool.submit(c.sweep, n) for c in (first, second)]))
        round_robin([single, double, two], ROUNDS, clock=time.perf_counter)
    gain, possible = min(single.times) / min(double.times), min(single.times) / min(two.times)
    show(
        f"Displacive, L = {L}, wall time of a site update: 1 thread {min(single.times):.3f} ns, 2 threads "
        f"{min(double.times):.3f} ns, gain {gain:.2f}; two lattices at once {possible:.2f}"
    )
    if possible < 1.7:
        pytest.skip("the machine has no two CPUs to spare at present")
    assert gain > 1.3
