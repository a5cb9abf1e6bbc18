"""Rows of the lattice on their way to the half grid of a real transform, and back.

With z_j = f(2j) + i f(2j + 1) for j < n, Z its transform and w = exp(−iπ k/n), the wave of the real row f is

    2 X(k) = Z(k) + Z(n − k)* − i w (Z(k) − Z(n − k)*),

and the way back is its inverse. Both act on waves in digit-reversed order, in which n − k runs backward while k runs
forward but for the head of a row.
"""

from numba import float32, int8

from mcsco.engine.fourier import turn_back, turn_forth
from mcsco.engine.fourier_lanes import (
    N_LANES,
    folded,
    load,
    load_codes,
    load_reversed,
    mirror_binary,
    mirror_mixed,
    mirror_quaternary,
    spread,
    store,
    store_reversed,
)


@folded
def read_row(s, v, even, odd, n, R, component, re, im, at):
    """Read n (component 0) or u (component 1) of a row as complex numbers, half as many as sites.

    U comes from `v` if it is not empty, else from the codes `s`.
    """
    if component == 1 and v.size > 0:
        if R == 1:
            for i in range(0, n, N_LANES):
                store(re, at + i, load(v, even + i))
                store(im, at + i, load(v, odd + i))
        else:
            for i in range(n):
                re[at + i], im[at + i] = v[even + i * R], v[odd + i * R]
    elif R == 1:
        for i in range(0, n, N_LANES):
            a, b = load_codes(s, even + i), load_codes(s, odd + i)
            if component == 0:
                a, b = a * a, b * b
            store(re, at + i, a)
            store(im, at + i, b)
    else:
        for i in range(n):
            c, d = s[even + i * R], s[odd + i * R]
            if component == 0:
                c, d = int8(c & int8(1)), int8(d & int8(1))
            re[at + i], im[at + i] = float32(c), float32(d)


@folded
def split_wave(a, b, e, f, c, s):
    """Twice X(k) from Z(k) = a + i b, Z(n − k) = e + i f and the cosine and sine of π k / n."""
    c, d = turn_back(b + f, e - a, c, s)
    return a + e + c, b - f + d


@folded
def merge_wave(a, b, e, f, c, s):
    """Twice Z(k) from X(k) and X(n − k)."""
    c, d = turn_forth(a - e, b + f, c, s)
    return a + e - d, b - f + c


@folded
def mirror_head(a, b, kind):
    """The mirror images of the first waves of a row, from its first two vectors."""
    if kind == 0:
        e, f = mirror_binary(a, b)
    elif kind == 1:
        e, f = mirror_mixed(a, b)
    else:
        e, f = mirror_quaternary(a, b)
    return e, f


@folded
def split_row(re, im, x, out_re, out_im, at, kind, runs, cosines, sines):
    """Twice the half grid of a real row from the transform of the packed one: wave n in the place of Im X(0)."""
    a0, a1, b0, b1 = load(re, x), load(re, x + N_LANES), load(im, x), load(im, x + N_LANES)
    e0, e1 = mirror_head(a0, a1, kind)
    f0, f1 = mirror_head(b0, b1, kind)
    c, d = split_wave(a0, b0, e0, f0, load(cosines, 0), load(sines, 0))
    store(out_re, at, c)
    store(out_im, at, d)
    if kind == 2:
        c, d = split_wave(a1, b1, e1, f1, load(cosines, N_LANES), load(sines, N_LANES))
        store(out_re, at + N_LANES, c)
        store(out_im, at + N_LANES, d)
    a, b = re[x], im[x]
    out_re[at], out_im[at] = float32(2.0) * float32(a + b), float32(2.0) * float32(a - b)
    for run in range(runs.shape[0]):
        first, last, m = runs[run, 0], runs[run, 1], runs[run, 2]
        for i in range(0, m, N_LANES):
            p, q = first + i, last - i - (N_LANES - 1)
            a, b = load(re, x + p), load(im, x + p)
            e, f = load_reversed(re, x + q), load_reversed(im, x + q)
            c, d = turn_back(b + f, e - a, load(cosines, p), load(sines, p))
            a, b = a + e, b - f
            store_reversed(out_re, at + q, a - c)
            store_reversed(out_im, at + q, d - b)
            store(out_re, at + p, a + c)  # last, and right, where the run is its own mirror image
            store(out_im, at + p, b + d)


@folded
def merge_row(re, im, at, out_re, out_im, x, kind, runs, cosines, sines):
    """The inverse of `split_row` but for a factor 4."""
    a0, a1, b0, b1 = load(re, at), load(re, at + N_LANES), load(im, at), load(im, at + N_LANES)
    e0, e1 = mirror_head(a0, a1, kind)
    f0, f1 = mirror_head(b0, b1, kind)
    c, d = merge_wave(a0, b0, e0, f0, load(cosines, 0), load(sines, 0))
    store(out_re, x, c)
    store(out_im, x, d)
    if kind == 2:
        c, d = merge_wave(a1, b1, e1, f1, load(cosines, N_LANES), load(sines, N_LANES))
        store(out_re, x + N_LANES, c)
        store(out_im, x + N_LANES, d)
    a, b = re[at], im[at]
    out_re[x], out_im[x] = float32(a + b), float32(a - b)
    for run in range(runs.shape[0]):
        first, last, m = runs[run, 0], runs[run, 1], runs[run, 2]
        for i in range(0, m, N_LANES):
            p, q = first + i, last - i - (N_LANES - 1)
            a, b = load(re, at + p), load(im, at + p)
            e, f = load_reversed(re, at + q), load_reversed(im, at + q)
            c, d = turn_forth(a - e, b + f, load(cosines, p), load(sines, p))
            a, b = a + e, b - f
            store_reversed(out_re, x + q, a + d)
            store_reversed(out_im, x + q, c - b)
            store(out_re, x + p, a - d)
            store(out_im, x + p, b + c)


@folded
def write_row(re, im, x, even, odd, n, R, shift, scale, field):
    """Site fields scale (shift + h) of a row."""
    if R == 1:
        a, b = spread(float32(scale * shift)), spread(scale)
        for i in range(0, n, N_LANES):
            store(field, even + i, a + b * load(re, x + i))
            store(field, odd + i, a + b * load(im, x + i))
    else:
        a, b = float32(scale * shift), scale
        for i in range(n):
            field[even + i * R] = float32(a + b * re[x + i])
            field[odd + i * R] = float32(a + b * im[x + i])


@folded
def fill_row(even, odd, n, R, value, field):
    """The same site field for a whole row."""
    if R == 1:
        a = spread(value)
        for i in range(0, n, N_LANES):
            store(field, even + i, a)
            store(field, odd + i, a)
    else:
        for i in range(n):
            field[even + i * R], field[odd + i * R] = value, value
