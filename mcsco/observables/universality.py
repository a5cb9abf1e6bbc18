"""Classes of critical behaviour that a transition is compared with."""

import math
from typing import NamedTuple

from mcsco.observables.series import Estimate


class UniversalityClass(NamedTuple):
    """Exponents in powers of the size, and the cumulant at the critical point of a periodic cube or square."""

    name: str
    inverse_nu: float
    beta_nu: float
    gamma_nu: float
    binder: float
    """U4 at the critical point."""
    source: str


MEAN_FIELD_BINDER = 1 - math.gamma(0.25) ** 4 / (24 * math.pi**2)
"""U4 of P(m) ∝ exp(−c m⁴): ⟨m²⟩ = Γ(3/4)/(Γ(1/4) √c) and ⟨m⁴⟩ = 1/(4c), with Γ(3/4) Γ(1/4) = π√2."""

ISING_2D = UniversalityClass("2-D Ising", 1.0, 1 / 8, 7 / 4, 0.6106901, "exact; U4 DOI 10.1088/0305-4470/26/2/009")
ISING_3D = UniversalityClass(
    "3-D Ising", 1.587375, 0.518149, 1.963702, 0.46548, "DOI 10.1007/JHEP08(2016)036; U4 DOI 10.1103/PhysRevB.82.174433"
)
MEAN_FIELD = UniversalityClass(
    "mean field", 1 / 2, 1 / 4, 1 / 2, MEAN_FIELD_BINDER, "exact, DOI 10.1016/0550-3213(85)90379-7"
)
"""In powers of the number of molecules N: with couplings of infinite range there is no length."""
TRICRITICAL_MEAN_FIELD = UniversalityClass(
    "tricritical mean field", 2 / 3, 1 / 6, 2 / 3, 1 / 3, "exact: P(m) ∝ exp(−c m⁶) in powers of N"
)

CLASSES = {"extent": (ISING_2D, ISING_3D), "molecules": (MEAN_FIELD, TRICRITICAL_MEAN_FIELD)}
"""Known classes by what the size is: the linear extent L, or the number of molecules N."""


def matching(scale: str, exponents: dict[str, Estimate], limit: float = 3.0) -> tuple[UniversalityClass, ...]:
    """Classes whose numbers all lie within `limit` standard errors of the measured ones.

    Parameters
    ----------
    scale : str
        ``"extent"`` or ``"molecules"``.
    exponents : dict of Estimate
        Any of ``inverse_nu``, ``beta_nu``, ``gamma_nu`` and ``binder``; those without an error are not compared.
    """
    known = {key: x for key, x in exponents.items() if math.isfinite(x.value) and x.error > 0}
    if not known:
        return ()
    return tuple(
        one
        for one in CLASSES[scale]
        if all(abs(x.value - getattr(one, key)) <= limit * x.error for key, x in known.items())
    )
