"""What is asked of a free-energy surface: where, how finely, and for how long."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mcsco.errors import InputError, check_integer, check_real
from mcsco.units import KELVIN

METHODS = ("umbrella", "flat-histogram")
"""How the barrier is crossed."""

SPRING = 4.0
"""Spring in units of RT if none is given.

Between two phases G(γ) is concave, d²G/dγ² = −2.2 RT at its lowest for the sets of [Fe(PM-PEA)2(NCS)2]. The spring must
outweigh that, or a window holds two phases with nothing between them.
"""


@dataclass(frozen=True)
class FreeEnergySurface:
    """Biased sampling of G(q, η) at one or more temperatures.

    *Umbrella*: each replica of a window is held near (γ0, η0) by N k_γ/2 (γ − γ0)² + N k_η/2 (η − η0)², and all windows
    are combined by their likelihood (MBAR). *Flat histogram*: walkers cross the whole range of γ under weights that are
    learnt first and then fixed.

    Parameters
    ----------
    temperature : float or sequence of float
        K.
    sweeps : int
        MCS to measure over, in every window and replica.
    measure_every : int
        Sweeps between two measurements.
    equilibration : int
        MCS before the first measurement; with a flat histogram the weights are learnt meanwhile.
    windows : int or (int, int), optional
        Number of windows along γ, and along η from 0 to 1; one along η leaves η free, which suffices where every γ has
        one |η|. By default as many as the springs ask for, but one along η unless the sign of η counts. For a flat
        histogram leave it out.
    spring : float or (float, float), optional
        k_γ and k_η, kJ/mol. By default 4 RT, or what makes a window as wide as its distance from the next.
    bins : int or (int, int), optional
        Bins along q from −1 to 1 and along η from 0 to 1. By default one for every possible value up to 36 molecules,
        and 64 beyond.
    bootstrap : int
        Copies from which errors follow.
    method : str
        ``"umbrella"`` or ``"flat-histogram"``.
    pressure, field : float
        GPa; kJ/mol, conjugate to η.

    Raises
    ------
    InputError
        If a value breaks its rule.

    Examples
    --------
    >>> import mcsco
    >>> protocol = mcsco.FreeEnergySurface(226.3, sweeps=5000)
    >>> surface = mcsco.simulate(mcsco.presets.load("pmpea", (8, 8)), protocol, seed=1)  # doctest: +SKIP
    """

    temperature: float | tuple[float, ...]
    sweeps: int = 20_000
    measure_every: int = 10
    equilibration: int = 1000
    windows: int | tuple[int, int] | None = None
    spring: float | tuple[float, float] | None = None
    bins: int | tuple[int, int] | None = None
    bootstrap: int = 100
    method: str = "umbrella"
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", _temperatures(self.temperature))
        for name, minimum in (("sweeps", 1), ("measure_every", 1), ("equilibration", 0), ("bootstrap", 2)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), minimum=minimum))
        if self.measure_every > self.sweeps:
            raise InputError(f"measure_every = {self.measure_every}: must not exceed the {self.sweeps} sweeps")
        if self.method not in METHODS:
            raise InputError(f"method = {self.method!r}: must be one of {', '.join(METHODS)}")
        if self.method == "flat-histogram" and (self.windows is not None or self.spring is not None):
            raise InputError("windows, spring: belong to method = 'umbrella'; leave them out")
        if self.windows is not None:
            n_gamma, n_eta = self.windows if isinstance(self.windows, tuple | list) else (self.windows, 1)
            check_integer("windows along γ", n_gamma, minimum=2)
            object.__setattr__(self, "windows", (n_gamma, check_integer("windows along η", n_eta, minimum=1)))
        if self.spring is not None:
            pair = self.spring if isinstance(self.spring, tuple | list) else (self.spring, self.spring)
            object.__setattr__(self, "spring", tuple(check_real("spring", k, above=0.0, unit="kJ/mol") for k in pair))
        if self.bins is not None:
            numbers = self.bins if isinstance(self.bins, tuple | list) else (self.bins, self.bins)
            object.__setattr__(self, "bins", tuple(check_integer("bins", n, minimum=2) for n in numbers))
        object.__setattr__(self, "pressure", check_real("pressure", self.pressure, unit="GPa"))
        object.__setattr__(self, "field", check_real("field", self.field, unit="kJ/mol"))

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures, K."""
        return self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)

    @property
    def total_sweeps(self) -> int:
        """MCS of every lane."""
        return self.equilibration + self.sweeps

    def springs(self, n_sites: int) -> tuple[float, float]:
        """k_γ and k_η in kJ/mol."""
        if isinstance(self.spring, tuple):
            return self.spring
        RT = max(self.temperatures) * KELVIN
        k_gamma = k_eta = SPRING * RT
        if isinstance(self.windows, tuple):
            k_gamma = RT / n_sites * (self.windows[0] - 1) ** 2
            k_eta = RT / n_sites * max(1, self.windows[1] - 1) ** 2
        return k_gamma, k_eta

    def grid(self, n_sites: int, has_sides: bool) -> tuple[int, int]:
        """Number of windows along γ and along η.

        Where the sign of η counts, a crystal of high γ `has_sides`, +η and −η with a barrier between them: η has to be
        held there too.
        """
        if isinstance(self.windows, tuple):
            return self.windows
        # The width √(RT/N k) of a window that only its spring holds, at the coldest temperature.
        along = [
            1 + max(3, math.ceil(math.sqrt(n_sites * k / (min(self.temperatures) * KELVIN))))
            for k in self.springs(n_sites)
        ]
        return along[0], along[1] if has_sides else 1


def _temperatures(given: Any) -> tuple[float, ...]:
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    values = tuple(check_real("temperature", T, above=0.0, unit="K") for T in (given if several else (given,)))
    if not values or sorted(set(values)) != list(values):
        raise InputError(f"temperature = {given!r}: must be one or more temperatures in K, each once, in rising order")
    return values
