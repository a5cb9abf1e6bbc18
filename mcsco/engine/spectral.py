"""The draw of long-range fields in one piece: codes in, three passes over memory, site fields out.

For lattices whose extents are powers of two. A row is packed as z = (even columns) + i (odd columns), which is how
the lattice kernel stores it; the transforms of its two parts are separated in the row ("split") and joined on the way
back ("merge"), so that in between stands the half grid of a real transform, in digit-reversed order.

1. Rows, and the middle axis of three, plane by plane.
2. The first axis, blocks of `WIDTH` columns at a time in a buffer that stays in the cache: forward,
   θ_k → A (A θ_k + √T ξ_k) with A A = J'(k), and back.
3. The middle axis and the rows back, and the fields of the lattice kernel.

Column 0 of the half grid holds two real columns, k = 0 and k = n, as one complex number, so that its waves mix with
their mirror images; it takes a path of its own, the *strip*. Factors 1/2 of split and merge and the transforms'
normalisation are part of the tables. Numbers do not depend on the number of threads.
"""

from numba import float32, prange, uint32

from mcsco.engine.fourier import (
    backward_columns,
    backward_row,
    backward_step,
    forward_columns,
    forward_row,
    forward_step,
)
from mcsco.engine.fourier_lanes import N_LANES, folded, load, spread, store
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import WAVES, when
from mcsco.engine.spectral_rows import fill_row, merge_row, read_row, split_row, write_row
from mcsco.engine.waves import WAVE_BLOCK, fill_normals

WIDTH = 16
"""Columns that the second pass takes together: one cache line."""

_SPLIT_ROWS = 64
"""Columns of this length on are finished in quarters, which fit the first cache."""


@inlined
def forward_plane(s, v, begin, odd, stride, R, component, extents, row_tables, turns, work, strip, c, x, rows, room):
    """Pass 1 for plane x of component number c; its first even string is at `begin`."""
    L0, L1, n, row_stride, plane, _, _ = extents
    row_turns, cosines, sines, runs, kind = row_tables
    work_re, work_im = work
    strip_re, strip_im = strip
    row_re, row_im = rows
    at, here = (c * L0 + x) * plane, (c * L0 + x) * max(L1, N_LANES)
    for y in range(L1):
        even = begin + y * stride
        read_row(s, v, even, odd + even, n, R, component, row_re, row_im, room)
        z = forward_row(row_re, row_im, room, room + n, n, row_turns)
        split_row(row_re, row_im, z, work_re, work_im, at + y * row_stride, kind, runs, cosines, sines)
    forward_columns(work_re, work_im, at, row_stride, L1, L1, n, turns)
    for y in range(L1):
        strip_re[here + y], strip_im[here + y] = work_re[at + y * row_stride], work_im[at + y * row_stride]


@inlined
def backward_plane(
    begin, odd, stride, R, extents, row_tables, turns, work, strip, c, x, rows, room, shift, scale, field
):
    """Pass 3 for plane x of component number c: site fields scale (shift + h)."""
    L0, L1, n, row_stride, plane, _, _ = extents
    row_turns, cosines, sines, runs, kind = row_tables
    work_re, work_im = work
    strip_re, strip_im = strip
    row_re, row_im = rows
    at, here = (c * L0 + x) * plane, (c * L0 + x) * max(L1, N_LANES)
    for y in range(L1):
        work_re[at + y * row_stride], work_im[at + y * row_stride] = strip_re[here + y], strip_im[here + y]
    backward_columns(work_re, work_im, at, row_stride, L1, L1, n, turns)
    for y in range(L1):
        even = begin + y * stride
        merge_row(work_re, work_im, at + y * row_stride, row_re, row_im, room, kind, runs, cosines, sines)
        z = backward_row(row_re, row_im, room, room + n, n, row_turns)
        write_row(row_re, row_im, z, even, odd + even, n, R, shift, scale, field)


@folded
def draw_one(re, im, at, g, A, drawn, normals, noise):
    """θ_k → A (A θ_k + noise ξ_k) for `WAVE_BLOCK` waves at `at`; their table begins at g, their ξ at `normals`."""
    s = spread(noise)
    for i in range(0, WAVE_BLOCK, N_LANES):
        e = load(A, g + i)
        store(re, at + i, e * (e * load(re, at + i) + s * load(drawn, normals + i)))
        store(im, at + i, e * (e * load(im, at + i) + s * load(drawn, normals + WAVE_BLOCK + i)))


