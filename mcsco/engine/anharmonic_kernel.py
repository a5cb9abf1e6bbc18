"""Sweeps of a crystal whose springs stretch by their true length: the molecules move by Metropolis steps.

Every sweep visits the molecules, colour by colour. A visit

1. offers the molecule a step, uniform in a cube of its own width, which is accepted with min(1, exp(−ΔH/T)), and
2. draws its spin and distortion by heat bath, given its place and its neighbours: only its own bonds change.

After the visits the whole crystal is offered a homogeneous deformation G → G + δ, where bond b has the vector

    w_j − w_i + a (1 + G) Δ_b.

Along periodic axes at constant pressure this is the strain. Along open axes it is another way of writing displacements
(a δ x added to w of the site x), offered because the breathing of a crystal is the slowest of its motions. Every
proposal is symmetric and leaves the volume element Π dw Π dG alone. Energies are in K per molecule.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import float64, int8, uint32, uint64

from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import DEFORMATIONS, DISPLACEMENTS, philox, when

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Network(NamedTuple):
    """The bonds as a molecule meets them. A way is one of the Z vectors that bonds have, both directions counted."""

    order: Integers
    """Molecules in the order of their visits, shape (N,)."""
    first: Integers
    """Where the bonds of each molecule begin in the two lists that follow, shape (N + 1,)."""
    other: Integers
    """Molecule at the other end, shape (2B,)."""
    way: Integers
    """Number of the way there, shape (2B,); the ways of smaller number than Z/2 count each bond once."""
    vector: Array
    """aΔ of every way, Å, shape (Z, 3), padded with zeros."""
    half_stiffness: Array
    """k/2 of every way, K/Å2, shape (Z,)."""
    near: npt.NDArray[np.bool_]
    """Whether a way leads to a nearest neighbour, shape (Z,)."""
    reach: Array
    """What a molecule of code c adds to the rest length of a bond, Å, at index c + 1; shape (Z, 3)."""
    allowed: npt.NDArray[np.bool_]
    """Whether a molecule may have code c, at index c + 1; shape (N, 3)."""
    basis: Array
    """Homogeneous deformations that are offered, shape (M, 3, 3)."""


class Configuration(NamedTuple):
    """What moves; the replicas are independent."""

    codes: npt.NDArray[np.int8]
    """u of models with distortion, n of plain ones, shape (R, N)."""
    displacement: Array
    """w, Å, shape (R, N, 3), padded with zeros."""
    deformation: Array
    """G, shape (R, 3, 3)."""
    energy: Array
    """Running elastic energy, K, shape (R,)."""


@inlined
def uniform(high, low):
    """A number in (0, 1) of 52 random bits: with one more the largest would round to 1."""
    return (float64((uint64(high) << uint64(20)) | (uint64(low) >> uint64(12))) + 0.5) * 2.0**-52


@inlined
def symmetric(word):
    """A number in (−1, 1)."""
    return (float64(word) + 0.5) * 2.0**-31 - 1.0


@inlined
def set_vectors(vectors, vector, deformation):
    """(1 + G) aΔ of every way."""
    for c in range(vector.shape[0]):
        for x in range(3):
            vectors[c, x] = vector[c, x]
            for y in range(3):
                vectors[c, x] += deformation[x, y] * vector[c, y]


@inlined
def measure(i, dx, dy, dz, codes, w, vectors, network, misfits):
    """Energy that a step of molecule i costs.

    `misfits` receives the lengths of its bonds, before and after, less what the molecules at the other ends claim.
    """
    cost = 0.0
    own = codes[i] + 1
    begin = network.first[i]
    for b in range(begin, network.first[i + 1]):
        j, c = network.other[b], network.way[b]
        x = w[j, 0] - w[i, 0] + vectors[c, 0]
        y = w[j, 1] - w[i, 1] + vectors[c, 1]
        z = w[j, 2] - w[i, 2] + vectors[c, 2]
        rest = network.reach[c, codes[j] + 1]
        before = math.sqrt(x * x + y * y + z * z) - rest
        x, y, z = x - dx, y - dy, z - dz
        after = math.sqrt(x * x + y * y + z * z) - rest
        misfits[0, b - begin], misfits[1, b - begin] = before, after
        cost += network.half_stiffness[c] * (after - before) * (after + before - 2.0 * network.reach[c, own])
    return cost


@inlined
def draw_code(i, misfit, codes, network, controls, chance):
    """New code of molecule i by heat bath, and the change of its elastic energy."""
    T, gap, field, J, K = controls
    low, middle, high = 0.0, 0.0, 0.0
    sum_sigma, sum_u = 0.0, 0.0
    begin = network.first[i]
    for b in range(begin, network.first[i + 1]):
        c, x, k = network.way[b], misfit[b - begin], network.half_stiffness[network.way[b]]
        low += k * (x - network.reach[c, 0]) ** 2
        middle += k * (x - network.reach[c, 1]) ** 2
        high += k * (x - network.reach[c, 2]) ** 2
        if network.near[c]:
            code = codes[network.other[b]]
            sum_sigma += 1.0 if code != 0 else -1.0
            sum_u += code
    E_low = low + gap - J * sum_sigma + K * sum_u + field
    E_middle = middle + J * sum_sigma
    E_high = high + gap - J * sum_sigma - K * sum_u - field
    top = math.inf
    top = min(top, E_low) if network.allowed[i, 0] else top
    top = min(top, E_middle) if network.allowed[i, 1] else top
    top = min(top, E_high) if network.allowed[i, 2] else top
    p_low = math.exp((top - E_low) / T) if network.allowed[i, 0] else 0.0
    p_middle = math.exp((top - E_middle) / T) if network.allowed[i, 1] else 0.0
    p_high = math.exp((top - E_high) / T) if network.allowed[i, 2] else 0.0
    chance *= p_low + p_middle + p_high
    before = middle if codes[i] == 0 else (high if codes[i] > 0 else low)
    if chance < p_high:
        return int8(1), high - before
    if chance < p_high + p_low:
        return int8(-1), low - before
    return int8(0), middle - before


@inlined
def deformation_cost(codes, w, vectors, proposed, network):
    """Energy that other vectors of the reference lattice cost."""
    cost = 0.0
    half = network.vector.shape[0] // 2
    for i in range(len(codes)):
        for b in range(network.first[i], network.first[i + 1]):
            c = network.way[b]
            if c < half:
                j = network.other[b]
                x, y, z = w[j, 0] - w[i, 0], w[j, 1] - w[i, 1], w[j, 2] - w[i, 2]
                rest = network.reach[c, codes[i] + 1] + network.reach[c, codes[j] + 1]
                X, Y, Z = x + vectors[c, 0], y + vectors[c, 1], z + vectors[c, 2]
                before = math.sqrt(X * X + Y * Y + Z * Z)
                X, Y, Z = x + proposed[c, 0], y + proposed[c, 1], z + proposed[c, 2]
                after = math.sqrt(X * X + Y * Y + Z * Z)
                cost += network.half_stiffness[c] * (after - before) * (after + before - 2.0 * rest)
    return cost


@kernel()
def anharmonic_sweeps(configuration, network, controls, steps, deforming, sweep, n_sweeps, key, counts, scratch):
    """Advance by `n_sweeps`.

    `steps`, shape (N, 3), and `deforming`, shape (M,), are half the widths of the proposals; `controls` are T, the
    gap ΔH + PΔV − T ln g, the field, J and K. `counts` gains accepted and offered steps, accepted and offered
    deformations.
    """
    misfits, vectors, proposed, deformation = scratch
    k0, k1 = uint32(key[0]), uint32(key[1])
    T = controls[0]
    for r in range(configuration.codes.shape[0]):
        codes, w, G = configuration.codes[r], configuration.displacement[r], configuration.deformation[r]
        energy = configuration.energy[r]
        where = uint32(r)
        set_vectors(vectors, network.vector, G)
        for t in range(n_sweeps):
            c2, c3 = when(sweep + t, DISPLACEMENTS)
            for i in network.order:
                x0, x1, x2, _ = philox(uint32(2 * i), where, c2, c3, k0, k1)
                y0, y1, y2, y3 = philox(uint32(2 * i + 1), where, c2, c3, k0, k1)
                dx, dy, dz = symmetric(x0) * steps[i, 0], symmetric(x1) * steps[i, 1], symmetric(x2) * steps[i, 2]
                cost = measure(i, dx, dy, dz, codes, w, vectors, network, misfits)
                moved = 0
                if cost <= 0.0 or uniform(y0, y1) < math.exp(-cost / T):
                    moved = 1
                    energy += cost
                    w[i, 0] += dx
                    w[i, 1] += dy
                    w[i, 2] += dz
                counts[0] += moved
                codes[i], change = draw_code(i, misfits[moved], codes, network, controls, uniform(y2, y3))
                energy += change
            counts[1] += len(network.order)
            if len(deforming) == 0:
                continue
            c2, c3 = when(sweep + t, DEFORMATIONS)
            deformation[:, :] = G
            for m in range(len(deforming)):
                amount = symmetric(philox(uint32(m + 1), where, c2, c3, k0, k1)[0]) * deforming[m]
                for x in range(3):
                    for y in range(3):
                        deformation[x, y] += amount * network.basis[m, x, y]
            set_vectors(proposed, network.vector, deformation)
            cost = deformation_cost(codes, w, vectors, proposed, network)
            y0, y1, _, _ = philox(uint32(0), where, c2, c3, k0, k1)
            counts[3] += 1
            if cost <= 0.0 or uniform(y0, y1) < math.exp(-cost / T):
                counts[2] += 1
                energy += cost
                G[:, :] = deformation
                vectors[:, :] = proposed
        configuration.energy[r] = energy
