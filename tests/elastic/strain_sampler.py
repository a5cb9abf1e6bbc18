"""An independent sampler of elastic models: it draws the strain field itself, and lets molecules answer to its stress.

Given the molecules, displacements and shape of the crystal are Gaussian,

    w_k = −i a_k / |k|,   a_k = Ω(k̂)·σ⁰_k·k̂ + i √(T/V0) Ω^{1/2} ξ_k,   ε̄ ~ N(⟨ε⁰⟩ + C⁻¹:σ_ext, T C⁻¹/(N V0)),

so that ε_k = sym(k̂ a_k); given the strain, a molecule sees the projections τ^p = V0 ε^p:C:ε of the local stress and its
own elastic energy ½ θ·S θ. Nothing of J(k) enters. All in kelvin, three states a site, on lattices without Nyquist
wavevectors; neighbours are updated in three colours, so that both extents must be multiples of 3.
"""

import numpy as np

from mcsco.units import GPA_A3, KELVIN


class StrainSampler:
    """Many replicas of a model with one `Elasticity`, nearest neighbours and nothing else; codes (R, L_y, L_x) of u."""

    def __init__(self, model, elasticity, codes, temperature, rng):
        self.codes, self.T, self.rng = codes.astype(np.int64), temperature, rng
        shape = model.lattice.shape
        assert all(extent % 6 == 3 for extent in shape)
        self.C = elasticity.stiffness_tensor(2)
        self.unit = elasticity.site_volume * GPA_A3 / KELVIN  # K per GPa
        self.strains = np.array([elasticity.strain(2, of) for of in ("spin", "distortion")])
        self.stress = elasticity.external_stress(2)
        self.S = self.unit * np.einsum("pij,ijkl,qkl->pq", self.strains, self.C, self.strains)
        spin = model.spin
        self.up = spin.enthalpy / KELVIN - temperature * spin.ln_g
        self.J_nn, self.K_nn = (x / KELVIN for x in model.couplings[:2])
        k = np.stack(np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")[::-1], axis=-1)
        norm = np.linalg.norm(k, axis=-1, keepdims=True)
        norm[0, 0] = 1.0
        self.k = k / norm
        acoustic = np.einsum("yxa,aijb,yxb->yxij", self.k, self.C, self.k)
        acoustic[0, 0] = np.eye(2)
        self.Omega = np.linalg.inv(acoustic)
        self.root = np.linalg.cholesky(self.Omega)
        self.root[0, 0] = 0.0
        flat = [(0, 0), (1, 1), (0, 1)]
        self.voigt = np.array([[self.C[a + b] for b in flat] for a in flat])
        self.colour = np.indices(shape).sum(axis=0) % 3

    def draw_strain(self):
        """ε at every site, shape (R, L_y, L_x, 2, 2)."""
        n, u = self.codes**2, self.codes
        R, *shape = n.shape
        N = n[0].size
        eigenstrain = n[..., None, None] * self.strains[0] + u[..., None, None] * self.strains[1]
        waves = np.fft.fftn(np.einsum("ijkl,ryxkl->ryxij", self.C, eigenstrain), axes=(1, 2))
        force = np.einsum("ryxij,yxj->ryxi", waves, self.k)
        white = np.fft.fftn(self.rng.normal(size=(R, *shape, 2)), axes=(1, 2))  # |.|² = N
        a = np.einsum("yxij,ryxj->ryxi", self.Omega, force)
        a = a + 1j * np.sqrt(self.T / self.unit) * np.einsum("yxij,ryxj->ryxi", self.root, white)
        a[:, 0, 0] = 0.0
        gradient = np.einsum("yxi,ryxj->ryxij", self.k, a)
        strain = np.fft.ifftn((gradient + np.swapaxes(gradient, -1, -2)) / 2, axes=(1, 2))
        assert np.abs(strain.imag).max() < 1e-10
        # components (11, 22, 2·12) of the homogeneous strain
        compliance = np.linalg.inv(self.voigt)
        mean = eigenstrain.mean(axis=(1, 2))
        mean = np.stack([mean[:, 0, 0], mean[:, 1, 1], 2 * mean[:, 0, 1]], axis=1)
        mean = mean + compliance @ [self.stress[0, 0], self.stress[1, 1], self.stress[0, 1]]
        noise = np.linalg.cholesky(compliance * self.T / (N * self.unit)) @ self.rng.normal(size=(3, R))
        e11, e22, e12 = mean.T + noise
        homogeneous = np.stack([np.stack([e11, e12 / 2], -1), np.stack([e12 / 2, e22], -1)], -1)
        return strain.real + homogeneous[:, None, None]

    def sweep(self):
        """Draw the strain, then every molecule by heat bath."""
        stress = np.einsum("ijkl,ryxkl->ryxij", self.C, self.draw_strain())
        tau_n, tau_u = self.unit * np.einsum("pij,ryxij->pryx", self.strains, stress)
        S = self.S
        for colour in range(3):
            n, u = self.codes**2, self.codes
            around_n, around_u = (sum(np.roll(x, s, axis) for axis in (1, 2) for s in (1, -1)) for x in (n, u))
            energy = [
                n_new * (self.up - 2 * self.J_nn * (2 * around_n - 4))
                - u_new * self.K_nn * around_u
                + 0.5 * (S[0, 0] * n_new + 2 * S[0, 1] * u_new + S[1, 1] * n_new)
                - tau_n * n_new
                - tau_u * u_new
                for u_new, n_new in ((-1, 1), (0, 0), (1, 1))
            ]
            weight = np.exp(-(np.stack(energy) - np.min(energy, axis=0)) / self.T)
            below = np.cumsum(weight, axis=0) / weight.sum(axis=0)
            drawn = (self.rng.random(n.shape) > below[:2]).sum(axis=0) - 1
            self.codes = np.where(self.colour == colour, drawn, self.codes)
