"""Tables of sites that differ: what a kernel needs of second centres, sublattice couplings and disorder.

The code of an empty site is 0, as of a LS molecule, which acts as σ = −1 where the diluent acts as σ = σ_h. With x the
fraction of empty sites, D = (1 + σ_h) x, and e = 1 on empty sites, what the codes lack of the energy of
`mcsco.model.energy` is linear in n, but for constants:

    −J Σ σσ'           −2J(1 + σ_h) Σ n k + J(1 + σ_h) z N_e − J(1 + σ_h)² Σ ee',   k the number of empty neighbours,
    N Γ γ(1 − γ)       −Γ D Σ n + N Γ (D/2 − D²/4),
    −N L γ η²          −N L (D/2) η²,
    −J_m Σ σ_a σ_b     −2J_m(1 + σ_h) Σ n e' + J_m(1 + σ_h) N_e − J_m(1 + σ_h)² Σ ee',   e' of the partner,
    −N (Γ_s/4) δ²      ∓Γ_s S Σ n − N Γ_s S²/4,   S = (1 + σ_h)(N_e,a − N_e,b)/N, minus on the first sublattice.

So no kernel has to know σ_h: all of it stands in the energy that n = 1 costs at a site.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.model import Model, OrderDisorder
from mcsco.model.disorder import EMPTY, FREE


class SiteTables(NamedTuple):
    """Arrays of shape (N,), sites in C order; energies in kJ/mol and apart from couplings between molecules."""

    enthalpy: npt.NDArray[np.float64]
    """What n = 1 costs at no pressure, with all that empty sites add to it."""
    ln_g: npt.NDArray[np.float64]
    work: npt.NDArray[np.float64]
    """What 1 GPa adds to it."""
    kind: npt.NDArray[np.int8]
    """FREE, PINNED or EMPTY of `mcsco.model.disorder`."""
    sign: npt.NDArray[np.int8]
    """+1 on the first sublattice, −1 on the second; 0 where there are none."""
    partner: npt.NDArray[np.int32]
    """The other centre of the molecule; the site itself where molecules have one centre."""
    K_inf: float
    """K∞ with what empty sites add to it, kJ/mol."""
    constant: float
    """Of the whole lattice."""


def site_tables(model: Model) -> SiteTables:
    """The tables of a model without long-range terms; of uniform models too."""
    lattice, N = model.lattice, model.lattice.n_sites
    J, _, Gamma, K_inf, L = model.couplings
    J_m, Gamma_s = model.sublattice_couplings
    has_two = lattice.has_sublattices
    sign = (1 - 2 * lattice.sublattice().ravel() if has_two else np.zeros(N)).astype(np.int8)
    partner = lattice.partners() if model.second is not None else np.arange(N, dtype=np.int32)
    centres = np.where(sign < 0, 1, 0) if model.second is not None else np.zeros(N, dtype=np.int64)
    table = np.array(
        [
            [spin.enthalpy, spin.ln_g, units.pressure_work(1.0, spin.volume)]
            for spin in (model.spin, model.second or model.spin)
        ]
    )
    enthalpy, ln_g, work = table[centres].T.copy()
    enthalpy += 2.0 * J_m
    constant = -J_m * N / 2
    kind = np.zeros(N, dtype=np.int8)
    if model.sites is not None and model.disorder is not None:
        kind = model.sites.kind.ravel()
        empty = (kind == EMPTY).astype(np.float64)
        more = 1.0 + model.disorder.host
        around = empty[lattice.neighbours()].sum(axis=1)
        pairs = empty @ around / 2
        D, S = more * empty.mean(), more * float(empty @ sign) / N
        enthalpy += model.sites.enthalpy.ravel() - 2 * J * more * around - Gamma * D - Gamma_s * S * sign
        enthalpy -= 2 * J_m * more * empty[partner]
        K_inf += L * D
        constant += J * more * (lattice.coordination * empty.sum() - more * pairs) + N * Gamma * (D / 2 - D**2 / 4)
        constant += J_m * more * (empty.sum() - more * (empty @ empty[partner]) / 2) - N * Gamma_s * S**2 / 4
    return SiteTables(enthalpy, ln_g, work, kind, sign, partner, K_inf, constant)


def told_apart(
    model: Model,
    tables: SiteTables,
    n: npt.NDArray[np.float64],
    difference: npt.NDArray[np.int64],
    u: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What H differs by from that of equal sites, at no pressure and per GPa, in kJ/mol, each of shape (R,).

    From the occupations, shape (R, N), and from Σ±n and Σu, shape (R,).
    """
    N, (J_m, Gamma_s) = model.lattice.n_sites, model.sublattice_couplings
    own = n @ (tables.enthalpy - model.spin.enthalpy) + tables.constant
    own -= 2.0 * J_m * (n * n[:, tables.partner]).sum(axis=1)  # every pair of centres is met twice
    own -= Gamma_s / N * difference**2
    own -= (tables.K_inf - model.couplings.K_inf) / (2.0 * N) * u**2
    return own, n @ (tables.work - units.pressure_work(1.0, model.spin.volume))


def apply_sites(model: Model, codes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Codes (R, *lattice) in which empty sites are 0 and pinned molecules in their state; HS ones keep their u."""
    if model.sites is None:
        return codes
    sites = model.sites
    high = np.where(codes == 0, 1, codes) if isinstance(model.distortion, OrderDisorder) else np.ones_like(codes)
    fixed = np.where(sites.n == 1, high, 0)
    return np.ascontiguousarray(np.where(sites.kind == FREE, codes, fixed).astype(np.int8))


def molecules_of_sublattices(model: Model) -> npt.NDArray[np.int64]:
    """Numbers of molecules on the two sublattices, shape (2,)."""
    first = model.lattice.sublattice() == 0
    present = np.ones(model.lattice.shape, dtype=bool) if model.sites is None else model.sites.kind != EMPTY
    return np.array([np.sum(present & first), np.sum(present & ~first)])
