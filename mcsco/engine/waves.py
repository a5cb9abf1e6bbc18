"""Kernels of the auxiliary fields that carry long-range interactions: noise in k-space, and the way there and back."""

import math

from numba import float32, int8, int32, uint32, uint64

from mcsco.engine.elementary import log2, turn
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import WAVES, philox, when

WAVE_BLOCK = 64
"""Waves whose noise is made together."""


@inlined
def fill_normals(drawn, first, where, c2, c3, k0, k1):
    """Two pairs of normal deviates for each of `WAVE_BLOCK` waves into `drawn`, shape (4, WAVE_BLOCK).

    Box and Muller in single precision (DOI 10.1214/aoms/1177706645). The four words of wave `first + i` are those of
    its own counter; uniform numbers have 31 bits, so that deviates end at 6.6 standard deviations.
    """
    a, b, c, d = drawn[0], drawn[1], drawn[2], drawn[3]
    for i in range(uint64(WAVE_BLOCK)):
        w0, w1, w2, w3 = philox(uint64(first) + i, where, c2, c3, k0, k1)
        # −2 ln U = 2 ln 2 (31 − log2 x) with U = x / 2^31; rounding can make it a tiny negative number.
        x0 = float32(float32(int32(w0 >> uint64(1))) + float32(0.5))
        x1 = float32(float32(int32(w2 >> uint64(1))) + float32(0.5))
        square_0 = float32(float32(1.3862943611198906) * float32(float32(31.0) - log2(x0)))
        square_1 = float32(float32(1.3862943611198906) * float32(float32(31.0) - log2(x1)))
        radius_0 = float32(math.sqrt(float32(max(square_0, float32(0.0)))))
        radius_1 = float32(math.sqrt(float32(max(square_1, float32(0.0)))))
        sine_0, cosine_0 = turn(float32(float32(int32(uint32(w1))) * float32(2.0**-32)))
        sine_1, cosine_1 = turn(float32(float32(int32(uint32(w3))) * float32(2.0**-32)))
        a[i], b[i] = float32(radius_0 * cosine_0), float32(radius_0 * sine_0)
        c[i], d[i] = float32(radius_1 * cosine_1), float32(radius_1 * sine_1)


@kernel()
def read_theta(packed, geometry, three, theta):
    """N and u of every site, as float32 of shape (2, R, rows, columns), or n alone of shape (1, ...)."""
    n_rows, n_columns, n_replicas, offset, _, _, _ = geometry
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        for row in range(n_rows):
            for r in range(n_replicas):
                for k in range(n_k):
                    s = packed[parity, row, offset + k * n_replicas + r]
                    theta[0, r, row, 2 * k + parity] = float32(s & int8(1))
                    if three:
                        theta[1, r, row, 2 * k + parity] = float32(s)


@kernel()
def draw_waves(modes, J, root, noise, sweep, key, drawn):
    """Replace θ_k by J'(k) θ_k + √(T N) A(k) ξ_k, A A = J'; in place.

    `modes` has shape (components, R, K, 2), the last axis real and imaginary part; `J` and `root` have shape (3, K),
    the components nn, nu, uu (or one of them alone, if there is one component); `noise` = √(T N) has shape (R,);
    `drawn`, shape (4, WAVE_BLOCK), is scratch.
    """
    n_components, n_replicas, n_waves = modes.shape[0], modes.shape[1], modes.shape[2]
    k0, k1 = uint32(key[0]), uint32(key[1])
    c2, c3 = when(sweep, WAVES)
    x0, y0, x1, y1 = drawn[0], drawn[1], drawn[2], drawn[3]
    for r in range(n_replicas):
        scale = noise[r]
        for block in range((n_waves + WAVE_BLOCK - 1) // WAVE_BLOCK):
            begin = block * WAVE_BLOCK
            n = uint64(min(WAVE_BLOCK, n_waves - begin))
            fill_normals(drawn, begin, r, c2, c3, k0, k1)
            if n_components == 2:
                p, q = modes[0, r, begin:], modes[1, r, begin:]
                J_nn, J_nu, J_uu = J[0, begin:], J[1, begin:], J[2, begin:]
                A_nn, A_nu, A_uu = root[0, begin:], root[1, begin:], root[2, begin:]
                for k in range(n):
                    a, b, c, d = p[k, 0], p[k, 1], q[k, 0], q[k, 1]
                    u, v, w = J_nn[k], J_nu[k], J_uu[k]
                    e, f, g = float32(scale * A_nn[k]), float32(scale * A_nu[k]), float32(scale * A_uu[k])
                    p[k, 0] = float32(float32(u * a + v * c) + float32(e * x0[k] + f * x1[k]))
                    p[k, 1] = float32(float32(u * b + v * d) + float32(e * y0[k] + f * y1[k]))
                    q[k, 0] = float32(float32(v * a + w * c) + float32(f * x0[k] + g * x1[k]))
                    q[k, 1] = float32(float32(v * b + w * d) + float32(f * y0[k] + g * y1[k]))
            else:
                p, J_0, A_0 = modes[0, r, begin:], J[0, begin:], root[0, begin:]
                for k in range(n):
                    e = float32(scale * A_0[k])
                    p[k, 0] = float32(float32(J_0[k] * p[k, 0]) + float32(e * x0[k]))
                    p[k, 1] = float32(float32(J_0[k] * p[k, 1]) + float32(e * y0[k]))


@kernel()
def write_fields(h_n, h_u, geometry, on_site, scale, field_n, field_u):
    """Site fields of the lattice kernel from the drawn ones (K, shape (R, rows, columns)).

    `on_site`, shape (R, 2), holds the terms that are the same everywhere; `scale`, shape (R,), is 1 / (T ln 2).
    """
    n_rows, n_columns, n_replicas, offset, stride, _, _ = geometry
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        for row in range(n_rows):
            at = (parity * (n_rows + 1) + row) * stride + offset
            for r in range(n_replicas):
                A, B, b = on_site[r, 0], on_site[r, 1], scale[r]
                for k in range(n_k):
                    field_n[at + k * n_replicas + r] = float32(b * float32(A - h_n[r, row, 2 * k + parity]))
                    field_u[at + k * n_replicas + r] = float32(b * float32(B + h_u[r, row, 2 * k + parity]))
