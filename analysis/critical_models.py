"""Models with known critical or tricritical points, how they are simulated, and what is known about them.

Energies are in units of a coupling of 100 K, temperatures in units of the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import (
    Displacive,
    Hold,
    InfiniteRange,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
    simulate,
)
from mcsco.meanfield import FiniteSize
from mcsco.observables import Curves, Reweighting, bimodality
from mcsco.units import KELVIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

Floats = npt.NDArray[np.float64]

UNIT = 100.0
"""Coupling, K."""
COUPLING = UNIT * KELVIN
"""The same in kJ/mol; 1 GPa adds 1 kJ/mol to Δ of the models with ΔV = 1 cm3/mol."""

ISING_CRITICAL = 2 / np.log(1 + np.sqrt(2))
BLUME_CAPEL = {"temperature": (0.6080, 0.0001), "field": (1.9660, 0.0001)}
"""Tricritical point of the square lattice, T_t and Δ_t with errors (DOI 10.1103/PhysRevE.92.022134)."""
MEAN_FIELD_TRICRITICAL = {"temperature": 1 / 3, "field": 2 / 3 * np.log(2)}
"""The same with infinite range: see `docs/finite_size.md`."""

BARRIER = 0.75
"""ε/K of the continuous distortions: well below T_c, so that u is far from ±1."""


class Sampling(NamedTuple):
    """How long a crystal is simulated."""

    extent: int
    sweeps: int
    """Per hold and replica."""
    every: int
    """Sweeps between measurements."""


def ising(extent: int) -> Model:
    """Plain spins without field: ΔH = 0 and ΔS = 0 make LS and HS equivalent."""
    return Model(Lattice((extent, extent)), SpinCrossover(0.0, 0.0), interactions=(NearestNeighbours(spin=COUPLING),))


def hybrid(extent: int, far: float = 1.0) -> Model:
    """Ising spins with neighbours J = 1 and −(A/2N)(Σσ)²: N Γ γ(1−γ) is that with Γ = 2A, but for a constant."""
    terms = (NearestNeighbours(spin=COUPLING), InfiniteRange(spin=2 * far * COUPLING))
    return Model(Lattice((extent, extent)), SpinCrossover(0.0, 0.0), interactions=terms)


def blume_capel(extent: int, delta: float) -> Model:
    """H = −K Σ u u' + Δ Σ u²: three states, ΔS = 0, neighbours."""
    return Model(
        Lattice((extent, extent)),
        SpinCrossover(delta * COUPLING, 0.0, 1.0),
        OrderDisorder(),
        (NearestNeighbours(distortion=COUPLING),),
    )


def blume_capel_infinite(extent: int, delta: float) -> Model:
    """H = −(K/2N)(Σu)² + Δ Σ u²."""
    return Model(
        Lattice((extent, extent)),
        SpinCrossover(delta * COUPLING, 0.0, 1.0),
        OrderDisorder(),
        (InfiniteRange(distortion=COUPLING),),
    )


def displacive(extent: int, barrier: float = BARRIER) -> Model:
    """H = ε Σ (u² − 1)² − K Σ u u' with real u: φ⁴, since a ΔH of −300 couplings leaves no molecule LS."""
    return Model(
        Lattice((extent, extent)),
        SpinCrossover(-300 * COUPLING, 0.0),
        Displacive(barrier * COUPLING, 0.0),
        (NearestNeighbours(distortion=COUPLING),),
    )


