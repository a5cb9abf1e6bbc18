"""Discrete Fourier transforms of split complex numbers (real and imaginary parts in two flat float32 arrays).

Forward transforms decimate in frequency, and backward transforms run the same steps in reverse, so that no numbers
are sorted: between the two the waves stand in digit-reversed order (`reversed_digits`), and whatever multiplies them
is stored in that order. Extents are powers of two; steps combine 4 numbers, the last one 2 if that is what is left
(Cooley and Tukey, DOI 10.1090/S0025-5718-1965-0178586-1). Nothing is normalised.

* **Columns** stand at a constant stride, and the numbers beside each other are the lanes.
* **A row** is transformed along its memory, in the constant geometry of Pease (DOI 10.1145/321450.321457): each step
  reads four quarters and writes their results interleaved.
"""

import numpy as np
import numpy.typing as npt

from mcsco.engine.fourier_lanes import (
    N_LANES,
    deinterleave,
    deinterleave4,
    folded,
    interleave,
    interleave4,
    load,
    spread,
    store,
)


def radices(n: int, *, binary: bool = False) -> list[int]:
    """Steps of a transform of length `n`; `binary` ones only, or as few as possible."""
    steps = []
    while n > 1:
        steps.append(4 if n % 4 == 0 and not binary else 2)
        n //= steps[-1]
    return steps


def row_radices(n: int) -> list[int]:
    """Steps of the transform of a row: a quarter of it must fill the lanes."""
    return radices(n, binary=n < 4 * N_LANES)


def reversed_digits(steps: list[int]) -> npt.NDArray[np.int64]:
    """Wavenumber at each place after a forward transform with these steps."""
    k = np.zeros(1, dtype=np.int64)
    for radix in reversed(steps):
        k = (np.arange(radix)[:, None] + radix * k).ravel()
    return k


def column_turns(largest: int) -> npt.NDArray[np.float32]:
    """Cosines and sines of 2π t j / (4 q), t = 1, 2, 3, at 6 (q + j) for all quarters q = 1, 2, 4, ... of columns."""
    turns = [np.zeros((1, 6))]
    q = 1
    while 4 * q <= max(largest, 4):
        turns.append(_turns(np.arange(q) / (4 * q), (1, 2, 3)).T)
        q *= 2
    return np.concatenate(turns).ravel().astype(np.float32)


