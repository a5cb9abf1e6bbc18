"""From the measurements in all windows to the surface: G(q, η) at every temperature, with bootstrap copies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.model import Model
from mcsco.observables.autocorrelation import statistical_inefficiency
from mcsco.observables.bins import Bins, histogram, make_bins
from mcsco.observables.chains import is_constant
from mcsco.observables.reweighting import Combined, combine
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.results import Variable
from mcsco.sampling.windows import Windows
from mcsco.units import KELVIN

log = logging.getLogger("mcsco")

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

UNITS = 16
"""Pieces of a window's measurements for the bootstrap, at least."""

PIECE = 10.0
"""Length of such a piece in 2τ, where there are enough measurements: pieces must not know of each other."""

PIECES = 64
"""Pieces of a replica, at most."""

FINE = 36
"""Molecules up to which every state has its own bin."""

BINS = 64

# Numbers in the table of biases: 1.6 GB.
_LARGEST = 2 * 10**8


class Samples(NamedTuple):
    """Measurements at one temperature, each of shape (window, replica, step)."""

    n: Integers
    """Σn."""
    u: Integers
    """Σu, with its sign."""
    energy: Floats
    """H per molecule without bias, kJ/mol."""


class States(NamedTuple):
    """The states that were seen at one temperature, and how often."""

    n: Integers
    u: Integers
    """|Σu| where the surface is folded."""
    energy: Floats
    """Mean of H per molecule, kJ/mol."""
    seen: Floats
    counts: Any
    """By independent unit, sparse, shape (U, S)."""
    unit: Integers
    """Window of every unit, shape (U,)."""