@folded
def draw_two(re, im, at, other, g, size, A, drawn, normals, noise):
    """The same for two components, at `at` and `other`; the tables nn, nu, uu are `size` apart."""
    s = spread(noise)
    for i in range(0, WAVE_BLOCK, N_LANES):
        nn, nu, uu = load(A, g + i), load(A, g + size + i), load(A, g + 2 * size + i)
        a, c = load(re, at + i), load(re, other + i)
        x, y = load(drawn, normals + i), load(drawn, normals + 2 * WAVE_BLOCK + i)
        a, c = nn * a + nu * c + s * x, nu * a + uu * c + s * y
        store(re, at + i, nn * a + nu * c)
        store(re, other + i, nu * a + uu * c)
        a, c = load(im, at + i), load(im, other + i)
        x, y = load(drawn, normals + WAVE_BLOCK + i), load(drawn, normals + 3 * WAVE_BLOCK + i)
        a, c = nn * a + nu * c + s * x, nu * a + uu * c + s * y
        store(im, at + i, nn * a + nu * c)
        store(im, other + i, nu * a + uu * c)


@inlined
def strip_noise(extents, noise, stream, xi, drawn, words):
    """√T ξ of the strip."""
    n_strip = extents[0] * extents[1]
    n_components = extents[5]
    where, c2, c3, k0, k1 = stream
    xi_re, xi_im = xi
    for first in range(0, n_strip, WAVE_BLOCK):
        fill_normals(drawn, words, first, where, c2, c3, k0, k1)
        for i in range(min(WAVE_BLOCK, n_strip - first)):
            for c in range(n_components):
                xi_re[c * n_strip + first + i] = noise * drawn[2 * c, i]
                xi_im[c * n_strip + first + i] = noise * drawn[2 * c + 1, i]


@inlined
def mix_strip(extents, tables, strip, xi, out):
    """Σ_q (α θ + β θ*) + (α' ξ + β' ξ*) of the strip, whose z = X(0) + i X(n) and z* is that of its mirror image.

    α = (J'(0) + J'(n))/2 and β = (J'(0) − J'(n))/2 for each pair of components, and so for the root.
    """
    L0, L1, n_components = extents[0], extents[1], extents[5]
    J_even, J_odd, A_even, A_odd, mirror_0, mirror_1 = tables
    strip_re, strip_im = strip
    xi_re, xi_im = xi
    out_re, out_im = out
    lane, n_strip = max(L1, N_LANES), L0 * L1
    for x in range(L0):
        for y in range(L1):
            z, z_far = x * lane + y, mirror_0[x] * lane + mirror_1[y]
            i, i_far = x * L1 + y, mirror_0[x] * L1 + mirror_1[y]
            for p in range(n_components):
                a, b = float32(0.0), float32(0.0)
                for q in range(n_components):
                    t, zq, iq = (p + q) * n_strip + i, q * L0 * lane, q * n_strip
                    a += J_even[t] * strip_re[zq + z] + J_odd[t] * strip_re[zq + z_far]
                    b += J_even[t] * strip_im[zq + z] - J_odd[t] * strip_im[zq + z_far]
                    a += A_even[t] * xi_re[iq + i] + A_odd[t] * xi_re[iq + i_far]
                    b += A_even[t] * xi_im[iq + i] - A_odd[t] * xi_im[iq + i_far]
                out_re[p * L0 * lane + z], out_im[p * L0 * lane + z] = a, b


