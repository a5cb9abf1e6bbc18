"""From simulated holds to averages and distributions at any condition between them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real
from mcsco.observables.autocorrelation import equilibrated_start
from mcsco.observables.curves import MOMENTS, Curves
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.holds import constant_runs
from mcsco.observables.multi_histogram import MIN_BLOCKS, Run, Weights, combine, make_run
from mcsco.units import KELVIN

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

RESAMPLES = 60
"""Bootstrap copies; the error of an error from 60 of them is 9 %."""
MAX_BINS = 48
TAIL = 1e-4
"""Weight outside the range of a distribution, at either end."""


class Distribution(NamedTuple):
    """Probability of a density at one condition."""

    x: Floats
    """Centres of the bins, shape (bin,); every bin holds the same number of possible values."""
    probability: Floats
    """Density of probability, shape (1 + copies, bin); the first row belongs to the data."""
    n_effective: float
    """Independent samples behind it."""


class Reweighting:
    """Everything that simulated holds of one crystal tell about the conditions between them.

    Parameters
    ----------
    datasets : xarray.Dataset, or several of one crystal
        What `mcsco.simulate` returned. Holds are used, ramps are not. Every hold loses its equilibration.
    resamples : int
        Bootstrap copies for the errors.
    seed : int
        Of the bootstrap.

    Raises
    ------
    InputError
        If there is no hold, the crystals differ, or the holds do not overlap.

    Notes
    -----
    Nothing is extrapolated: an average at a condition where fewer than 50 independent samples would remain is NaN.
    That a crystal never left a metastable phase cannot be seen from its series; start replicas in both phases.
    """

    def __init__(self, datasets: xr.Dataset | Iterable[xr.Dataset], resamples: int = RESAMPLES, seed: int = 0) -> None:
        several: list[xr.Dataset] = [datasets] if hasattr(datasets, "data_vars") else list(datasets)  # type: ignore[list-item]
        if not several:
            raise InputError("datasets = []: give at least one that mcsco.simulate returned")
        check_integer("resamples", resamples, minimum=0)
        self.n_sites, self.n_dimensions, self.volume = _crystal(several[0])
        if any(_crystal(d) != (self.n_sites, self.n_dimensions, self.volume) for d in several[1:]):
            raise InputError("datasets of different crystals: reweighting combines one; use finite_size for several")
        holds = [hold for dataset in several for hold in _holds(dataset, self.n_sites, self.volume)]
        holds.sort(key=lambda hold: hold[0])
        runs = [hold[1] for hold in holds]
        if not runs:
            raise InputError("datasets have no hold of 16 measurements: simulate Hold legs to reweight")
        self.conditions: tuple[tuple[float, float, float], ...] = tuple(hold[0] for hold in holds)
        """(T, P, h) of every hold, in ascending order."""
        self.n_blocks = [run.n_blocks for run in runs]
        self.weights: Weights = combine(runs, resamples, seed)
        X = self.weights.statistics
        n, u = X[:, 1] / self.n_sites, X[:, 2] / self.n_sites
        self._samples = {"q": 2 * n - 1, "eta": u, "gamma": n, "bare": X[:, 0] / self.n_sites}

    @property
    def reason(self) -> str:
        """Why the errors should not be trusted, or an empty string."""
        few = min(self.n_blocks)
        if few >= MIN_BLOCKS:
            return ""
        T, P, _ = self.conditions[self.n_blocks.index(few)]
        return f"{few} blocks of two autocorrelation times at {T:g} K, {P:g} GPa: run longer or add replicas"

    def coefficients(self, T: float, P: float, h: float) -> Floats:
        """The conjugates b of (H₀, N_HS, U), 1/(kJ/mol)."""
        return np.array([1.0, P * self.volume, -h]) / (KELVIN * T)

    def sample(self, name: str, P: float = 0.0, h: float = 0.0) -> Floats:
        """A density of every sample: ``gamma``, ``q``, ``eta``, or the ``energy`` at a pressure and field, kJ/mol."""
        if name == "energy":
            s = self._samples
            return np.asarray(s["bare"] + P * self.volume * s["gamma"] - h * s["eta"])
        if name not in ("gamma", "q", "eta"):
            raise InputError(f"density = {name!r}: must be energy, gamma, q or eta")
        return self._samples[name]

    def along(self, temperature: npt.ArrayLike, pressure: npt.ArrayLike = 0.0, field: npt.ArrayLike = 0.0) -> Curves:
        """Averages along a path of conditions.

        Parameters
        ----------
        temperature, pressure, field : float or array_like, shape (point,)
            K, GPa and kJ/mol; one of them changes.

        Raises
        ------
        InputError
            If a temperature is not positive, or pressures are given although ΔV is zero.
        """
        given = [np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (temperature, pressure, field)]
        T, P, h = (np.array(x) for x in np.broadcast_arrays(*given))
        if not np.all(T > 0):
            raise InputError(f"temperature = {T.min():g} K: must be greater than 0")
        moments = {name: np.empty((len(self.weights.copies), T.size)) for name in MOMENTS}
        n_effective = np.empty(T.size)
        for k in range(T.size):
            e, q, eta = (self.sample(name, P[k], h[k]) for name in ("energy", "q", "eta"))
            powers = (e, e**2, q, np.abs(q), q**2, q**4, eta, np.abs(eta), eta**2, eta**4)
            b = self.coefficients(T[k], P[k], h[k])
            weight = self.weights.at(b)
            columns = np.stack([np.ones_like(e), *powers], axis=1) * weight[:, None]
            totals = self.weights.copies @ columns
            n_effective[k] = self.weights.n_effective(b)
            for name, column in zip(MOMENTS, totals[:, 1:].T, strict=True):
                moments[name][:, k] = column / totals[:, 0]
        return Curves(self.n_sites, self.n_dimensions, T, P, h, moments, n_effective, self.reason)

    def variance(self, density: str, temperature: float, pressure: float = 0.0, field: float = 0.0) -> float:
        """Variance of a density at one condition, without an error and therefore quickly."""
        b = self.coefficients(temperature, pressure, field)
        weight = self.weights.at(b) * self.weights.copies[0]
        x = self.sample(density, pressure, field)
        return float(np.average((x - np.average(x, weights=weight)) ** 2, weights=weight))

    def distribution(
        self, density: str, temperature: float, pressure: float = 0.0, field: float = 0.0, max_bins: int = MAX_BINS
    ) -> Distribution:
        """Probability distribution of a density at one condition.

        Parameters
        ----------
        density : str
            ``"energy"`` (kJ/mol per molecule), ``"gamma"``, ``"q"`` or ``"eta"``.
        temperature, pressure, field : float
        max_bins : int
            Upper limit of the number of bins.
        """
        T = check_real("temperature", temperature, above=0.0, unit="K")
        b = self.coefficients(T, pressure, field)
        x, weight = self.sample(density, pressure, field), self.weights.at(b)
        first, width, n_bins = _bins(x, weight * self.weights.copies[0], max_bins)
        index = np.floor((x - first) / width).astype(np.int64)
        inside = (index >= 0) & (index < n_bins)
        index, weight = index[inside], weight[inside]
        P = np.array([np.bincount(index, weight * copy[inside], n_bins) for copy in self.weights.copies])
        P /= P.sum(axis=1, keepdims=True) * width
        centres = np.asarray(first + width * (np.arange(n_bins) + 0.5), dtype=np.float64)
        return Distribution(centres, P, self.weights.n_effective(b))


def _bins(x: Floats, weight: Floats, max_bins: int) -> tuple[float, float, int]:
    """First edge, width and number of bins that hold equally many of the values that x can take."""
    order = np.argsort(x)
    cumulated = np.cumsum(weight[order]) / weight.sum()
    low, high = x[order[np.searchsorted(cumulated, TAIL)]], x[order[np.searchsorted(cumulated, 1 - TAIL)]]
    step = _level_spacing(x)
    if step == 0.0:
        return float(low), float((high - low) / max_bins) or 1.0, max_bins
    levels = round((high - low) / step) + 1
    each = max(1, -(-levels // max_bins))
    return float(low - step / 2), step * each, -(-levels // each)


def _level_spacing(x: Floats) -> float:
    """Distance of the discrete values of x, or 0 if it is continuous."""
    values = np.unique(np.round(x / max(np.abs(x).max(), 1e-300), 9)) * max(np.abs(x).max(), 1e-300)
    if values.size < 2 or values.size > x.size / 4:
        return 0.0
    gaps = np.diff(values)
    step = float(gaps.min())
    whole = np.round(gaps / step)
    step = float(gaps.sum() / whole.sum())
    return step if np.all(np.abs(gaps / step - whole) < 0.05) else 0.0


def _crystal(dataset: xr.Dataset) -> tuple[int, int, float]:
    """Number of molecules, number of dimensions, and ΔV in cm3/mol."""
    if "n_sites" not in dataset.attrs:
        raise InputError("dataset has no attribute 'n_sites': give what mcsco.simulate returned")
    model: dict[str, Any] = json.loads(dataset.attrs.get("model", "{}"))
    shape = model.get("lattice", {}).get("shape", [1, 1])
    volume = float(model.get("spin", {}).get("volume", 0.0))
    if model.get("second") is not None and float(model["second"].get("volume", 0.0)) != volume:
        raise InputError(
            "dataset of a model whose two centres differ in ΔV: their pressure work does not follow from γ; "
            "give holds of a model with equal ΔV"
        )
    return check_integer("n_sites", dataset.attrs["n_sites"], minimum=1), len(shape), volume


def _holds(dataset: xr.Dataset, N: int, volume: float) -> list[tuple[tuple[float, float, float], Run]]:
    """Condition and run of every hold."""
    T = coordinate(dataset, "temperature")
    P, h, leg = (coordinate(dataset, name, 0.0) for name in ("pressure", "field", "leg"))
    q, eta, energy = (variable(dataset, name) for name in ("q", "eta", "energy"))
    found = []
    for run in constant_runs(T, P, h, leg):
        i = run.start
        condition = (float(T[i]), float(P[i]), float(h[i]))
        start = max(equilibrated_start(x[:, run]) for x in (q, eta**2, energy))
        gamma, u, e = ((1 + q[:, run]) / 2)[:, start:], eta[:, run][:, start:], energy[:, run][:, start:]
        bare = e - P[i] * volume * gamma + h[i] * u
        b = np.array([1.0, P[i] * volume, -h[i]]) / (KELVIN * T[i])
        found.append((condition, make_run(b, (N * bare, N * gamma, N * u))))
    return found
