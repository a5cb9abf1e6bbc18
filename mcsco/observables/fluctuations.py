"""Response functions and cumulants from equilibrium fluctuations at one temperature."""

from typing import Any

import numpy as np

from mcsco.errors import check_integer, check_real
from mcsco.observables.blocks import jackknife
from mcsco.observables.chains import as_chains
from mcsco.observables.series import Estimate, unknown
from mcsco.units import R


def susceptibility(series: Any, temperature: float, n_sites: int, *, signed: bool = True) -> Estimate:
    """χ = N var(x)/T of an order parameter per molecule.

    Parameters
    ----------
    series : array_like, shape (step,) or (replica, step)
        q or η.
    temperature : float
        T, K.
    n_sites : int
        N, molecules.
    signed : bool
        False takes |x|, which is what η needs: a finite crystal flips between +η and −η, and the variance of the
        signed series then measures the distance of the two domains, N η², and not the fluctuations within one.

    Returns
    -------
    Estimate
        In 1/K.

    Raises
    ------
    InputError
        If an argument is out of range or the series is not usable.
    """
    T = check_real("temperature", temperature, above=0.0, unit="K")
    N = check_integer("n_sites", n_sites, minimum=1)
    x = as_chains(series)
    return jackknife(np.var, x if signed else np.abs(x)).scaled(N / T)


def heat_capacity(energy: Any, temperature: float, n_sites: int) -> Estimate:
    """C = N var(e)/(R T²), the heat capacity per mole of molecules at constant pressure and field.

    The weight of a state is g^N_HS exp(−H/RT) with a constant g, so the variance of H without T ln g is the whole heat
    capacity of the model, the spin entropy included.

    Parameters
    ----------
    energy : array_like, shape (step,) or (replica, step)
        e = H/N, kJ/mol.
    temperature : float
        T, K.
    n_sites : int
        N, molecules.

    Returns
    -------
    Estimate
        In J/(mol K).

    Raises
    ------
    InputError
        If an argument is out of range or the series is not usable.
    """
    T = check_real("temperature", temperature, above=0.0, unit="K")
    N = check_integer("n_sites", n_sites, minimum=1)
    joules = 1000.0 * as_chains(energy, "energy")
    return jackknife(np.var, joules).scaled(N / (R * T**2))


def binder(eta: Any) -> Estimate:
    """Binder's cumulant U4 = 1 − <η⁴>/(3 <η²>²): 2/3 with long-range order, 0 without.

    Parameters
    ----------
    eta : array_like, shape (step,) or (replica, step)
        Signed or not: only η² enters, so the slow flips of its sign do not.

    Raises
    ------
    InputError
        If the series is not usable.
    """
    m2 = as_chains(eta, "eta") ** 2
    if not m2.any():
        return unknown("the order parameter is zero throughout")
    return jackknife(lambda x: 1.0 - np.mean(x**2) / (3.0 * np.mean(x) ** 2), m2)