def hold_series(
    model: Model, conditions: Sequence[tuple[float, float]], how: Sampling, replicas: int = 32
) -> list[xr.Dataset]:
    """Equilibrium at (T, Δ − Δ_model); half of the replicas come from each phase."""
    holds = [
        Hold(T * UNIT, how.sweeps, measure_every=how.every, equilibration=how.sweeps // 5, pressure=delta * COUPLING)
        for T, delta in conditions
    ]
    return [
        simulate(model, holds, seed=2 * how.extent + k, replicas=replicas // 2, start=start, threads=1)
        for k, start in enumerate(("LS", "HS"))
    ]


def follow_line(
    make: object, delta: float, temperatures: Sequence[float], plan: Sequence[Sampling], path: Floats
) -> list[Reweighting]:
    """Crystals of growing size, each held on the transition line that the one before has found.

    Parameters
    ----------
    make : callable
        (extent, Δ) → `Model`.
    delta : float
        Δ of the models, and of the holds of the smallest crystal.
    temperatures : sequence of float
        Of the holds.
    plan : sequence of Sampling
    path : array, shape (point,)
        Values of Δ among which the line is sought.
    """
    found: list[Reweighting] = []
    line = np.full(len(temperatures), delta)
    for how in plan:
        conditions = [(T, at - delta) for T, at in zip(temperatures, line, strict=True)]
        data = hold_series(make(how.extent, delta), conditions, how)  # type: ignore[operator]
        found.append(Reweighting(data, seed=how.extent))
        places = [
            bimodality(found[-1], (path - delta) * COUPLING, "pressure", temperature=T * UNIT).at for T in temperatures
        ]
        line = delta + np.array(places) / COUPLING
    return found


def exact_curves(model: Model, temperature: npt.ArrayLike, pressure: npt.ArrayLike = 0.0) -> Curves:
    """Curves without statistical error of a model with couplings of infinite range, from sums over all states.

    Moments of |q| and q⁴, which these sums do not give, are NaN.
    """
    given = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (temperature, pressure)))
    T, P = (np.array(x) for x in given)
    found = [FiniteSize(model, pressure=p).averages(t) for t, p in zip(T, P, strict=True)]
    columns = {
        "energy": [a.energy for a in found],
        "energy2": [a.var_energy + a.energy**2 for a in found],
        "q": [a.q for a in found],
        "q2": [4 * a.var_gamma + a.q**2 for a in found],
        "q_abs": [np.nan] * T.size,
        "q4": [np.nan] * T.size,
        "eta": [a.eta for a in found],
        "eta_abs": [a.eta_abs for a in found],
        "eta2": [a.eta2 for a in found],
        "eta4": [a.eta4 for a in found],
    }
    moments = {name: np.array([values], dtype=np.float64) for name, values in columns.items()}
    dims = model.lattice.n_dimensions
    return Curves(model.lattice.n_sites, dims, T, P, np.zeros_like(T), moments, np.full(T.size, np.inf))


def strip_susceptibility(T: float, width: int = 12) -> float:
    """⟨(Σσ)²⟩/N of Ising spins with J = 1 on an infinite cylinder of a circumference, from its transfer matrix.

    The second derivative of ln λ with respect to a field; it converges to the square lattice as exp(−width/ξ).
    """
    index = np.arange(2**width)
    sigma = 2 * ((index[:, None] >> np.arange(width)) & 1) - 1
    ring = (sigma * np.roll(sigma, 1, axis=1)).sum(axis=1)
    total = sigma.sum(axis=1)
    along = np.array([[np.exp(1 / T), np.exp(-1 / T)], [np.exp(-1 / T), np.exp(1 / T)]])

    def log_largest(h: float) -> float:
        half = np.exp(0.5 * (ring / T + h * total))
        v, value = np.ones(2**width), 0.0
        for _ in range(400):
            w = (half * v).reshape((2,) * width)
            for axis in range(width):
                w = np.moveaxis(np.tensordot(along, w, axes=(1, axis)), 0, axis)
            u = half * w.ravel()
            before, value = value, float(np.linalg.norm(u))
            v = u / value
            if abs(value - before) < 1e-15 * value:
                break
        return float(np.log(value))

    d = 0.01
    f = {k: log_largest(k * d) for k in (-2, -1, 0, 1, 2)}
    second = (-f[2] + 16 * f[1] - 30 * f[0] + 16 * f[-1] - f[-2]) / (12 * d**2)
    return float(second / width)


def hybrid_critical(far: float = 1.0, width: int = 12) -> float:
    """T_c of the hybrid: A χ_SR(T) = 1 with χ_SR = ⟨(Σσ)²⟩/NT of the neighbours alone."""
    from scipy.optimize import brentq

    return float(brentq(lambda T: far * strip_susceptibility(T, width) / T - 1, 2.8, 4 + far, xtol=1e-7))