def _turns(angle: npt.NDArray[np.float64], multiples: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Cosines and sines of 2π t angle, shape (2 len(multiples), len(angle))."""
    return np.array([f(2 * np.pi * t * angle) for t in multiples for f in (np.cos, np.sin)])


def row_turns(n: int) -> npt.NDArray[np.float32]:
    """The same for the steps of a row, one step after the other: each cosine and sine along the lanes."""
    turns, left = [], n
    for radix in row_radices(n):
        # The numbers of a step stand in the order (time j, wavenumbers that are known already).
        j = np.arange(n // radix) // (n // left)
        turns.append(_turns(j / left, (1, 2, 3) if radix == 4 else (1,)).ravel())
        left //= radix
    return np.concatenate(turns).astype(np.float32)


def mirror_runs(n: int) -> npt.NDArray[np.int64]:
    """Places of k and n − k in a transformed row, as runs (a, b, m) such that a + i mirrors b − i for i < m.

    The head of the row, `head_length(n)` places, is missing. Runs shorter than the lanes mirror themselves.
    """
    runs, left = [], n
    for radix in row_radices(n):
        if left <= head_length(n):
            break
        left //= radix
        if radix == 4:  # first digit 1 against 3; all other digits are complements
            runs.append((left, 4 * left - 1, left))
            runs.append((2 * left, 3 * left - 1, left // 2))
        else:
            runs.append((left, 2 * left - 1, left // 2))
    return np.array(runs, dtype=np.int64)


def head_length(n: int) -> int:
    """Places at the beginning of a row whose mirror images are no reversed runs: 8, or 16 if all steps take 4."""
    return 2 * N_LANES if 4 ** (len(row_radices(n))) == n else N_LANES


@folded
def butterfly(a0, b0, a1, b1, a2, b2, a3, b3):
    """Σ_m (−i)^{mt} (a_m + i b_m) for t = 0, 1, 2, 3; the backward transform is (t = 0, 3, 2, 1)."""
    a02, b02, a13, b13 = a0 + a2, b0 + b2, a1 + a3, b1 + b3
    c02, d02, c13, d13 = a0 - a2, b0 - b2, a1 - a3, b1 - b3
    return a02 + a13, b02 + b13, c02 + d13, d02 - c13, a02 - a13, b02 - b13, c02 - d13, d02 + c13


@folded
def turn_back(a, b, c, s):
    """(a + i b)(c − i s)."""
    return a * c + b * s, b * c - a * s


@folded
def turn_forth(a, b, c, s):
    """(a + i b)(c + i s)."""
    return a * c - b * s, b * c + a * s


@folded
def forward_step(src_re, src_im, src, src_stride, re, im, at, stride, n_rows, block, width, turns):
    """One step (block ≥ 4) on `width` columns of `n_rows` rows, each `block` of them a transform of its own.

    From row j at src + j src_stride to row j at at + j stride; both may be the same.
    """
    q = block // 4
    for first in range(0, n_rows, block):
        for j in range(q):
            t = 6 * (q + j)
            c1, s1, c2 = spread(turns[t]), spread(turns[t + 1]), spread(turns[t + 2])
            s2, c3, s3 = spread(turns[t + 3]), spread(turns[t + 4]), spread(turns[t + 5])
            x0 = src + (first + j) * src_stride
            x1, x2, x3 = x0 + q * src_stride, x0 + 2 * q * src_stride, x0 + 3 * q * src_stride
            y0 = at + (first + j) * stride
            y1, y2, y3 = y0 + q * stride, y0 + 2 * q * stride, y0 + 3 * q * stride
            for i in range(0, width, N_LANES):
                a0, b0, a1, b1, a2, b2, a3, b3 = butterfly(
                    load(src_re, x0 + i), load(src_im, x0 + i), load(src_re, x1 + i), load(src_im, x1 + i),
                    load(src_re, x2 + i), load(src_im, x2 + i), load(src_re, x3 + i), load(src_im, x3 + i),
                )  # fmt: skip
                store(re, y0 + i, a0)
                store(im, y0 + i, b0)
                a1, b1 = turn_back(a1, b1, c1, s1)
                store(re, y1 + i, a1)
                store(im, y1 + i, b1)
                a2, b2 = turn_back(a2, b2, c2, s2)
                store(re, y2 + i, a2)
                store(im, y2 + i, b2)
                a3, b3 = turn_back(a3, b3, c3, s3)
                store(re, y3 + i, a3)
                store(im, y3 + i, b3)


@folded
def backward_step(re, im, at, stride, dst_re, dst_im, dst, dst_stride, n_rows, block, width, turns):
    """The inverse of `forward_step` but for a factor 4, from rows at + j stride to rows dst + j dst_stride."""
    q = block // 4
    for first in range(0, n_rows, block):
        for j in range(q):
            t = 6 * (q + j)
            c1, s1, c2 = spread(turns[t]), spread(turns[t + 1]), spread(turns[t + 2])
            s2, c3, s3 = spread(turns[t + 3]), spread(turns[t + 4]), spread(turns[t + 5])
            y0 = at + (first + j) * stride
            y1, y2, y3 = y0 + q * stride, y0 + 2 * q * stride, y0 + 3 * q * stride
            x0 = dst + (first + j) * dst_stride
            x1, x2, x3 = x0 + q * dst_stride, x0 + 2 * q * dst_stride, x0 + 3 * q * dst_stride
            for i in range(0, width, N_LANES):
                a1, b1 = turn_forth(load(re, y1 + i), load(im, y1 + i), c1, s1)
                a2, b2 = turn_forth(load(re, y2 + i), load(im, y2 + i), c2, s2)
                a3, b3 = turn_forth(load(re, y3 + i), load(im, y3 + i), c3, s3)
                a0, b0, a3, b3, a2, b2, a1, b1 = butterfly(
                    load(re, y0 + i), load(im, y0 + i), a1, b1, a2, b2, a3, b3
                )  # fmt: skip
                store(dst_re, x0 + i, a0)
                store(dst_im, x0 + i, b0)
                store(dst_re, x1 + i, a1)
                store(dst_im, x1 + i, b1)
                store(dst_re, x2 + i, a2)
                store(dst_im, x2 + i, b2)
                store(dst_re, x3 + i, a3)
                store(dst_im, x3 + i, b3)


@folded
def last_step(re, im, at, stride, n_rows, block, width, sign):
    """The step of blocks of 4 or 2 rows, whose numbers are not turned; in place. `sign` is −1 backward."""
    for first in range(0, n_rows, block):
        y0 = at + first * stride
        if block == 4:
            y1, y2, y3 = y0 + (2 - sign) * stride, y0 + 2 * stride, y0 + (2 + sign) * stride
            z1, z3 = y0 + stride, y0 + 3 * stride
            for i in range(0, width, N_LANES):
                a0, b0, a1, b1, a2, b2, a3, b3 = butterfly(
                    load(re, y0 + i), load(im, y0 + i), load(re, z1 + i), load(im, z1 + i),
                    load(re, y2 + i), load(im, y2 + i), load(re, z3 + i), load(im, z3 + i),
                )  # fmt: skip
                store(re, y0 + i, a0)
                store(im, y0 + i, b0)
                store(re, y1 + i, a1)
                store(im, y1 + i, b1)
                store(re, y2 + i, a2)
                store(im, y2 + i, b2)
                store(re, y3 + i, a3)
                store(im, y3 + i, b3)
        else:
            y1 = y0 + stride
            for i in range(0, width, N_LANES):
                a0, b0, a1, b1 = load(re, y0 + i), load(im, y0 + i), load(re, y1 + i), load(im, y1 + i)
                store(re, y0 + i, a0 + a1)
                store(im, y0 + i, b0 + b1)
                store(re, y1 + i, a0 - a1)
                store(im, y1 + i, b0 - b1)


@folded
def forward_columns(re, im, at, stride, n_rows, block, width, turns):
    """All steps from blocks of `block` rows on, in place."""
    while block > 4:
        forward_step(re, im, at, stride, re, im, at, stride, n_rows, block, width, turns)
        block //= 4
    if block > 1:
        last_step(re, im, at, stride, n_rows, block, width, 1)


@folded
def backward_columns(re, im, at, stride, n_rows, block, width, turns):
    """The inverse of `forward_columns` but for the factor `block`, in place."""
    b = block
    while b > 4:
        b //= 4
    if b > 1:
        last_step(re, im, at, stride, n_rows, b, width, -1)
    b *= 4
    while b <= block:
        backward_step(re, im, at, stride, re, im, at, stride, n_rows, b, width, turns)
        b *= 4


@folded
def forward_row(re, im, x, y, n, turns):
    """Transform n numbers at `x`; `y` is room for as many. Returns where the result stands: one of the two."""
    t = 0
    left = n
    if n >= 4 * N_LANES:
        q = n // 4
        while left >= 4:
            for j in range(0, q, N_LANES):
                a0, b0, a1, b1, a2, b2, a3, b3 = butterfly(
                    load(re, x + j), load(im, x + j),
                    load(re, x + q + j), load(im, x + q + j),
                    load(re, x + 2 * q + j), load(im, x + 2 * q + j),
                    load(re, x + 3 * q + j), load(im, x + 3 * q + j),
                )  # fmt: skip
                if left > 4:
                    a1, b1 = turn_back(a1, b1, load(turns, t + j), load(turns, t + q + j))
                    a2, b2 = turn_back(a2, b2, load(turns, t + 2 * q + j), load(turns, t + 3 * q + j))
                    a3, b3 = turn_back(a3, b3, load(turns, t + 4 * q + j), load(turns, t + 5 * q + j))
                z = y + 4 * j
                a0, a1, a2, a3 = interleave4(a0, a1, a2, a3)
                store(re, z, a0)
                store(re, z + N_LANES, a1)
                store(re, z + 2 * N_LANES, a2)
                store(re, z + 3 * N_LANES, a3)
                b0, b1, b2, b3 = interleave4(b0, b1, b2, b3)
                store(im, z, b0)
                store(im, z + N_LANES, b1)
                store(im, z + 2 * N_LANES, b2)
                store(im, z + 3 * N_LANES, b3)
            x, y = y, x
            left //= 4
            t += 6 * q
    q = n // 2
    while left > 1:
        for j in range(0, q, N_LANES):
            a0, b0, a1, b1 = load(re, x + j), load(im, x + j), load(re, x + q + j), load(im, x + q + j)
            a2, b2 = turn_back(a0 - a1, b0 - b1, load(turns, t + j), load(turns, t + q + j))
            a0, a1 = interleave(a0 + a1, a2)
            b0, b1 = interleave(b0 + b1, b2)
            z = y + 2 * j
            store(re, z, a0)
            store(re, z + N_LANES, a1)
            store(im, z, b0)
            store(im, z + N_LANES, b1)
        x, y = y, x
        left //= 2
        t += 2 * q
    return x


@folded
def backward_row(re, im, x, y, n, turns):
    """The inverse of `forward_row` but for the factor n."""
    t = turns.size
    done = 1
    last = n
    while last % 4 == 0 and n >= 4 * N_LANES:
        last //= 4
    q = n // 2
    while done < last:  # steps of 2 come first
        t -= 2 * q
        for j in range(0, q, N_LANES):
            z = x + 2 * j
            a0, a1 = deinterleave(load(re, z), load(re, z + N_LANES))
            b0, b1 = deinterleave(load(im, z), load(im, z + N_LANES))
            a1, b1 = turn_forth(a1, b1, load(turns, t + j), load(turns, t + q + j))
            store(re, y + j, a0 + a1)
            store(im, y + j, b0 + b1)
            store(re, y + q + j, a0 - a1)
            store(im, y + q + j, b0 - b1)
        x, y = y, x
        done *= 2
    q = n // 4
    while done < n:
        t -= 6 * q
        for j in range(0, q, N_LANES):
            z = x + 4 * j
            a0, a1, a2, a3 = deinterleave4(
                load(re, z), load(re, z + N_LANES), load(re, z + 2 * N_LANES), load(re, z + 3 * N_LANES)
            )
            b0, b1, b2, b3 = deinterleave4(
                load(im, z), load(im, z + N_LANES), load(im, z + 2 * N_LANES), load(im, z + 3 * N_LANES)
            )
            if done > 1:
                a1, b1 = turn_forth(a1, b1, load(turns, t + j), load(turns, t + q + j))
                a2, b2 = turn_forth(a2, b2, load(turns, t + 2 * q + j), load(turns, t + 3 * q + j))
                a3, b3 = turn_forth(a3, b3, load(turns, t + 4 * q + j), load(turns, t + 5 * q + j))
            a0, b0, a3, b3, a2, b2, a1, b1 = butterfly(a0, b0, a1, b1, a2, b2, a3, b3)
            store(re, y + j, a0)
            store(im, y + j, b0)
            store(re, y + q + j, a1)
            store(im, y + q + j, b1)
            store(re, y + 2 * q + j, a2)
            store(im, y + 2 * q + j, b2)
            store(re, y + 3 * q + j, a3)
            store(im, y + 3 * q + j, b3)
        x, y = y, x
        done *= 4
    return x
