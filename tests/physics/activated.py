"""The master equation of activated rates on tiny lattices, from the energies of all configurations."""

import math

import naive
import numpy as np

R = 8.31446261815324e-3  # kJ/(mol K)


def generator(model, kinetics, temperature, pressure=0.0, field=0.0, light=(0.0, 0.0), wrong=""):
    """Matrix Q of the rates in 1/s, shape (M, M): dp/dt = p Q, with rows that add up to zero.

    `wrong` names a mistake that a test must notice: ``"split"`` puts the whole energy into HS → LS, and ``"flip"``
    gives u → −u the rate and the barrier of a change of spin.
    """
    codes = naive.configurations(model)
    H = np.array([model.energy(naive.to_state(model, c), pressure, field) for c in codes])
    flip_rate = kinetics.rate if kinetics.flip_rate is None else kinetics.flip_rate
    flip_barrier = kinetics.barrier if kinetics.flip_barrier is None else kinetics.flip_barrier
    if wrong == "flip":
        flip_rate, flip_barrier = kinetics.rate, kinetics.barrier
    RT = R * temperature
    values = naive.values(model)
    Q = np.zeros((len(codes), len(codes)))
    for i, c in enumerate(codes):
        for site in range(len(c)):
            for s in values:
                if s == c[site]:
                    continue
                after = c.copy()
                after[site] = s
                j = naive.label(model, after[None])[0]
                half = (H[j] - H[i]) / 2
                if wrong == "split":
                    half = 0.0 if c[site] == 0 else 2 * half
                if c[site] == 0:
                    rate = kinetics.rate * math.exp(model.spin.ln_g - (kinetics.barrier + half) / RT)
                    rate += light[0] / (len(values) - 1)
                elif s == 0:
                    rate = kinetics.rate * math.exp(-(kinetics.barrier + half) / RT) + light[1]
                else:
                    rate = flip_rate * math.exp(-(flip_barrier + half) / RT)
                Q[i, j] += rate
        Q[i, i] = -Q[i].sum()
    return Q