def well_nodes(barrier: float, T: float, n: int = 8) -> tuple[Floats, Floats]:
    """Gauss nodes and weights of the density exp[−ε(u² − 1)²/T] of one molecule, K = 1.

    From the recurrence of its orthogonal polynomials on a fine grid, as the eigenvectors of their Jacobi matrix
    (Golub and Welsch, DOI 10.1090/S0025-5718-69-99647-1).
    """
    from scipy.linalg import eigh_tridiagonal

    u = np.linspace(-4.0, 4.0, 4001)
    density = np.exp(-barrier * (u**2 - 1) ** 2 / T)
    density /= density.sum()
    beta, before, now = np.zeros(n), np.zeros_like(u), np.ones_like(u)
    for k in range(1, n):
        following = u * now - beta[k - 1] * before
        beta[k] = np.sqrt(density @ following**2)
        before, now = now, following / beta[k]
    nodes, vectors = eigh_tridiagonal(np.zeros(n), beta[1:])
    return nodes, vectors[0] ** 2


def strip_column(T: float, width: int, nodes: Floats, weights: Floats) -> Callable[[Floats], Floats]:
    """The symmetric transfer matrix of a cylinder of a circumference, as a function of a vector; K = 1.

    Parameters
    ----------
    T : float
    width : int
        Circumference; with 2 there are two bonds between the same two sites, as in `Lattice`.
    nodes, weights : array, shape (value,)
        Values of u and their weights: of `well_nodes`, or ±1 for Ising spins.
    """
    n = len(nodes)
    along, around = (np.exp(c * np.outer(nodes, nodes) / T) for c in (1.0, 0.5))
    half = np.ones((n,) * width)
    for k in range(width):
        half = half * np.sqrt(weights).reshape([n if axis == k else 1 for axis in range(width)])
        half = half * around.reshape([n if axis in (k, (k + 1) % width) else 1 for axis in range(width)])

    def column(v: Floats) -> Floats:
        w = half * v.reshape(half.shape)
        for axis in range(width):
            w = np.moveaxis(np.tensordot(along, w, axes=(1, axis)), 0, axis)
        return np.asarray((half * w).ravel())

    return column


def strip_correlation(T: float, width: int, nodes: Floats, weights: Floats) -> float:
    """Correlation length of u on an infinite cylinder: 1/ln(λ₀/λ₁); arguments as for `strip_column`."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    size = len(nodes) ** width
    operator = LinearOperator((size, size), matvec=strip_column(T, width, nodes, weights), dtype=np.float64)
    start = 1.0 + 0.1 * np.repeat(nodes, size // len(nodes))  # neither even nor odd in u
    second, first = eigsh(operator, k=2, which="LA", v0=start, tol=1e-10, return_eigenvectors=False)
    return float(1 / np.log(first / second))


def strip_critical(barrier: float = BARRIER, widths: Sequence[int] = (4, 5, 6, 7), n: int = 6) -> tuple[float, float]:
    """T_c of the square lattice of displacive molecules and its uncertainty, without simulation.

    Two strips have the same ξ/width at a temperature that tends to T_c (Nightingale, DOI 10.1016/0378-4371(75)90021-7)
    about as width⁻³ for the Ising class. The uncertainty is the whole last correction, from the widest pair to the
    limit: narrow strips do not follow the power yet. An infinite `barrier` means Ising spins.
    """
    from scipy.optimize import brentq

    def ratio(T: float, width: int) -> float:
        if np.isinf(barrier):
            return strip_correlation(T, width, np.array([-1.0, 1.0]), np.ones(2)) / width
        return strip_correlation(T, width, *well_nodes(barrier, T, n)) / width

    pairs = list(pairwise(widths))
    found = [float(brentq(lambda T, a=a, b=b: ratio(T, a) - ratio(T, b), 2.0, 4.0, xtol=1e-7)) for a, b in pairs]
    power = [(a + b) ** -3.0 for a, b in pairs]
    limits = [
        (x * q - y * p) / (q - p) for x, y, p, q in zip(found[:-1], found[1:], power[:-1], power[1:], strict=True)
    ]
    return limits[-1], abs(limits[-1] - found[-1])
