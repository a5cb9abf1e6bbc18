"""Counter-based random numbers: Philox4x32-10 (Salmon et al., SC11, DOI 10.1145/2063384.2063405).

A number is a function of (key, counter) and of nothing else, so that a trajectory does not depend on the number
of threads, on chunking, or on a kill and resume in between. The counter is

    word 0   which number        (block of sites in a row, or lane)
    word 1   where               (row and parity, or step)
    word 2   when                (sweep, low 32 bits)
    word 3   when and what for   (sweep, next 24 bits; stream in the top 8 bits)
"""

import math

import numpy as np
import numpy.typing as npt
from numba import float64, uint32, uint64

from mcsco.engine.jit import inlined

SITES = np.uint32(0)
"""Stream of the words that update sites."""
TIES = np.uint32(1)
"""Stream that decides when the first 16 bits of a comparison are equal."""
FIELDS = np.uint32(2)
"""Stream of the auxiliary fields."""
ORDER = np.uint32(3)
"""Stream of the order of visits."""
EVENTS = np.uint32(16)
"""Stream of the events of activated dynamics in continuous time."""
WAVES = np.uint32(4)
"""Stream of the noise of long-range fields, in k-space."""
DISPLACEMENTS = np.uint32(5)
"""Stream of the moves of molecules off their sites."""
DEFORMATIONS = np.uint32(6)
"""Stream of the homogeneous deformations of a crystal."""
EXCHANGE = np.uint32(9)
"""Stream of the swaps of replica exchange."""

BLOCK = 64
"""Words that `fill_words` makes at a time; buffers hold a multiple of it."""

_LANES = BLOCK // 4


def make_key(seed: int, *path: int) -> npt.NDArray[np.uint32]:
    """Two key words for a seed and a path of integers (task, batch, ...), independent for different paths."""
    return np.random.SeedSequence(entropy=seed, spawn_key=path).generate_state(2, np.uint32).astype(np.uint32)


@inlined
def when(sweep, stream):
    """Counter words 2 and 3 of a sweep and a stream."""
    t = uint64(sweep)
    high = uint32((t >> uint64(32)) & uint64(0xFFFFFF))
    return uint32(t & uint64(0xFFFFFFFF)), uint32(high | uint32(uint32(stream) << uint32(24)))


@inlined
def philox(x0, x1, x2, x3, k0, k1):
    """Four random words of one counter, as uint64 whose lower halves count.

    The upper halves are left dirty: a multiplication masks them, which costs nothing on a vector unit that
    multiplies the lower halves of 64-bit lanes, while truncation after every step would cost a shuffle.
    """
    low = uint64(0xFFFFFFFF)
    x0, x1, x2, x3, k0, k1 = uint64(x0), uint64(x1), uint64(x2), uint64(x3), uint64(k0), uint64(k1)
    for _ in range(10):
        p0 = (x0 & low) * uint64(0xD2511F53)
        p1 = (x2 & low) * uint64(0xCD9E8D57)
        x0 = (p1 >> uint64(32)) ^ x1 ^ k0
        x2 = (p0 >> uint64(32)) ^ x3 ^ k1
        x1 = p1
        x3 = p0
        k0 += uint64(0x9E3779B9)
        k1 += uint64(0xBB67AE85)
    return x0 & low, x1 & low, x2 & low, x3 & low


@inlined
def fill_words(words, n, where, c2, c3, k0, k1):
    """Write at least `n` random words; word j depends on j and on the counter only, not on `n`.

    The key comes as two scalars: loaded from an array in the loop, it would keep the loop from vectorising.
    """
    for block in range((n + BLOCK - 1) // BLOCK):
        base = uint64(block * BLOCK)
        first = uint64(block * _LANES)
        for lane in range(uint64(_LANES)):
            x0, x1, x2, x3 = philox(first + lane, where, c2, c3, k0, k1)
            words[base + lane] = uint32(x0)
            words[base + lane + uint64(_LANES)] = uint32(x1)
            words[base + lane + uint64(2 * _LANES)] = uint32(x2)
            words[base + lane + uint64(3 * _LANES)] = uint32(x3)


@inlined
def normal_pair(which, where, c2, c3, k0, k1):
    """Two independent normal deviates in double precision (Box and Muller, DOI 10.1214/aoms/1177706645)."""
    x0, x1, x2, x3 = philox(which, where, c2, c3, k0, k1)
    # 53 bits for the radius, so that the tails reach beyond eight standard deviations.
    radius_bits = (uint64(x0) << uint64(21)) | (uint64(x1) >> uint64(11))
    radius = math.sqrt(-2.0 * math.log((float64(radius_bits) + 0.5) * 2.0**-53))
    angle = 2.0 * math.pi * (float64(x2) * 2.0**-32 + float64(x3) * 2.0**-64)
    return radius * math.cos(angle), radius * math.sin(angle)
