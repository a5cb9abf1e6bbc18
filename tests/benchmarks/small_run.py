"""Program: short runs of the lattice kernel with a fixed seed; prints what they gave, how fast, and a digest."""

import hashlib
import json
import time

import numpy as np
from contestants import T_PLAIN, T_THREE, plain_model, three_model

import mcsco

CASES = {
    "three-state": (three_model, T_THREE, "metropolis"),
    "three-state, heat bath": (three_model, T_THREE, "heat-bath"),
    "plain": (plain_model, T_PLAIN, "metropolis"),
}


def run(make, temperature, dynamics):
    simulation = mcsco.Simulation(make((256, 256)), temperature, start="random", seed=5, dynamics=dynamics, threads=1)
    simulation.run(200)
    gamma, elapsed = [], 0.0
    for _ in range(200):
        began = time.process_time()
        simulation.run(10)
        elapsed += time.process_time() - began
        gamma.append(simulation.gamma)
    blocks = np.reshape(gamma, (20, 10)).mean(axis=1)
    return {
        "gamma": float(blocks.mean()),
        "error": float(blocks.std(ddof=1) / len(blocks) ** 0.5),
        "ns": elapsed / (2000 * 256**2) * 1e9,
        # All of the series: a trajectory that differed for a while may well come back, driven by the same numbers.
        "digest": hashlib.sha256(np.array(gamma).tobytes() + simulation.state.distortion.tobytes()).hexdigest(),
    }


print(json.dumps({name: run(*case) for name, case in CASES.items()}))
