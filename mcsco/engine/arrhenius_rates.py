"""Rates of the jumps of one molecule, as both kernels of activated dynamics use them.

With the molecule itself taken out of the sums, γ' = Σ'n/N and η' = Σ'u/N, a HS molecule with u = s costs

    E_s − E_LS = A + s B,
    A = ΔH + PΔV − 2J Σσ' + Γ(1 − 2γ' − 1/N) − K∞/2N − L(η'² + γ'/N + 1/N²),
    B = −h − K Σu' − K∞ η' − 2L η'(γ' + 1/N),

the difference of the energy of `mcsco.model.energy` written out, with sums over its neighbours marked by a prime. The
rates that follow stand in `mcsco.model.kinetics`. All energies here are in K.
"""

import math

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.jit import inlined
from mcsco.model.kinetics import Kinetics


def in_kelvin(kinetics: Kinetics) -> npt.NDArray[np.float64]:
    """(ln k∞, E_a, ln k_f, E_f) with k in 1/s and E in K."""
    flip_rate, flip_barrier = kinetics.of_flips
    slow = math.log(flip_rate) if flip_rate > 0 else -math.inf
    return np.array([math.log(kinetics.rate), kinetics.barrier / units.KELVIN, slow, flip_barrier / units.KELVIN])


@inlined
def far_energy(n_others, u_others, per_site, Gamma, K_inf, L):
    """What infinite-range couplings add to A and B, from Σ'n and Σ'u."""
    gamma, eta = n_others * per_site, u_others * per_site
    a = Gamma * (1.0 - gamma - gamma - per_site) - 0.5 * K_inf * per_site
    a -= L * (eta * eta + gamma * per_site + per_site * per_site)
    return a, -K_inf * eta - 2.0 * L * eta * (gamma + per_site)


@inlined
def largest_rate(T, work, h, ln_g, z, per_site, energies, barriers, three):
    """A bound on the rate at which any molecule in any configuration leaves its state, as a natural logarithm."""
    d_h, _, J, K, Gamma, K_inf, L = energies
    ln_k, E_a, ln_k_f, E_f = barriers
    spread = 2.0 * abs(J) * z + abs(Gamma) + 0.5 * abs(K_inf) * per_site
    A_low = d_h + work - spread - max(L, 0.0) * (1.0 + per_site)
    A_high = d_h + work + spread + max(-L, 0.0) * (1.0 + per_site)
    B_top = abs(h) + abs(K) * z + abs(K_inf) + 2.0 * abs(L) if three else 0.0
    two = math.log(2.0) if three else 0.0
    up = ln_k + ln_g + two - (E_a + 0.5 * (A_low - B_top)) / T
    down = ln_k - (E_a - 0.5 * (A_high + B_top)) / T
    flip = ln_k_f - (E_f - B_top) / T if three else -math.inf
    leave_hs = max(down, flip)
    leave_hs += math.log(math.exp(down - leave_hs) + math.exp(flip - leave_hs))
    return max(up, leave_hs)
