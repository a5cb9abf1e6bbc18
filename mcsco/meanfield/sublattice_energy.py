"""The energy that two sublattices have through their means, per pair of sites and in kelvin.

    E = 2 [Γ n(1−n) − (Γ_s/4)(n_a − n_b)² − (K∞/2) η² − L n η² − h η] − z' J m_a m_b − z' K η_a η_b

with the means over the lattice n_s = ν_s + x (1 + host)/2, n = (n_a + n_b)/2, m_s = 2 n_s − 1, η = (η_a + η_b)/2, and
the number z' of neighbours beyond those that a pair treats exactly: a site of one sublattice has all its neighbours on
the other.
"""

from typing import NamedTuple

import numpy as np

from mcsco import units
from mcsco.errors import InputError
from mcsco.meanfield.potential import Array
from mcsco.model import Displacive, Model


class SublatticeEnergy(NamedTuple):
    """Couplings of the means in K; a state x = (ν_a, ν_b[, μ_a, μ_b]) has the shape (n, D)."""

    Gamma: float
    Gamma_s: float
    zJ: float
    """z' J."""
    K: float
    """K∞."""
    zK: float
    """z' K."""
    L: float
    field: float
    diluent: float
    """x (1 + host)/2."""

    def value(self, x: Array) -> Array:
        """E, shape (n,)."""
        a, b, u, v = self._means(x)
        n, eta = (a + b) / 2, (u + v) / 2
        energy = 2 * self.Gamma * n * (1 - n) - self.Gamma_s / 2 * (a - b) ** 2
        energy -= self.zJ * (2 * a - 1) * (2 * b - 1) + self.zK * u * v
        return np.asarray(energy - (self.K + 2 * self.L * n) * eta**2 - 2 * self.field * eta)

    def gradient(self, x: Array) -> Array:
        """∂E/∂x, shape (n, D)."""
        a, b, u, v = self._means(x)
        n, eta = (a + b) / 2, (u + v) / 2
        common = self.Gamma * (1 - 2 * n) - self.L * eta**2
        spin = [
            common - self.Gamma_s * (a - b) - 2 * self.zJ * (2 * b - 1),
            common + self.Gamma_s * (a - b) - 2 * self.zJ * (2 * a - 1),
        ]
        force = -(self.K + 2 * self.L * n) * eta - self.field
        return np.stack([*spin, force - self.zK * v, force - self.zK * u][: x.shape[-1]], axis=-1)

    def hessian(self, x: Array) -> Array:
        """∂²E/∂x∂x, shape (n, D, D)."""
        a, b, u, v = self._means(x)
        D = x.shape[-1]
        H = np.zeros((*a.shape, D, D))
        H[..., 0, 0] = H[..., 1, 1] = -self.Gamma - self.Gamma_s
        H[..., 0, 1] = H[..., 1, 0] = -self.Gamma + self.Gamma_s - 4 * self.zJ
        if D == 4:
            mixed = -self.L * (u + v) / 2
            H[..., :2, 2:] = H[..., 2:, :2] = mixed[..., None, None]
            H[..., 2:, 2:] = (-self.K / 2 - self.L * (a + b) / 2)[..., None, None]
            H[..., 2, 3] -= self.zK
            H[..., 3, 2] -= self.zK
        return H

    @property
    def bound(self) -> float:
        """Largest curvature in K that the couplings can have in any direction."""
        spin = 2 * abs(self.Gamma) + 2 * abs(self.Gamma_s) + 4 * abs(self.zJ)
        return spin + abs(self.K) + abs(self.zK) + 6 * abs(self.L)

    def _means(self, x: Array) -> tuple[Array, Array, Array, Array]:
        zero = np.zeros(x.shape[:-1])
        u, v = (x[..., 2], x[..., 3]) if x.shape[-1] == 4 else (zero, zero)
        return x[..., 0] + self.diluent, x[..., 1] + self.diluent, u, v


def sublattice_energy(model: Model, field: float) -> SublatticeEnergy:
    """The couplings of `model` through means, with a `field` in kJ/mol."""
    J, K, Gamma, K_inf, L = model.couplings
    disorder = model.disorder
    beyond = model.lattice.coordination - (1 if model.second is not None else 0)
    kelvin = units.kelvin_from_kj_mol
    return SublatticeEnergy(
        Gamma=kelvin(Gamma),
        Gamma_s=kelvin(model.sublattice_couplings[1]),
        zJ=kelvin(beyond * J),
        K=kelvin(K_inf),
        zK=kelvin(beyond * K),
        L=kelvin(L),
        field=kelvin(field),
        diluent=0.0 if disorder is None else disorder.dilution * (1 + disorder.host) / 2,
    )


def check_model(model: Model) -> None:
    """Raise `InputError` unless `model` has a mean field of two sublattices."""
    if not isinstance(model, Model):
        raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('dinuclear')")
    if model.pair_terms is not None or isinstance(model.distortion, Displacive):
        raise InputError(
            "model: has elasticity, long-range pairs or a continuous distortion, which the mean field of two "
            "sublattices does not know; use a simulation"
        )
    if model.couplings.J < 0 and not model.lattice.has_sublattices:
        raise InputError(
            f"lattice shape = {model.lattice.shape}: negative couplings of neighbours order on two sublattices, which "
            "need even extents; change the odd ones"
        )
