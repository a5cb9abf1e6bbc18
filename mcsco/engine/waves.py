"""Kernels of the auxiliary fields that carry long-range interactions: noise in k-space, and the way there and back."""

from numba import float32, int8, int32, uint32, uint64

from mcsco.engine.elementary import log2, turn
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import WAVES, philox, when


@inlined
def normals(word_0, word_1):
    """Two independent normal deviates in single precision from two random words (Box and Muller)."""
    uniform = float32(float32(int32(word_0 >> uint32(1))) + float32(0.5))
    # −2 ln U with U = uniform / 2^31; rounding can make it a tiny negative number.
    square = float32(float32(1.3862943611198906) * float32(float32(31.0) - log2(uniform)))
    radius = float32(float32(max(square, float32(0.0))) ** float32(0.5))
    sine, cosine = turn(float32(float32(int32(word_1)) * float32(2.0**-32)))
    return float32(radius * cosine), float32(radius * sine)


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
def draw_waves(modes, J, root, noise, sweep, key):
    """Replace θ_k by J'(k) θ_k + √(T N) A(k) ξ_k, A A = J'; in place.

    `modes` has shape (components, R, K, 2), the last axis real and imaginary part; `J` and `root` have shape (3, K),
    the components nn, nu, uu (or one of them with K waves, if there is one component); `noise` = √(T N) has shape
    (R,). Of one counter's four words two serve each component.
    """
    n_components, n_replicas, n_waves = modes.shape[0], modes.shape[1], modes.shape[2]
    k0, k1 = uint32(key[0]), uint32(key[1])
    c2, c3 = when(sweep, WAVES)
    for r in range(n_replicas):
        scale = noise[r]
        if n_components == 2:
            first, second = modes[0, r], modes[1, r]
            J_nn, J_nu, J_uu = J[0], J[1], J[2]
            A_nn, A_nu, A_uu = root[0], root[1], root[2]
            for k in range(uint64(n_waves)):
                w0, w1, w2, w3 = philox(k, r, c2, c3, k0, k1)
                x0, y0 = normals(uint32(w0), uint32(w1))
                x1, y1 = normals(uint32(w2), uint32(w3))
                a, b, c, d = first[k, 0], first[k, 1], second[k, 0], second[k, 1]
                # Own part and noise of the n field, then of the u field.
                own, drawn = float32(J_nn[k] * a) + float32(J_nu[k] * c), float32(A_nn[k] * x0) + float32(A_nu[k] * x1)
                first[k, 0] = float32(own + float32(scale * drawn))
                own, drawn = float32(J_nn[k] * b) + float32(J_nu[k] * d), float32(A_nn[k] * y0) + float32(A_nu[k] * y1)
                first[k, 1] = float32(own + float32(scale * drawn))
                own, drawn = float32(J_nu[k] * a) + float32(J_uu[k] * c), float32(A_nu[k] * x0) + float32(A_uu[k] * x1)
                second[k, 0] = float32(own + float32(scale * drawn))
                own, drawn = float32(J_nu[k] * b) + float32(J_uu[k] * d), float32(A_nu[k] * y0) + float32(A_uu[k] * y1)
                second[k, 1] = float32(own + float32(scale * drawn))
        else:
            only, J_0, A_0 = modes[0, r], J[0], root[0]
            for k in range(uint64(n_waves)):
                w0, w1, _, _ = philox(k, r, c2, c3, k0, k1)
                x0, y0 = normals(uint32(w0), uint32(w1))
                only[k, 0] = float32(float32(J_0[k] * only[k, 0]) + float32(scale * float32(A_0[k] * x0)))
                only[k, 1] = float32(float32(J_0[k] * only[k, 1]) + float32(scale * float32(A_0[k] * y0)))


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
