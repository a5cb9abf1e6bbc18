"""First-order reversal curves: back and forth between one end and ever further reversal temperatures."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mcsco.errors import InputError, check_integer, check_real
from mcsco.sampling.legs import Leg, Point


@dataclass(frozen=True)
class ReversalCurves:
    """First-order reversal curves (FORC), the minor loops that start on the major one.

    From `saturation`, where one phase is left alone, the temperature goes to a reversal temperature and back; each time
    the state on the way back depends on where it turned. A saturation above the reversal temperatures gives curves
    measured on heating, one below them curves on cooling. The first and the last curve are the two branches of the
    major loop if the reversal temperatures enclose it.

    Parameters
    ----------
    saturation : float
        Temperature at which each curve begins and ends, K.
    reversal : tuple of float
        First and last reversal temperature, K, both on the same side of `saturation`.
    curves : int
        Number of reversal temperatures, evenly spread.
    sweeps_per_kelvin : float
        The rate, MCS/K, both ways.
    measure_every : int, optional
        Sweeps between two measurements; four a kelvin if not given.
    pressure, field : float
        GPa and kJ/mol.

    Raises
    ------
    InputError
        If a value breaks its rule.

    References
    ----------
    Mayergoyz, DOI 10.1103/PhysRevLett.56.1518; of spin crossover: Tanasa et al., DOI 10.1103/PhysRevB.71.014431.
    """

    saturation: float
    reversal: tuple[float, float]
    curves: int = 30
    sweeps_per_kelvin: float = 100.0
    measure_every: int | None = None
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "saturation", check_real("saturation", self.saturation, above=0.0, unit="K"))
        given = self.reversal
        pair = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else ()
        if len(pair) != 2:
            raise InputError(f"reversal = {given!r}: must be first and last reversal temperature in K, e.g. (230, 210)")
        first, last = (check_real("reversal", T, above=0.0, unit="K") for T in pair)
        if first == last or (first - self.saturation) * (last - self.saturation) <= 0:
            raise InputError(
                f"reversal = {(first, last)} K: must differ, and lie on one side of saturation = {self.saturation:g} K"
            )
        object.__setattr__(self, "reversal", (first, last))
        object.__setattr__(self, "curves", check_integer("curves", self.curves, minimum=2))
        rate = check_real("sweeps_per_kelvin", self.sweeps_per_kelvin, above=0.0, unit="MCS/K")
        object.__setattr__(self, "sweeps_per_kelvin", rate)
        if self.measure_every is not None:
            object.__setattr__(self, "measure_every", check_integer("measure_every", self.measure_every, minimum=1))
        object.__setattr__(self, "pressure", check_real("pressure", self.pressure, unit="GPa"))
        object.__setattr__(self, "field", check_real("field", self.field, unit="kJ/mol"))

    @property
    def temperature(self) -> tuple[float, float]:
        """Lowest and highest temperature, K."""
        all_of_them = (self.saturation, *self.reversal)
        return min(all_of_them), max(all_of_them)

    def legs(self) -> tuple[Leg, ...]:
        """Two legs a curve: there, and back."""
        legs: list[Leg] = []
        for T in np.linspace(*self.reversal, self.curves).tolist():
            sweeps = max(1, round(abs(T - self.saturation) * self.sweeps_per_kelvin))
            every = min(sweeps, self.measure_every or max(1, round(self.sweeps_per_kelvin / 4)))
            begin, end = (Point(x, self.pressure, self.field) for x in (self.saturation, T))
            legs += [Leg(begin, end, sweeps, every, 0), Leg(end, begin, sweeps, every, 0)]
        return tuple(legs)
