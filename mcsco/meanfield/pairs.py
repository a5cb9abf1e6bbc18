"""Independent pairs of sites in fields: the part of a two-sublattice mean field that is solved exactly.

A pair is one site of each sublattice; in a crystal with second centres it is a molecule, whose centres may be coupled.
With the order parameters x = (ν_a, ν_b, μ_a, μ_b) - HS molecules and Σu per site of each sublattice; the μ only with a
distortion - and fields t conjugate to them,

    W(t) = ⟨ln Σ_m exp(s_m − E_m/T + X_m·t)⟩,      x = ∇W,      V = ∇∇W,

the sum over the states m of a pair and the mean over the quenched disorder: missing and pinned sites, random ΔH. The
entropy at given x, with the energy of the pairs, is the Legendre transform W − t·x.

The mean over a normal distribution of ΔH is a sum at equidistant points. ln(1 + e^{y}) has its poles at ±iπ, so that
a step τ of ΔH/RT leaves an error exp(−2π²/τ): 2e-11 with τ = 0.8.
"""

from typing import NamedTuple

import numpy as np

from mcsco import units
from mcsco.meanfield.potential import Array
from mcsco.model import Model
from mcsco.model.site import OrderDisorder

STEP = 0.8
"""Step of ΔH in units of RT and of the spread."""
REACH = 8.3
"""Standard deviations that the sum goes to each side."""
MOST_NODES = 4001
MOST_NODES_COUPLED = 61
"""Nodes of the random ΔH of a site, and of one of two sites that are coupled."""
LS = 0
"""State of a site: 0 is LS, or nothing; 1 is HS, with a distortion 1 and 2 are its two variants."""


class SiteClass(NamedTuple):
    """Sites of one sublattice that are alike; energies in K."""

    share: float
    """Of all sites of the sublattice."""
    possible: tuple[bool, ...]
    """Which of the states of a site it can be in."""
    is_molecule: bool
    energy: float
    """Of HS."""
    ln_g: float


class Disordered(NamedTuple):
    """What pairs are made of, before a temperature says how finely a spread is resolved; energies in K."""

    classes: tuple[tuple[SiteClass, ...], tuple[SiteClass, ...]]
    """Of sublattices a and b."""
    spread: float
    """Standard deviation of ΔH."""
    host: float
    inner_J: float
    """Coupling −J σ_a σ_b of the two sites of a pair."""
    inner_K: float
    """Coupling −K u_a u_b of the two sites of a pair."""
    n_states: int
    """Of a site."""

    @property
    def is_coupled(self) -> bool:
        """Whether the two sites of a pair know of each other."""
        return bool(self.inner_J or self.inner_K)

    @property
    def shares(self) -> Array:
        """Molecules per site of either sublattice, shape (2,)."""
        return np.array([sum(c.share for c in classes if c.is_molecule) for classes in self.classes])


class Pairs(NamedTuple):
    """Pairs at one temperature: K kinds of them with M states and D order parameters."""

    weight: Array
    """Shape (K,); pairs without coupling are listed site by site, so that the sum is 1 or 2."""
    entropy: Array
    """s of every state in units of R, −inf where it is impossible; shape (K, M)."""
    energy: Array
    """E of every state in K, shape (K, M)."""
    X: Array
    """Order parameters of every state, shape (M, D)."""
    whole: Array
    """Whether both sites of a kind of pairs hold molecules, shape (K,)."""


class InFields(NamedTuple):
    """Pairs in fields t; a leading shape (n,) belongs to the fields."""

    W: Array
    x: Array
    """Shape (n, D)."""
    V: Array
    """Shape (n, D, D)."""
    energy: Array
    """⟨E⟩ per pair, K."""
    entropy: Array
    """Per pair, in units of R."""


def disordered_pairs(model: Model, pressure: float) -> Disordered:
    """The pairs of `model` at `pressure` in GPa; the mean over all realisations of its disorder."""
    kelvin = units.kelvin_from_kj_mol
    distorts = isinstance(model.distortion, OrderDisorder)
    states = 3 if distorts else 2
    disorder = model.disorder
    x, pins, spread, host = 0.0, (0.0, 0.0), 0.0, 0.0
    if disorder is not None:
        x, pins = disorder.dilution, (disorder.pinned_ls, disorder.pinned_hs)
        spread, host = kelvin(disorder.enthalpy_spread), disorder.host
    only_ls, only_hs = (True,) + (False,) * (states - 1), (False,) + (True,) * (states - 1)
    classes = []
    for centre in (model.spin, model.spin if model.second is None else model.second):
        energy = kelvin(centre.enthalpy + units.pressure_work(pressure, centre.volume))
        of_centre = (
            SiteClass(1 - x - sum(pins), (True,) * states, True, energy, centre.ln_g),
            SiteClass(pins[0], only_ls, True, energy, centre.ln_g),
            SiteClass(pins[1], only_hs, True, energy, centre.ln_g),
            SiteClass(x, only_ls, False, 0.0, 0.0),
        )
        classes.append(tuple(c for c in of_centre if c.share > 0))
    J, K = (model.couplings.J, model.couplings.K) if model.second is not None else (0.0, 0.0)
    inner = kelvin(model.sublattice_couplings[0] + J), kelvin(K)
    return Disordered((classes[0], classes[1]), spread, host, inner[0], inner[1], states)


