"""Eq. (3) as a linear model of its coefficients.

With a reference temperature T₀, G is linear in

    θ = (h, a1, B, C, α, a0, b, D, E),   h = a1 (T_sc − T₀),   α = (a0/2)(T₀ − T_c),
    G = [h − a1 (T − T₀)] q + (B/2) q² + (C/4) q⁴ + [α + (a0/2)(T − T₀)] η² + (b/4) η⁴ + D q η² + (E/2) q² η²

and one constant per temperature. Only T_sc = T₀ + h/a1 and T_c = T₀ − 2α/a0 are ratios.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mcsco.errors import InputError, check_real
from mcsco.landau.arrays import Array

LINEAR = ("h", "a1", "B", "C", "alpha", "a0", "b", "D", "E")
"""Names of θ."""
PARAMETERS = ("a1", "T_sc", "B", "C", "a0", "T_c", "b", "D", "E")
"""Names of the coefficients of the potential."""
_AT = {name: i for i, name in enumerate(LINEAR)}


class Constraint(NamedTuple):
    """θ = offset + matrix φ with free parameters φ."""

    offset: Array
    """Shape (9,)."""
    matrix: Array
    """Shape (9, free)."""


def columns(q: Array, eta: Array, dT: Array) -> Array:
    """∂G/∂θ at bins with T − T₀ = `dT`, all of shape (n,); shape (n, 9)."""
    eta2 = eta**2
    return np.stack(
        [q, -dT * q, q**2 / 2, q**4 / 4, eta2, dT * eta2 / 2, eta2**2 / 4, q * eta2, q**2 * eta2 / 2], axis=1
    )


def constants(T: Array) -> Array:
    """One indicator column per temperature, shape (n, temperatures)."""
    return np.asarray(T[:, np.newaxis] == np.unique(T)[np.newaxis], dtype=np.float64)


def missing_terms(q: Array, eta: Array, dT: Array) -> dict[str, Array]:
    """What eq. (3) leaves out: the terms up to sixth order (η ~ q), and coefficients that depend on T."""
    eta2 = eta**2
    odd_and_higher = {
        "q³": q**3,
        "q⁵": q**5,
        "q⁶": q**6,
        "q³η²": q**3 * eta2,
        "q⁴η²": q**4 * eta2,
        "qη⁴": q * eta2**2,
        "q²η⁴": q**2 * eta2**2,
        "η⁶": eta2**3,
    }
    of_T = {"B(T)": q**2, "C(T)": q**4, "b(T)": eta2**2, "D(T)": q * eta2, "E(T)": q**2 * eta2}
    return odd_and_higher | {name: dT * term for name, term in of_T.items()}


def constrain(fixed: Mapping[str, float], T0: float) -> Constraint:
    """The free parameters that are left when some coefficients of the potential are given.

    a0 = 0 takes the whole η² term away, as in eq. (4), where T_c means nothing.

    Raises
    ------
    InputError
        If a name is unknown or a value is no number.
    """
    given = {name: check_real(name, value) for name, value in fixed.items()}
    unknown = [name for name in given if name not in PARAMETERS]
    if unknown:
        raise InputError(f"fixed = {unknown[0]!r}: unknown; the coefficients are {', '.join(PARAMETERS)}")
    matrix, offset = np.eye(len(LINEAR)), np.zeros(len(LINEAR))
    for name, value in given.items():
        if name in _AT:
            matrix[_AT[name]], offset[_AT[name]] = 0.0, value
    # h and α follow from a1 and a0 where the temperatures are given
    for ratio, dependent, on, factor in (("T_sc", "h", "a1", 1.0), ("T_c", "alpha", "a0", -0.5)):
        if ratio in given:
            slope = factor * (given[ratio] - T0)
            matrix[_AT[dependent]], offset[_AT[dependent]] = slope * matrix[_AT[on]], slope * offset[_AT[on]]
    if given.get("a0") == 0.0:
        matrix[_AT["alpha"]], offset[_AT["alpha"]] = 0.0, 0.0
    return Constraint(offset, matrix[:, np.abs(matrix).sum(axis=0) > 0])


def to_parameters(theta: Array, T0: float) -> Array:
    """The coefficients of the potential, shape (..., 9), from θ, shape (..., 9); T_c is 0 where a0 is."""
    h, a1, B, C, alpha, a0, b, D, E = np.moveaxis(theta, -1, 0)
    T_sc = T0 + h / np.where(a1 == 0, np.nan, a1)
    T_c = np.where(a0 == 0, 0.0, T0 - 2 * alpha / np.where(a0 == 0, 1.0, a0))
    return np.stack([a1, T_sc, B, C, a0, T_c, b, D, E], axis=-1)


def jacobian(theta: Array, T0: float) -> Array:
    """∂parameters/∂θ, shape (9, 9)."""
    h, a1, _, _, alpha, a0, _, _, _ = theta
    J = np.zeros((len(PARAMETERS), len(LINEAR)))
    for row, name in enumerate(PARAMETERS):
        if name in _AT:
            J[row, _AT[name]] = 1.0
    T_sc, T_c = PARAMETERS.index("T_sc"), PARAMETERS.index("T_c")
    J[T_sc, _AT["h"]], J[T_sc, _AT["a1"]] = 1.0 / a1, -h / a1**2
    if a0 != 0:
        J[T_c, _AT["alpha"]], J[T_c, _AT["a0"]] = -2.0 / a0, 2.0 * alpha / a0**2
    return J
