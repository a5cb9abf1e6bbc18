"""How a configuration travels between a batch and the rest of the package: one number, or two, for every site.

The codes of order-disorder models are u ∈ {−1, 0, +1} and those of plain ones n ∈ {0, 1}, both int8. A displacive
site needs both: its code is a record of n (int8) and u (float32).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.model import Displacive, Model, OrderDisorder

Codes = npt.NDArray[Any]
"""Shape (R, *lattice)."""

DISPLACIVE = np.dtype([("n", np.int8), ("u", np.float32)])
"""Code of a site with a continuous distortion."""


def code_type(model: Model) -> "np.dtype[Any]":
    """What the codes of a model are made of."""
    return DISPLACIVE if isinstance(model.distortion, Displacive) else np.dtype(np.int8)


def join(n: npt.NDArray[np.int8], u: npt.NDArray[np.float32]) -> Codes:
    """Displacive codes from n and u."""
    codes = np.empty(n.shape, DISPLACIVE)
    codes["n"], codes["u"] = n, u
    return codes


def to_displacive(codes: Codes) -> Codes:
    """Displacive codes; those of three states, u ∈ {−1, 0, +1}, stand for molecules at the bottom of their well."""
    return codes if codes.dtype == DISPLACIVE else join(np.abs(codes), codes.astype(np.float32))


def spins(codes: Codes) -> npt.NDArray[np.int8]:
    """σ = ±1 of every site."""
    n = codes["n"] if codes.dtype == DISPLACIVE else codes
    return np.where(n != 0, 1, -1).astype(np.int8)


def distortions(model: Model, codes: Codes) -> npt.NDArray[Any]:
    """U of every site: float32 for a displacive model, else int8."""
    if codes.dtype == DISPLACIVE:
        return codes["u"].copy()
    return codes if isinstance(model.distortion, OrderDisorder) else np.zeros_like(codes)


def to_plain(name: str, codes: Codes) -> dict[str, npt.NDArray[Any]]:
    """Arrays that any file can hold: `name`, and for displacive codes u as ``name_u`` beside it."""
    if codes.dtype == DISPLACIVE:
        return {name: codes["n"].copy(), f"{name}_u": codes["u"].copy()}
    return {name: codes}


def from_plain(name: str, arrays: Any) -> Codes:
    """The inverse of `to_plain`, for a mapping of arrays."""
    u = arrays.get(f"{name}_u")
    n = np.asarray(arrays[name])
    if u is None:
        return n
    return join(n, u) if n.shape == u.shape else np.empty(0, DISPLACIVE)
