"""The Landau expansion of the mean field about the state q = 0, η = 0."""

from typing import NamedTuple

import numpy as np

from mcsco import units
from mcsco.meanfield.site import Site


class LandauExpansion(NamedTuple):
    """Coefficients of the free energy per molecule about (q, η) = (0, 0), kJ/mol.

        G = G0 + a1 (T_sc − T) q + (B/2) q² + (C/4) q⁴ + (a0/2)(T − T_c) η² + (b/4) η⁴ + D q η² + (E/2) q² η² − h η

    with every term up to fourth order in q and η together. T_sc and T_c are in K, a1 and a0 in kJ/(mol K). The η terms
    are zero for a model without distortion; T_sc is nan where ΔS and with it a1 is zero. The potential is that of the
    source paper, DOI 10.1039/d4mh01318b, but the coefficients of the two are not comparable one by one: those of an
    order-disorder lattice contain the mixing entropy, which makes B, C, b, D and E depend on T. Those of a displacive
    one contain averages over the local wells, which makes a1, T_sc, a0 and T_c depend on T too: a1 (T_sc − T) and
    (a0/2)(T − T_c) are then the coefficients of q and η² at this T, a1 half the entropy difference of the two wells.
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


def expand(site: Site, temperature: float, unit: float) -> LandauExpansion:
    """Expand at `temperature` in K; energies in K times `unit`.

    The two-state part of the mixing entropy gives B and C. At fixed γ the distortion adds the Legendre transform of
    ``χ y²/2 + κ y⁴/24``, T η²/(2χ) − T κ η⁴/(24 χ⁴) with χ = γ v_H + (1−γ) v_L and κ likewise from the fourth
    cumulants; for three states T η²/(1+q) + (2T/3) η⁴/(1+q)³.
    """
    p, T = site.p, temperature
    free = site.in_field(np.zeros(()), 1 / T)
    in_wells = float(free.V_h - free.V_l)
    slope = (p.ln_g + float(free.ln_ratio) + in_wells / T) / 2  # half the entropy that HS has more
    a0, T_c, b, D, E = _distortion(site, T) if p.distorts else (0.0, (p.K + p.L) / 2, 0.0, 0.0, 0.0)
    return LandauExpansion(
        T=T,
        G0=float(site.free_energy(0.0, 0.0, T)) * unit,
        a1=slope * unit,
        T_sc=(p.enthalpy + in_wells) / (2 * slope) if slope > 0 else float("nan"),
        B=(T - p.Gamma / 2) * unit,
        C=T / 3 * unit,
        a0=a0 * unit,
        T_c=T_c,
        b=b * unit,
        D=D * unit,
        E=E * unit,
    )


def _distortion(site: Site, T: float) -> tuple[float, float, float, float, float]:
    """(a0, T_c, b, D, E), energies in K."""
    p = site.p
    v_l, v_h = site.cumulants(np.array([0.0, 1.0]), 1 / T)[0]
    v, kappa = (v_h + v_l) / 2, float(site.cumulants(np.array(0.5), 1 / T)[1])
    change = (v_h - v_l) / (2 * v)  # χ = v (1 + change · q)
    return (
        float(1 / v),
        float((p.K + p.L) * v),
        float(-T * kappa / (6 * v**4)),
        float(-T * change / (2 * v) - p.L / 2),
        float(T * change**2 / v),
    )


def finite_size(infinite: LandauExpansion, n_sites: int, distorts: bool) -> LandauExpansion:
    """The expansion of −(RT/N) ln P of `n_sites` molecules with two or three states each, to first order in 1/N.

    It adds (T/2N) Σ ln n_i, the next order of Stirling's formula, with n_i = (1−q)/2 and (1+q±2η)/4, or (1±q)/2
    without distortion. Its q³ is left out: eq. (3) does not have it.
    """
    t = infinite.T / n_sites * units.KELVIN
    d = 1.0 if distorts else 0.0
    a1 = infinite.a1 - d / (2 * n_sites) * units.KELVIN
    a0 = infinite.a0 - d * 4 / n_sites * units.KELVIN
    return infinite._replace(
        a1=a1,
        T_sc=infinite.T_sc * infinite.a1 / a1 if a1 > 0 else float("nan"),
        B=infinite.B - (1 + d / 2) * t,
        C=infinite.C - (1 + d / 2) * t,
        a0=a0,
        T_c=infinite.T_c * infinite.a0 / a0 if distorts else infinite.T_c,
        b=infinite.b - d * 16 * t,
        D=infinite.D + d * 4 * t,
        E=infinite.E - d * 12 * t,
    )
