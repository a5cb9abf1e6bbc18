"""Energy of long-range pair terms for the swaps of replica exchange, in about the time of half a sweep.

Transforms are in single precision, as those of the fields; their squares are added up in double precision, and the
uniform mode, which weighs most, comes from the running sums. The energies that are reported are those of
`PairTerms.energies`, in double precision throughout.
"""

import numpy as np
import numpy.typing as npt
from scipy import fft

from mcsco import units
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.jit import kernel
from mcsco.engine.waves import read_theta


@kernel()
def mode_sums(modes, J, out):
    """−½ Σ_k θ*_k J θ_k of every lane; `modes` (components, R, K, 2), `J` (1 or 3, K), `out` (R,)."""
    n_waves = modes.shape[2]
    for r in range(modes.shape[1]):
        total = 0.0
        for k in range(n_waves):
            a, b = modes[0, r, k, 0], modes[0, r, k, 1]
            total += J[0, k] * (a * a + b * b)
            if modes.shape[0] == 2:
                c, d = modes[1, r, k, 0], modes[1, r, k, 1]
                total += J[1, k] * (a * c + b * d) + J[2, k] * (c * c + d * d)
        out[r] = -0.5 * total


class PairEnergies:
    """H of the pair terms at zero pressure and field of every lane of a batch.

    Parameters
    ----------
    batch : FieldBatch
    """

    def __init__(self, batch: FieldBatch) -> None:
        self.batch, pairs = batch, batch.pairs
        shape = batch.model.lattice.shape
        self.N, n_columns = batch.model.lattice.n_sites, shape[-1]
        J = pairs.J / units.KELVIN
        self.J_0 = J[(0,) * len(shape)].copy()
        J[(0,) * len(shape)] = 0.0
        self.components = [p for p in range(2 if batch.three else 1) if np.any(J[..., p, :])]
        half = J[..., : n_columns // 2 + 1, :, :] * 2.0  # a wave and its mirror image
        half[..., 0, :, :] *= 0.5
        if n_columns % 2 == 0:
            half[..., -1, :, :] *= 0.5
        both = len(self.components) == 2
        table = [((0, 0), 1.0), ((0, 1), 2.0), ((1, 1), 1.0)] if both else [((p, p), 1.0) for p in self.components]
        self.J = np.array([(factor / self.N * half[..., p, q]).ravel() for (p, q), factor in table])
        # What n and u of a molecule cost apart from the waves: u² = n and n u = u for three states.
        S, linear = pairs.S / units.KELVIN, pairs.linear / units.KELVIN
        self.of_n = 0.5 * (S[0, 0] + S[1, 1] * batch.three) + linear[0]
        self.of_u = (S[0, 1] + linear[1]) * batch.three
        self.constant = self.N * pairs.constant / units.KELVIN
        layout = batch.layout
        size = (batch.n_replicas, layout.n_rows, layout.n_columns)
        self.theta = np.zeros((2 if batch.three else 1, *size), dtype=np.float32)
        self.waves = np.zeros(batch.n_replicas)

    def __call__(self) -> npt.NDArray[np.float64]:
        """In K, shape (R,)."""
        batch = self.batch
        n, u = batch.running.T.astype(np.float64)
        u = u if batch.three else np.zeros_like(u)
        if self.components:
            read_theta(batch.packed, batch.real(), batch.geometry, self.theta)
            C, R, shape = len(self.components), batch.n_replicas, batch.model.lattice.shape
            theta = self.theta[self.components].reshape(C, R, *shape)
            axes = tuple(range(2, theta.ndim))
            modes = fft.rfftn(theta, axes=axes, workers=batch.threads)
            mode_sums(np.ascontiguousarray(modes).view(np.float32).reshape(C, R, -1, 2), self.J, self.waves)
        J = self.J_0
        uniform = (J[0, 0] * n**2 + 2.0 * J[0, 1] * n * u + J[1, 1] * u**2) / self.N
        energies: npt.NDArray[np.float64] = self.waves + self.of_n * n + self.of_u * u - 0.5 * uniform + self.constant
        return energies
