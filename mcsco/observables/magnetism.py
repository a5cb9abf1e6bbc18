"""χT of a crystal from its HS fraction."""

from typing import Any

import numpy as np

from mcsco.errors import InputError, check_real
from mcsco.units import curie_product


def chi_T(gamma: Any, hs: float = 3.5, ls: float = 0.0) -> Any:
    """χT = γ (χT)_HS + (1 − γ) (χT)_LS.

    Parameters
    ----------
    gamma : float or array_like
        HS fraction γ, 0 to 1; NumPy and xarray arrays keep their kind.
    hs, ls : float
        χT of the pure HS and LS phases, cm3 K/mol. The default is the plateau of [Fe(PM-PEA)2(NCS)2]
        (DOI 10.1039/d4mh01318b); `spin_only` gives others.

    Returns
    -------
    float or array
        χT, cm3 K/mol.

    Raises
    ------
    InputError
        If γ leaves 0 … 1 or is NaN, or a plateau is negative.
    """
    hs = check_real("hs", hs, minimum=0.0, unit="cm3 K/mol")
    ls = check_real("ls", ls, minimum=0.0, unit="cm3 K/mol")
    values = np.asarray(gamma, dtype=np.float64)
    bad = values[~((values >= -1e-12) & (values <= 1 + 1e-12))]
    if bad.size:
        raise InputError(f"gamma = {bad[0]}: a HS fraction lies between 0 and 1; for q give (1 + q)/2")
    if isinstance(gamma, list | tuple):
        gamma = values
    return gamma * hs + (1.0 - gamma) * ls


def spin_only(spin: float, g: float = 2.0) -> float:
    """Spin-only χT of one centre, cm3 K/mol: 3.001 for HS Fe(II) (S = 2, g = 2), 0 for LS.

    Parameters
    ----------
    spin : float
        S, a multiple of 1/2.
    g : float
        Landé factor.

    Raises
    ------
    InputError
        If S is not a multiple of 1/2, or g is not positive.
    """
    S = check_real("spin", spin, minimum=0.0)
    if not (2 * S).is_integer():
        raise InputError(f"spin = {spin!r}: must be a multiple of 1/2")
    return curie_product(check_real("g", g, above=0.0), S)
