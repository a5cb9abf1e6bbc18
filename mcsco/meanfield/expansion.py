"""The Landau expansion of the mean field about the state q = 0, η = 0."""

from typing import NamedTuple

from mcsco.meanfield.parameters import Parameters
from mcsco.meanfield.potential import enthalpy, entropy


class LandauExpansion(NamedTuple):
    """Coefficients of the free energy per molecule about (q, η) = (0, 0), kJ/mol.

        G = G0 + a1 (T_sc − T) q + (B/2) q² + (C/4) q⁴ + (a0/2)(T − T_c) η² + (b/4) η⁴ + D q η² + (E/2) q² η² − h η

    with every term up to fourth order in q and η together. T_sc and T_c are in K, a1 and a0 in kJ/(mol K). The η terms
    are zero for a model without distortion; T_sc is nan where ΔS and with it a1 is zero. The potential is that of the
    source paper, DOI 10.1039/d4mh01318b, but the coefficients of the two are not comparable one by one: those of an
    order-disorder lattice contain the mixing entropy, which makes B, C, b, D and E depend on T.
    """

    T: float
    G0: float
    a1: float
    T_sc: float
    B: float
    C: float
    a0: float
    T_c: float
    b: float
    D: float
    E: float


def expand(p: Parameters, temperature: float, unit: float) -> LandauExpansion:
    """Expand at `temperature` in K; energies in K times `unit`.

    The two-state part of the mixing entropy gives B and C, the one of the two variants, (1+q)/2 · s(2η/(1+q)), gives
    T η²/(1+q) + (2T/3) η⁴/(1+q)³.
    """
    T = temperature
    here = float(enthalpy(p, 0.0, 0.0) - T * entropy(p, 0.0, 0.0))
    distorted = 1.0 if p.distorts else 0.0
    return LandauExpansion(
        T=T,
        G0=here * unit,
        a1=p.ln_w / 2 * unit,
        T_sc=p.enthalpy / p.ln_w if p.ln_w > 0 else float("nan"),
        B=(T - p.Gamma / 2) * unit,
        C=T / 3 * unit,
        a0=2 * distorted * unit,
        T_c=(p.K + p.L) / 2,
        b=8 * T / 3 * distorted * unit,
        D=-(T + p.L / 2) * distorted * unit,
        E=2 * T * distorted * unit,
    )
