"""A measured free-energy surface G(q, η; T), and the part of it that a fit uses."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real
from mcsco.landau.arrays import Array

if TYPE_CHECKING:
    import xarray

_MIN_COPIES = 20
"""Bootstrap copies below which their scatter says too little about an error."""


@dataclass(frozen=True, eq=False)
class Surface:
    """G = −(RT/N) ln P(q, η) + const per molecule, on a grid, each temperature with its own constant.

    Parameters
    ----------
    temperature : array, shape (t,)
        K.
    q, eta : array, shapes (i,) and (j,)
        Centres of the bins; η ≥ 0, where P(q, η) is that of one of the two domains ±η.
    free_energy : array, shape (t, i, j)
        kJ/mol; nan where nothing was measured.
    error : array of the same shape, optional
        Standard errors, kJ/mol. A bin whose error is not positive tells nothing and is left out: the bin at which G
        was set to zero has none.
    copies : array, shape (k, t, i, j), optional
        The surface from k ≥ 20 resampled data sets. They carry what bins and temperatures that share their
        data have in common; without them the errors are taken as independent.
    n_sites : int, optional
        N, molecules.

    Raises
    ------
    InputError
        If shapes do not fit together, or a coordinate is not what it should be.
    """

    temperature: Array
    q: Array
    eta: Array
    free_energy: Array
    error: Array | None = None
    copies: Array | None = None
    n_sites: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self)[:-1]:
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, np.asarray(value, dtype=np.float64))
        for name in ("temperature", "q", "eta"):
            _check_axis(name, getattr(self, name))
        if self.temperature.min() <= 0:
            raise InputError(f"temperature = {self.temperature.min():g} K: must be greater than 0")
        if self.eta.min() < 0:
            raise InputError(f"eta = {self.eta.min():g}: must not be negative; fold the two domains ±η onto one")
        shape = (self.temperature.size, self.q.size, self.eta.size)
        for name in ("free_energy", "error"):
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise InputError(f"{name} of shape {value.shape}: must be {shape}, (temperature, q, eta)")
        if self.copies is not None and (self.copies.ndim != 4 or self.copies.shape[1:] != shape):
            raise InputError(f"copies of shape {self.copies.shape}: must be (bootstrap, *{shape})")
        if self.copies is not None and len(self.copies) < _MIN_COPIES:
            raise InputError(f"{len(self.copies)} bootstrap copies: errors need at least {_MIN_COPIES}; resample more")
        if self.n_sites is not None:
            object.__setattr__(self, "n_sites", check_integer("n_sites", self.n_sites, minimum=1))

    @classmethod
    def from_dataset(cls, dataset: xarray.Dataset) -> Surface:
        """The surface of a dataset with `free_energy` on (temperature, q, eta), in kJ/mol per molecule.

        `free_energy_error`, `free_energy_bootstrap` (with one more dimension `bootstrap`) and the attribute
        `n_sites` are taken along where they exist.

        Raises
        ------
        InputError
            If the variable or one of its dimensions is missing.
        """
        axes = ("temperature", "q", "eta")
        if "free_energy" not in dataset:
            known = ", ".join(sorted(str(name) for name in dataset.variables)) or "nothing"
            raise InputError(f"dataset has no variable 'free_energy': it has {known}; give a measured surface")
        G = dataset["free_energy"]
        if set(G.dims) != set(axes):
            raise InputError(f"free_energy has dimensions {G.dims}: must be {axes}")
        error, copies = dataset.get("free_energy_error"), dataset.get("free_energy_bootstrap")
        n_sites = dataset.attrs.get("n_sites")
        return cls(
            temperature=dataset["temperature"].values,
            q=dataset["q"].values,
            eta=dataset["eta"].values,
            free_energy=G.transpose(*axes).values,
            error=None if error is None else error.transpose(*axes).values,
            copies=None if copies is None else copies.transpose("bootstrap", *axes).values,
            n_sites=None if n_sites is None else int(n_sites),
        )

    def plus(self, term: npt.ArrayLike) -> Surface:
        """The surface with a known function added, kJ/mol, of shape (t, i, j) or one that broadcasts to it."""
        extra = np.broadcast_to(np.asarray(term, dtype=np.float64), self.free_energy.shape)
        copies = None if self.copies is None else self.copies + extra
        return replace(self, free_energy=self.free_energy + extra, copies=copies)

    def profile(self) -> Array:
        """Lowest G over η at each T and q, kJ/mol, shape (t, i); nan where nothing was measured."""
        G = np.where(np.isfinite(self.free_energy), self.free_energy, np.inf).min(axis=2)
        return np.where(np.isfinite(G), G, np.nan)


@dataclass(frozen=True)
class Window:
    """The part of a surface that is fitted; bounds are inclusive.

    Parameters
    ----------
    q : tuple of float
        Least and greatest q.
    eta_max : float
        Greatest η.
    depth : float
        Greatest G above the lowest one of its temperature, kJ/mol per molecule. x RT of the whole crystal, which is
        what an unbiased simulation visits, is x R T/N here.
    temperature : tuple of float
        Least and greatest T, K.
    """

    q: tuple[float, float] = (-1.0, 1.0)
    eta_max: float = np.inf
    depth: float = np.inf
    temperature: tuple[float, float] = (0.0, np.inf)

    def __post_init__(self) -> None:
        for name, (low, high) in (("q", self.q), ("temperature", self.temperature)):
            if not low < high and name == "q":
                raise InputError(f"window of {name} = {low:g} to {high:g}: must rise")
            if not low <= high:
                raise InputError(f"window of {name} = {low:g} to {high:g}: must not fall")
        for name in ("eta_max", "depth"):
            if not np.isinf(getattr(self, name)):
                check_real(name, getattr(self, name), above=0.0)

    def __str__(self) -> str:
        parts = [f"q = {self.q[0]:g} to {self.q[1]:g}".replace("-", "−")]
        if np.isfinite(self.eta_max):
            parts.append(f"η ≤ {self.eta_max:g}")
        if np.isfinite(self.depth):
            parts.append(f"G ≤ {self.depth:g} kJ/mol above the lowest")
        if np.isfinite(self.temperature[1]) or self.temperature[0] > 0:
            parts.append(f"T = {self.temperature[0]:g} to {self.temperature[1]:g} K")
        return ", ".join(parts)

    def selects(self, surface: Surface) -> npt.NDArray[np.bool_]:
        """The bins of a surface that are inside and were measured, shape (t, i, j)."""
        G = surface.free_energy
        inside = np.isfinite(G)
        if np.isfinite(self.depth):
            measured = np.where(inside, G, np.inf)
            inside &= measured.min(axis=(1, 2), keepdims=True) + self.depth >= measured
        for axis, values, low, high in (
            (0, surface.temperature, *self.temperature),
            (1, surface.q, *self.q),
            (2, surface.eta, 0.0, self.eta_max),
        ):
            tolerance = 1e-9 * max(1.0, float(np.abs(values).max()))
            kept = (values >= low - tolerance) & (values <= high + tolerance)
            inside &= np.expand_dims(kept, [a for a in range(3) if a != axis])
        if surface.error is not None:
            inside &= np.isfinite(surface.error) & (surface.error > 0)
        if surface.copies is not None:
            inside &= np.isfinite(surface.copies).all(axis=0)
        return inside


def _check_axis(name: str, values: Array) -> None:
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise InputError(f"{name} of shape {values.shape}: must be a list of finite numbers")
    if values.size > 1 and not (np.diff(values) > 0).all():
        raise InputError(f"{name}: must rise; sort the surface by it")
