"""Kernel of block spins under one global strain, replicas as the innermost index.

One sweep offers each of the N_b block spins one flip on average, in random-sequential order, and the strain η a given
number of steps evenly spread between them. The energy does not know where a spin is: a spin drawn at random is HS with
the chance k/N_b, so that the number k of HS blocks is itself a Markov chain, the same in law as that of an array
of spins, and no array is needed.

For a flip q → q' = q ± 2/N_b the energy of N molecules changes by exactly

    ± 2 n_d [ (ΔH + P ΔV − T ln g)/2 + D η² + (q + q')(B/2 + (C/4)(q² + q'²) + (E/2) η²) ]

in which nothing cancels, however large N is.
"""

import math

from numba import float32, float64, int64, uint32, uint64

from mcsco.engine.elementary import exp2_negative
from mcsco.engine.jit import kernel
from mcsco.engine.random_numbers import DEFORMATIONS, SITES, fill_words, philox, when

STEPS = 64
"""Attempts whose random words are made together."""
AIM = 0.44
"""Accepted fraction that widths are tuned for: the best one of a single Gaussian variable."""


@kernel()
def bridge_sweeps(
    high, eta, width, accepted, controls, first, n_sweeps, tuned, sweep, sizes, coefficients, key, lanes, words
):
    """Advance by `n_sweeps`; in the first `tuned` sweeps of a leg the widths of the strain's steps are tuned.

    `high`, `eta`, `width` and `accepted` have shape (R,); `controls` are (start, step, control) of shape (R, 2) with
    T and ΔH + P ΔV in K; `sizes` are (N_b, n_d, steps of the strain in a sweep).
    """
    n_blocks, block_size, n_moves = sizes
    start, step, control = controls
    per_kelvin, near_field, eta2 = lanes
    ln_g, B, C, b, D, E = coefficients
    k0, k1 = uint32(key[0]), uint32(key[1])
    n_replicas = high.shape[0]
    per_block = 1.0 / n_blocks
    to_log2 = 1.0 / math.log(2.0)
    for t in range(n_sweeps):
        for r in range(n_replicas):
            for c in range(2):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            # of a flip towards HS, in log2 units
            per_kelvin[r] = 2.0 * block_size / control[r, 0] * to_log2
            near_field[r] = 0.5 * (control[r, 1] - control[r, 0] * ln_g)
            accepted[r] = 0
        c2, c3 = when(sweep + t, SITES)
        c3_strain = when(sweep + t, DEFORMATIONS)[1]
        chunk = 0
        for move in range(n_moves):
            left = (move + 1) * n_blocks // n_moves - move * n_blocks // n_moves
            for r in range(n_replicas):
                eta2[r] = eta[r] * eta[r]
            while left > 0:
                n_steps = min(STEPS, left)
                left -= n_steps
                fill_words(words, 2 * n_steps * n_replicas, chunk, c2, c3, k0, k1)
                chunk += 1
                for i in range(n_steps):
                    at = uint64(2 * i * n_replicas)
                    for r in range(uint64(n_replicas)):
                        k = high[r]
                        which = int64((uint64(words[at + r]) * uint64(n_blocks)) >> uint64(32))
                        sign = int64(-1) if which < k else int64(1)
                        q = float64(2 * k - n_blocks) * per_block
                        q_new = float64(2 * (k + sign) - n_blocks) * per_block
                        slope = 0.5 * B + 0.25 * C * (q * q + q_new * q_new) + 0.5 * E * eta2[r]
                        cost = float64(sign) * (near_field[r] + D * eta2[r] + (q + q_new) * slope) * per_kelvin[r]
                        chance = float64(exp2_negative(float32(min(0.0, -cost))))
                        u = (float64(words[at + uint64(n_replicas) + r]) + 0.5) * 2.0**-32
                        high[r] = k + (sign if u < chance else int64(0))
            for r in range(n_replicas):
                x0, x1, x2, x3 = philox(r, move, c2, c3_strain, k0, k1)
                offset = (float64(x0) + (float64(x1) + 0.5) * 2.0**-32) * 2.0**-31 - 1.0
                old = eta[r]
                new = old + width[r] * offset
                q = float64(2 * high[r] - n_blocks) * per_block
                A = D * q + 0.5 * E * q * q
                # η'² − η² as a product, which keeps its digits where N is large
                change = (new - old) * (new + old) * (A + 0.25 * b * (new * new + old * old))
                cost = change * (n_blocks * block_size) / control[r, 0]
                u = (float64(x2) + (float64(x3) + 0.5) * 2.0**-32) * 2.0**-32
                if cost <= 0.0 or u < math.exp(-cost):
                    eta[r] = new
                    accepted[r] += 1
        if first + t < tuned:
            gain = (1.0 + first + t) ** -0.6
            for r in range(n_replicas):
                width[r] *= math.exp(gain * (float64(accepted[r]) / n_moves - AIM))