class _Kinds(NamedTuple):
    """Every kind of site of one sublattice, spread included."""

    weight: Array  # (k,)
    entropy: Array  # (k, m)
    energy: Array  # (k, m)
    sigma: Array  # (k, m)
    is_molecule: Array  # (k,)


def pairs_at(given: Disordered, T: float) -> Pairs:
    """The pairs at `T` in K."""
    first, second = (_kinds(given, classes, T) for classes in given.classes)
    nothing = _nothing(given.n_states)
    if not given.is_coupled:
        halves = _product(given, first, nothing), _product(given, nothing, second)
        joined = [np.concatenate(parts) for parts in zip(*(half[:3] + half[4:] for half in halves), strict=True)]
        return Pairs(joined[0], joined[1], joined[2], halves[0].X, joined[3])
    return _product(given, first, second)


def in_fields(pairs: Pairs, t: Array, T: float) -> InFields:
    """Averages of the pairs in fields `t`, shape (n, D), at `T` in K."""
    level = pairs.entropy - pairs.energy / T + (t @ pairs.X.T)[:, None, :]  # (n, K, M)
    top = level.max(axis=-1, keepdims=True)
    p = np.exp(level - top)
    Z = p.sum(axis=-1, keepdims=True)
    p /= Z
    W = (top + np.log(Z))[..., 0] @ pairs.weight
    mean = p @ pairs.X  # (n, K, D)
    x = pairs.weight @ mean  # (n, D)
    # about the mean of every kind: nothing cancels where a state is almost certain
    off = (pairs.X[None, None] - mean[:, :, None, :]).reshape(len(t), -1, t.shape[1])  # (n, KM, D)
    p *= pairs.weight[:, None]
    flat = p.reshape(len(t), -1)
    V = (flat[:, :, None] * off).transpose(0, 2, 1) @ off
    energy = flat @ pairs.energy.ravel()
    return InFields(W, x, V, energy, W - (t * x).sum(axis=1) + energy / T)


def molecule_fractions(pairs: Pairs, t: Array, T: float) -> Array:
    """Fractions of LS-LS, HS-LS, LS-HS and HS-HS among the whole molecules in fields `t` of shape (D,), shape (4,)."""
    level = pairs.entropy - pairs.energy / T + pairs.X @ t
    p = np.exp(level - level.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    weight = pairs.weight * pairs.whole
    states = weight @ p / weight.sum()
    kind = (pairs.X[:, 0] + 2 * pairs.X[:, 1]).astype(int)
    return np.asarray(np.bincount(kind, states, minlength=4))


def _kinds(given: Disordered, classes: tuple[SiteClass, ...], T: float) -> _Kinds:
    columns: list[list[Array]] = [[], [], [], [], []]
    hs = np.arange(given.n_states) != LS
    for c in classes:
        free = all(c.possible)
        shift, weight = _nodes(given, T) if free and given.spread else (np.zeros(1), np.ones(1))
        possible = np.where(c.possible, 0.0, -np.inf)
        sigma = np.where(hs, 1.0, -1.0) if c.is_molecule else np.full(given.n_states, given.host)
        rows = (
            c.share * weight,
            np.broadcast_to(possible + hs * c.ln_g, (shift.size, given.n_states)),
            hs * (c.energy + shift[:, None]),
            np.broadcast_to(sigma, (shift.size, given.n_states)),
            np.full(shift.size, float(c.is_molecule)),
        )
        for column, row in zip(columns, rows, strict=True):
            column.append(row)
    return _Kinds(*(np.concatenate(column) for column in columns))


def _nodes(given: Disordered, T: float) -> tuple[Array, Array]:
    """Shifts of ΔH in K and their weights."""
    most = MOST_NODES_COUPLED if given.is_coupled else MOST_NODES
    wanted = int(np.ceil(REACH * max(given.spread / T, 1.0) / STEP))
    half = min(wanted, most // 2)
    z = np.linspace(-REACH, REACH, 2 * half + 1)
    weight = np.exp(-z * z / 2)
    return given.spread * z, weight / weight.sum()


def _nothing(n_states: int) -> _Kinds:
    """A sublattice without sites."""
    entropy = np.where(np.arange(n_states) == LS, 0.0, -np.inf)[None]
    zero = np.zeros((1, n_states))
    return _Kinds(np.ones(1), entropy, zero, zero, np.zeros(1))


def _product(given: Disordered, first: _Kinds, second: _Kinds) -> Pairs:
    """All pairs of a site of each sublattice, states of a pair in C order."""
    n_kinds, m = first.weight.size * second.weight.size, given.n_states

    def states(a: Array, b: Array) -> Array:  # (k_a, k_b, m_a, m_b)
        return a[:, None, :, None] + b[None, :, None, :]

    sigma = first.sigma[:, None, :, None] * second.sigma[None, :, None, :]
    u = np.array([0.0, 1.0, -1.0]) if m == 3 else np.zeros(2)
    inner = -given.inner_J * sigma - given.inner_K * np.outer(u, u)
    n = np.minimum(np.arange(m), 1).astype(np.float64)
    order = [n, u] if m == 3 else [n]
    columns = [column for x in order for column in (np.repeat(x, m), np.tile(x, m))]
    return Pairs(
        np.outer(first.weight, second.weight).ravel(),
        states(first.entropy, second.entropy).reshape(n_kinds, m * m),
        (states(first.energy, second.energy) + inner).reshape(n_kinds, m * m),
        np.stack(columns, axis=1),
        np.outer(first.is_molecule, second.is_molecule).ravel(),
    )
