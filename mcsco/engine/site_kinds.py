"""Kinds of sites: what the n-fold way has to know of second centres, pins and dilution.

Sites that agree in all that is static, (ΔH_i, ln g_i, ΔV_i, sublattice, fixed or not), are of one kind. Empty sites
keep the code of a LS molecule (n = 0, u = 0). What σ = host in their place changes is static too, and exact: with
w = 1 + host, the fraction x of empty sites, D = w x and S = w (N_empty,a − N_empty,b)/N,

    ΔH_i  →  ΔH_i − 2 J w (empty neighbours) − 2 J_m w (empty partner) − Γ D ∓ Γ_s S   (− on a, + on b),
    K∞    →  K∞ + L D,

beside a constant energy. All other terms of H then read as in a crystal without empty sites.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError
from mcsco.model import Model, OrderDisorder
from mcsco.model.disorder import EMPTY, FREE, Sites

SWITCHING, TURNING, STILL = 0, 1, 2
"""What a molecule may do: everything, u → −u alone (pinned HS), nothing (pinned without distortion, LS, or empty)."""

MAX_KINDS = 64


class SiteKinds(NamedTuple):
    """The kinds of sites of a model, and the energy of what does not change."""

    of_site: npt.NDArray[np.int32]
    """Kind of every site, shape (N,)."""
    table: npt.NDArray[np.float64]
    """Shape (kinds, 5): ΔH in K with all shifts; ln g; ΔV in `unit_volume`; ±1 on the sublattices, 0 without Γ_s; and
    `SWITCHING`, `TURNING` or `STILL`."""
    signs: npt.NDArray[np.int64]
    """+1 on a and −1 on b, 0 without Γ_s, shape (N,)."""
    K_inf: float
    """K∞ with the shift, kJ/mol."""
    unit_volume: float
    """cm3/mol."""
    enthalpy: npt.NDArray[np.float64]
    """ΔH of every kind with all shifts, kJ/mol, shape (kinds,)."""
    frozen: tuple[float, float]
    """Energy of what never changes in kJ/mol, and what 1 GPa adds to it."""


class _Host(NamedTuple):
    """Empty sites and what they do to the others."""

    w: float
    empty: npt.NDArray[np.bool_]
    around: npt.NDArray[np.int64]
    """Empty neighbours of every site."""
    beside: npt.NDArray[np.int64]
    """Whether the partner of a site is empty, 0 or 1."""
    D: float
    S: float


def make_kinds(model: Model) -> SiteKinds:
    """Sort the sites of a model into kinds.

    Raises
    ------
    InputError
        If there are more than `MAX_KINDS`, as with a spread of ΔH.
    """
    _, _, _, K_inf, L = model.couplings
    sites = _sites(model)
    second, signs = _sublattices(model)
    host = _host(model, sites.kind == EMPTY)
    centres = [model.spin, model.spin if model.second is None else model.second]
    volumes = np.array([c.volume for c in centres])[second]
    costs = np.array([c.enthalpy for c in centres])[second] + sites.enthalpy + _shifts(model, host, signs)
    behaviour = _behaviour(model, sites)
    first, of_site = _sort(model, sites, host, behaviour)
    if len(first) > MAX_KINDS:
        raise InputError(
            f"model: its sites are of {len(first)} kinds, more than the {MAX_KINDS} that a protocol in seconds can "
            "tell apart; leave enthalpy_spread out, or choose a protocol in Monte Carlo steps"
        )
    kinds = behaviour[first]
    free = kinds == SWITCHING
    enthalpy = np.where(free, costs[first], 0.0)
    unit_volume = next((c.volume for c in centres if c.volume), 1.0)
    ln_g = np.array([c.ln_g for c in centres])[second[first]]
    columns = (enthalpy / units.KELVIN, ln_g, volumes[first] / unit_volume, signs[first])
    table = np.where(free[:, None], np.stack(columns, axis=1), 0.0)
    pinned_hs = sites.n == 1
    return SiteKinds(
        of_site=of_site.astype(np.int32),
        table=np.column_stack([table, kinds]),
        signs=signs,
        K_inf=K_inf + L * host.D,
        unit_volume=unit_volume,
        enthalpy=enthalpy,
        frozen=(
            float(costs[pinned_hs].sum()) + _constant(model, host),
            units.pressure_work(1.0, float(volumes[pinned_hs].sum())),
        ),
    )


def _sort(
    model: Model, sites: Sites, host: _Host, behaviour: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The first site of every kind, and the kind of every site, told apart by what causes the differences."""
    J_m, Gamma_s = model.sublattice_couplings
    two = model.second is not None or Gamma_s != 0
    static = np.stack(
        [
            behaviour,
            model.lattice.sublattice().ravel() * two,
            host.around * bool(model.couplings.J and host.w),
            host.beside * bool(J_m and host.w),
            sites.enthalpy,
        ],
        axis=1,
    ).astype(np.float64)
    static[behaviour != SWITCHING, 1:] = 0.0  # their spin state has no energy that a rate could depend on
    _, first, of_site = np.unique(static, axis=0, return_index=True, return_inverse=True)
    return first, of_site.ravel()