@inlined
def draw_block(block, extents, turns, A, work, blocks, room, noise, stream, drawn, words, drawn_flat, normals):
    """Pass 2 for one block of columns."""
    L0, L1, n, row_stride, plane, n_components, _ = extents
    where, c2, c3, k0, k1 = stream
    work_re, work_im = work
    block_re, block_im = blocks
    per_row = n // WIDTH
    n_waves = L1 * per_row * L0 * WIDTH
    size = L0 * WIDTH
    part = size // 4 if L0 >= _SPLIT_ROWS else size
    rows = part // WIDTH
    chunks = size // WAVE_BLOCK
    calls = chunks if n_components == 2 else (chunks + 1) // 2
    at = block // per_row * row_stride + block % per_row * WIDTH
    for c in range(n_components):
        forward_step(
            work_re, work_im, at + c * L0 * plane, plane, block_re, block_im, room + c * size, WIDTH,
            L0, L0, WIDTH, turns,
        )  # fmt: skip
    for begin in range(0, size, part):
        for c in range(n_components):
            forward_columns(block_re, block_im, room + c * size + begin, WIDTH, rows, L0 // 4, WIDTH, turns)
        for chunk in range(begin // WAVE_BLOCK, (begin + part) // WAVE_BLOCK):
            here, g = room + chunk * WAVE_BLOCK, block * size + chunk * WAVE_BLOCK
            # One call makes the noise of two components, or of two chunks.
            call = chunk if n_components == 2 else chunk // 2
            if n_components == 2 or chunk % 2 == 0:
                fill_normals(drawn, words, (block * calls + call) * WAVE_BLOCK, where, c2, c3, k0, k1)
            if n_components == 2:
                draw_two(block_re, block_im, here, here + size, g, n_waves, A, drawn_flat, normals, noise)
            else:
                draw_one(block_re, block_im, here, g, A, drawn_flat, normals + chunk % 2 * 2 * WAVE_BLOCK, noise)
        for c in range(n_components):
            backward_columns(block_re, block_im, room + c * size + begin, WIDTH, rows, L0 // 4, WIDTH, turns)
    for c in range(n_components):
        backward_step(
            block_re, block_im, room + c * size, WIDTH, work_re, work_im, at + c * L0 * plane, plane,
            L0, L0, WIDTH, turns,
        )  # fmt: skip


def _draw(
    packed, real, geometry, extents, component, row_tables, turns, A, strip_tables, work, strip, buffers, normals,
    on_site, scales, noises, sweep, key, fields,
):  # fmt: skip
    """Site fields of every replica; see `SpectralFields` for the arguments."""
    n_rows, _, R, offset, stride, _, _ = geometry
    L0, L1, n, n_components, n_workers = extents[0], extents[1], extents[2], extents[5], extents[6]
    inward, xi, outward = strip
    rows, blocks = buffers
    all_drawn, drawn_flat, all_words = normals
    s, v = packed.reshape(-1), real.reshape(-1)
    k0, k1 = uint32(key[0]), uint32(key[1])
    c2, c3 = when(sweep, WAVES)
    odd, plane_stride = (n_rows + 1) * stride, L1 * stride
    n_blocks = L1 * (n // WIDTH)
    for r in range(R):
        noise, scale, begin = noises[r], scales[r], offset + r
        for worker in prange(n_workers):
            room = 2 * n * worker
            for x in range(L0 * worker // n_workers, L0 * (worker + 1) // n_workers):
                for c in range(n_components):
                    forward_plane(
                        s, v, begin + x * plane_stride, odd, stride, R, component + c, extents, row_tables, turns,
                        work, inward, c, x, rows, room,
                    )  # fmt: skip

        for c in range(n_components):
            lane = max(L1, N_LANES)
            forward_columns(inward[0], inward[1], c * L0 * lane, lane, L0, L0, lane, turns)
        strip_noise(extents, noise, (2 * r + 1, c2, c3, k0, k1), xi, all_drawn[0], all_words[0])
        mix_strip(extents, strip_tables, inward, xi, outward)
        for c in range(n_components):
            lane = max(L1, N_LANES)
            backward_columns(outward[0], outward[1], c * L0 * lane, lane, L0, L0, lane, turns)

        for worker in prange(n_workers):
            drawn, words = all_drawn[worker], all_words[worker]
            room = n_components * L0 * WIDTH * worker
            for block in range(n_blocks * worker // n_workers, n_blocks * (worker + 1) // n_workers):
                draw_block(
                    block, extents, turns, A, work, blocks, room, noise, (2 * r, c2, c3, k0, k1), drawn, words,
                    drawn_flat, 4 * WAVE_BLOCK * worker,
                )  # fmt: skip

        for worker in prange(n_workers):
            room = 2 * n * worker
            for x in range(L0 * worker // n_workers, L0 * (worker + 1) // n_workers):
                even = begin + x * plane_stride
                for p in range(2):
                    field, shift = fields[p], on_site[r, p]
                    c = p - component
                    sign = float32(2 * p - 1)  # s = 1 costs on_site[0] − h_n and gains on_site[1] + h_u
                    if c >= 0 and c < n_components:
                        backward_plane(
                            even, odd, stride, R, extents, row_tables, turns, work, outward, c, x, rows, room,
                            float32(sign * shift), float32(sign * scale), field,
                        )  # fmt: skip
                    else:
                        for y in range(L1):
                            at = even + y * stride
                            fill_row(at, odd + at, n, R, float32(scale * shift), field)


draw_serial = kernel()(_draw)
"""One thread; releases the GIL."""

draw_parallel = kernel(parallel=True)(_draw)
"""As many threads as there are workers; the same numbers."""
