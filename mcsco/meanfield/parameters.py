"""The numbers of a model that a mean field knows, in kelvin per molecule."""

from typing import NamedTuple

import numpy as np

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.model import Model, OrderDisorder


class Parameters(NamedTuple):
    """Energy per molecule ``offset + Δ γ + Γ γ(1−γ) − (K/2) η² − L γ η² − h η``, all in K."""

    enthalpy: float
    """Δ = ΔH + P ΔV."""
    Gamma: float
    """Spin coupling, Γ + 2 z J."""
    K: float
    """Distortion coupling, K∞ + z K."""
    L: float
    """Mixed coupling."""
    field: float
    """h, with its sign."""
    offset: float
    """−z J / 2, which the neighbours' −J σσ' leaves behind."""
    ln_g: float
    """ΔS/R, one variant of the distortion."""
    distorts: bool
    """Three states a site if true, two if false."""

    @property
    def ln_w(self) -> float:
        """Logarithm of the number of HS states: ln 2g with the two variants of the distortion, else ln g."""
        return self.ln_g + (float(np.log(2.0)) if self.distorts else 0.0)

    @property
    def bound(self) -> float:
        """Temperature in K above which the free energy has a single stationary point, a minimum.

        There T exceeds the largest eigenvalue that the couplings can give to the scaled Hessian
        (`mcsco.meanfield.site.Local`) anywhere, so that no state can lose its stability.
        """
        Gamma, K, L = abs(self.Gamma), abs(self.K), abs(self.L)
        return (2 * Gamma + K + 6 * L) / 4 + (K + 2 * L) + (K + 4 * L) / 2

    @property
    def scale(self) -> float:
        """Largest energy of the model in K, at least 1 K."""
        return max(abs(self.enthalpy), abs(self.Gamma), abs(self.K), abs(self.L), abs(self.field), self.bound, 1.0)


def parameters_of(model: Model, pressure: float, field: float, neighbours: bool = True) -> Parameters:
    """The `Parameters` of `model` at `pressure` (GPa) and `field` (kJ/mol).

    Raises
    ------
    InputError
        If the model is not one that has this mean field, if `field` acts on a model without distortion, or if
        `neighbours` is false and the model couples nearest neighbours.
    """
    if not isinstance(model, Model):
        raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
    if model.distortion is not None and not isinstance(model.distortion, OrderDisorder):
        raise InputError(f"distortion = {model.distortion!r}: has no mean field here; use OrderDisorder() or None")
    pressure = check_real("pressure", pressure, unit="GPa")
    field = check_real("field", field, unit="kJ/mol")
    if model.distortion is None and field != 0:
        raise InputError(f"field = {field!r} kJ/mol: acts on the distortion, but the model has none; leave it at 0")
    J, K, Gamma, K_inf, L = model.couplings
    if not neighbours and (J or K):
        raise InputError(
            "interactions: the exact finite-size sum needs couplings of infinite range only; "
            "leave NearestNeighbours out, or use MeanField or a simulation"
        )
    z = model.lattice.coordination
    work = units.pressure_work(pressure, model.spin.volume)
    kelvin = units.kelvin_from_kj_mol
    return Parameters(
        enthalpy=kelvin(model.spin.enthalpy + work),
        Gamma=kelvin(Gamma + 2 * z * J),
        K=kelvin(K_inf + z * K),
        L=kelvin(L),
        field=kelvin(field),
        offset=kelvin(-z * J / 2),
        ln_g=model.spin.ln_g,
        distorts=model.distortion is not None,
    )