def _sites(model: Model) -> Sites:
    """The realisation of the disorder, flat; of a crystal without, all sites free."""
    if model.sites is not None:
        kind, n, enthalpy = model.sites
        return Sites(kind.ravel(), n.ravel(), enthalpy.ravel())
    N = model.lattice.n_sites
    return Sites(np.full(N, FREE, dtype=np.int8), np.zeros(N, dtype=np.int8), np.zeros(N))


def _sublattices(model: Model) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which sites are second centres (1), and which sign the coupling of the sublattices sees; shape (N,)."""
    index = model.lattice.sublattice().ravel().astype(np.int64)
    none = np.zeros_like(index)
    second = none if model.second is None else index
    return second, 1 - 2 * index if model.sublattice_couplings[1] else none


def _host(model: Model, empty: npt.NDArray[np.bool_]) -> _Host:
    lattice = model.lattice
    w = 1.0 + model.disorder.host if model.disorder is not None and empty.any() else 0.0
    around = empty[lattice.neighbours()].sum(axis=1)
    beside = empty[lattice.partners()].astype(np.int64)
    stagger = int((empty * (1 - 2 * lattice.sublattice().ravel().astype(np.int64))).sum())
    return _Host(w, empty, around, beside, w * float(empty.mean()), w * stagger / lattice.n_sites)


def _shifts(model: Model, host: _Host, signs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """What empty sites add to ΔH of every other site, kJ/mol, shape (N,)."""
    J_m, Gamma_s = model.sublattice_couplings
    J, _, Gamma, _, _ = model.couplings
    near: npt.NDArray[np.float64] = -2.0 * host.w * (J * host.around + J_m * host.beside)
    return near - Gamma * host.D - Gamma_s * host.S * signs


def _constant(model: Model, host: _Host) -> float:
    """Energy of the crystal of empty and LS sites beside what the couplings of their codes give, kJ/mol."""
    w, N = host.w, model.lattice.n_sites
    J_m, Gamma_s = model.sublattice_couplings
    J, _, Gamma, _, _ = model.couplings
    # Pairs of empty sites are counted from both ends.
    near = J * (w * host.around.sum() - w * w / 2 * host.around[host.empty].sum())
    inner = J_m * (w * host.beside.sum() - w * w / 2 * host.beside[host.empty].sum())
    return float(near + inner + N * (Gamma * (host.D / 2 - host.D**2 / 4) - Gamma_s / 4 * host.S**2))


def _behaviour(model: Model, sites: Sites) -> npt.NDArray[np.int64]:
    turning = (sites.n == 1) & isinstance(model.distortion, OrderDisorder)
    return np.where(sites.kind == FREE, SWITCHING, np.where(turning, TURNING, STILL))