def find_states(samples: Samples, inefficiency: Floats, folded: bool, N: int) -> States:
    """Measurements of one state together; replicas are cut into pieces that are long against 2τ."""
    from scipy import sparse

    K, R, S = samples.n.shape
    u = np.abs(samples.u) if folded else samples.u
    keys, state = np.unique((samples.n * (2 * N + 1) + u + N).ravel(), return_inverse=True)
    pieces = np.minimum(np.clip(S / (PIECE * inefficiency), -(-UNITS // R), PIECES).astype(np.int64), S)
    first = np.cumsum(np.concatenate([[0], np.repeat(pieces, R)]))
    piece = np.arange(S) * np.repeat(pieces, R)[:, None] // S
    unit = (first[:-1, None] + piece).ravel()
    # Repeated entries add up.
    counts = sparse.csr_array((np.ones(state.size), (unit, state)), shape=(int(first[-1]), keys.size))
    count = np.bincount(state, minlength=keys.size).astype(np.float64)
    energy = np.bincount(state, samples.energy.ravel(), keys.size) / count
    return States(
        keys // (2 * N + 1),
        keys % (2 * N + 1) - N,
        energy,
        count,
        counts,
        np.repeat(np.arange(K), R * pieces),
    )


def inefficiencies(samples: Samples, folded: bool) -> Floats:
    """2τ of every window in measurements, of γ or of η (|η| if folded), whichever is slower, shape (K,)."""
    series = (samples.n.astype(np.float64), (np.abs(samples.u) if folded else samples.u).astype(np.float64))
    return np.array(
        [
            max(1.0 if is_constant(x[k]) else statistical_inefficiency(x[k]) for x in series)
            for k in range(len(samples.n))
        ]
    )


def first_guess(windows: Windows, samples: Samples, N: int, T: float) -> Floats:
    """f_k by integrating ∂f/∂γ0 = −(N k_γ/RT)(⟨γ⟩ − γ0), and the same along η0, from window to window."""
    beta = N / (T * KELVIN)
    mean_gamma = samples.n.mean(axis=(1, 2)) / N
    mean_eta = (np.abs(samples.u) if windows.folded else samples.u).mean(axis=(1, 2)) / N
    force = [
        -beta * windows.k_gamma * (mean_gamma - windows.gamma),
        -beta * windows.k_eta * (mean_eta - windows.eta),
    ]
    f = np.zeros(windows.gamma.size)
    centres = np.stack([windows.gamma, windows.eta])
    for k in range(1, f.size):
        # The one before in the same row of the grid, or the nearest in the row before.
        distance = np.abs(centres[:, :k] - centres[:, k : k + 1])
        parent = int(np.argmin(distance[0] * 1e3 + distance[1])) if k else 0
        for along in range(2):
            step = centres[along, k] - centres[along, parent]
            f[k] += 0.5 * (force[along][k] + force[along][parent]) * step
        f[k] += f[parent]
    return f


class Surface(NamedTuple):
    """G(q, η) at one temperature, kJ/mol."""

    G: Floats
    copies: Floats
    seen: Integers
    energy: Floats
    overlap: Floats
    inefficiency: Floats
    remark: str


def bins_of(protocol: FreeEnergySurface, model: Model, folded: bool) -> tuple[Bins, Bins]:
    """Bins of Σn and of Σu."""
    N = model.lattice.n_sites
    given = protocol.bins if isinstance(protocol.bins, tuple) else (None, None) if N <= FINE else (BINS, BINS)
    if model.distortion is None:
        return make_bins(N, given[0], 0), Bins(0, 0)
    return make_bins(N, given[0], 0), make_bins(N, given[1], 0 if folded else -N)


def one_surface(
    samples: Samples, bins: tuple[Bins, Bins], bias_of: Callable[[Floats, Floats], Floats], f: Floats,
    folded: bool, N: int, T: float, n_copies: int, seed: int,
) -> Surface:  # fmt: skip
    """Combine the measurements at one temperature; `bias_of` gives U/RT of states (γ, η) in every window."""
    inefficiency = inefficiencies(samples, folded)
    states = find_states(samples, inefficiency, folded, N)
    K = samples.n.shape[0]
    if K * states.n.size > _LARGEST:
        raise InputError(
            f"windows: {K} windows with {states.n.size} states are too many to combine; give fewer windows, or shorter "
            "runs"
        )
    combined = combine(
        bias_of(states.n / N, states.u / N), states.counts, states.unit, 1.0 / inefficiency, f, n_copies, seed
    )
    per_bin = histogram(*bins, states.n, states.u, np.exp(combined.log_p))
    RT = T * KELVIN
    with np.errstate(divide="ignore", invalid="ignore"):
        G = -RT / N * np.log(per_bin)
        copies = np.stack([-RT / N * np.log(histogram(*bins, states.n, states.u, np.exp(p))) for p in combined.copies])
        energy = histogram(*bins, states.n, states.u, np.exp(combined.log_p) * states.energy) / per_bin
    lowest = G.min()
    unseen = np.isinf(G)
    G[unseen], energy[unseen] = np.nan, np.nan
    copies[np.isinf(copies)] = np.nan
    count = np.ceil(histogram(*bins, states.n, states.u, states.seen)).astype(np.int64)
    neighbours = combined.overlap - np.diag(np.diag(combined.overlap))
    return Surface(
        G - lowest, copies - lowest, count, energy, neighbours.max(axis=1, initial=0.0), inefficiency,
        _remark(combined, samples, inefficiency, T),
    )  # fmt: skip


def _remark(combined: Combined, samples: Samples, inefficiency: Floats, T: float) -> str:
    """What is wrong with the measurements at one temperature, or nothing."""
    remarks = []
    if not combined.linked:
        remarks.append("windows without overlap: give more windows, or a softer spring")
    _, R, S = samples.n.shape
    short = int(np.count_nonzero(25 * inefficiency > R * S))
    if short:
        remarks.append(f"{short} windows with fewer than 25 independent measurements: run longer")
    return f"{T:g} K: {', '.join(remarks)}" if remarks else ""


def make_surface(
    model: Model,
    protocol: FreeEnergySurface,
    windows: Windows,
    samples: list[Samples],
    seed: int,
    tables: Sequence[Floats] = (),
) -> tuple[dict[str, Variable], dict[str, Variable], list[str]]:
    """Variables and coordinates of the surface at all temperatures, and remarks on it.

    `tables` are log2 weights of N_HS that the walkers at each temperature were under, if it is no umbrella sampling.
    """
    N = model.lattice.n_sites
    bins = bins_of(protocol, model, windows.folded)
    biases = [partial(windows.reduced, N=N, T=T) for T in protocol.temperatures]
    if tables:
        biases = [partial(_from_table, table) for table in tables]
    surfaces = [
        one_surface(
            part, bins, bias, first_guess(windows, part, N, T), windows.folded, N, T, protocol.bootstrap, seed,
        )
        for T, part, bias in zip(protocol.temperatures, samples, biases, strict=True)
    ]  # fmt: skip
    variables, coordinates = surface_variables(surfaces, protocol, bins, N)
    about = {
        "window_gamma": (windows.gamma, "centre of the window along γ", "1"),
        "window_eta": (windows.eta, "centre of the window along η", "1"),
    }
    coordinates |= {
        name: (("window",), x, {"long_name": text, "units": unit}) for name, (x, text, unit) in about.items()
    }
    remarks = [s.remark for s in surfaces if s.remark]
    for remark in remarks:
        log.warning("free-energy surface, %s", remark)
    return variables, coordinates, remarks


def _from_table(table: Floats, gamma: Floats, eta: Floats) -> Floats:
    """U/RT of states by their N_HS, shape (1, S)."""
    return np.asarray(table[np.rint(gamma * (table.size - 1)).astype(np.int64)] * np.log(2.0))[None]


def surface_variables(
    surfaces: list[Surface], protocol: FreeEnergySurface, bins: tuple[Bins, Bins], N: int
) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """The contract of the dataset: see `FreeEnergySurface`."""
    G, copies, seen, energy, overlap, inefficiency = (
        np.stack(parts) for parts in list(zip(*surfaces, strict=True))[:-1]
    )
    copies = copies.swapaxes(0, 1)
    enough = np.isfinite(copies).mean(axis=0) >= 0.9
    error = np.full(G.shape, np.nan)
    if enough.any():
        error[enough] = np.nanstd(copies[:, enough], axis=0, ddof=1)
    on = ("temperature", "q", "eta")
    variables: dict[str, Variable] = {
        "free_energy": (on, G, {"long_name": "free energy G(q, η) per molecule", "units": "kJ/mol"}),
        "free_energy_error": (on, error, {"long_name": "standard error of the free energy", "units": "kJ/mol"}),
        "free_energy_bootstrap": (
            ("bootstrap", *on), copies, {"long_name": "bootstrap copies of the free energy", "units": "kJ/mol"},
        ),
        "count": (on, seen, {"long_name": "measurements in the bin", "units": "1"}),
        "energy": (on, energy, {"long_name": "mean energy H per molecule in the bin", "units": "kJ/mol"}),
        "window_overlap": (
            ("temperature", "window"), overlap, {"long_name": "largest overlap with another window", "units": "1"},
        ),
        "window_inefficiency": (
            ("temperature", "window"), inefficiency, {"long_name": "2τ in measurements", "units": "1"},
        ),
    }  # fmt: skip
    of_n, of_u = bins
    coordinates: dict[str, Variable] = {
        "temperature": (("temperature",), np.array(protocol.temperatures), {"long_name": "temperature", "units": "K"}),
        "q": (("q",), 2 * of_n.centres / N - 1, {"long_name": "q = 2γ − 1, centre of the bin", "units": "1"}),
        "eta": (("eta",), of_u.centres / N, {"long_name": "η, centre of the bin", "units": "1"}),
        "q_bounds": (("q", "bound"), 2 * of_n.edges / N - 1, {"long_name": "edges of the bin", "units": "1"}),
        "eta_bounds": (("eta", "bound"), of_u.edges / N, {"long_name": "edges of the bin", "units": "1"}),
    }
    return variables, coordinates
