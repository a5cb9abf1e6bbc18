"""One crystal with free surfaces, held together by springs, under one temperature."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.engine.anharmonic_batch import AnharmonicBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.errors import InputError, check_integer
from mcsco.model.crystal import Crystal
from mcsco.model.interactions import NearestNeighbours
from mcsco.model.site import OrderDisorder, SpinCrossover
from mcsco.model.springs import SpringModel, Springs
from mcsco.model.state import State
from mcsco.sampling.controls import Controls

PINNED = {"HS": 1, "LS": -1}
"""What a surface can be held in."""


class Acceptance(NamedTuple):
    """Accepted fractions of the moves of anharmonic crystals; 1 for linear ones, whose displacements are drawn."""

    displacement: float
    """Of the steps of single molecules."""
    deformation: float
    """Of the homogeneous deformations; NaN where there are none."""


class SpringSimulation(Controls):
    """A crystal of springs that moves at a temperature, a pressure and a field, which may be changed between runs.

    Parameters
    ----------
    crystal : Crystal
    spin : SpinCrossover
    springs : Springs
        Anharmonic ones move their molecules step by step: `equilibrate` such crystals before they are measured.
    temperature : float
        K.
    distortion : OrderDisorder, optional
    interactions : sequence of NearestNeighbours
        Direct couplings beside the springs.
    pressure : float
        GPa; does the work P ΔV of `spin`.
    field : float
        kJ/mol, conjugate to η.
    start : str
        ``"LS"``; ``"HS+"`` or ``"HS-"`` (one domain); ``"HS"`` (all HS, u = ±1 at random); ``"random"``.
    seed : int
        The same seed gives the same trajectory, however it is cut into runs.
    pinned : str, optional
        ``"HS"`` or ``"LS"`` holds the spin of the surface molecules.
    pinned_layers : int
        How many layers are held.
    solver : str
        ``"auto"``, ``"factorise"`` (sparse factor, made once) or ``"iterate"`` (conjugate gradients, large 3-D);
        linear springs only.

    Raises
    ------
    InputError
        If a value breaks its rule, or the crystal is not rigid (anharmonic ones may bend, but must not come apart).

    Examples
    --------
    >>> from mcsco.model import SpinCrossover
    >>> from mcsco.model.crystal import Crystal
    >>> from mcsco.model.springs import Springs
    >>> springs = Springs(60.0, 30.0, radius_LS=5.0, radius_HS=5.2)
    >>> simulation = SpringSimulation(Crystal.disc(11), SpinCrossover(15.3, 66.5), springs, temperature=150.0)
    >>> simulation.run(20)
    >>> simulation.gamma < 0.05
    True
    """

    def __init__(
        self,
        crystal: Crystal,
        spin: SpinCrossover,
        springs: Springs,
        temperature: float,
        distortion: OrderDisorder | None = None,
        interactions: Sequence[NearestNeighbours] = (),
        pressure: float = 0.0,
        field: float = 0.0,
        start: str = "LS",
        seed: int = 0,
        pinned: str | None = None,
        pinned_layers: int = 1,
        solver: str = "auto",
    ) -> None:
        self.model = SpringModel(crystal, spin, springs, distortion, tuple(interactions))
        self.temperature = temperature
        self.pressure = pressure
        self.field = field
        self.seed = check_integer("seed", seed, minimum=0)
        key, held = make_key(self.seed, 0), hold_surface(crystal, pinned, pinned_layers)
        self._batch: SpringBatch | AnharmonicBatch
        if springs.anharmonic:
            if solver != "auto":
                raise InputError(f"solver = {solver!r}: anharmonic springs have none; leave it out")
            self._batch = AnharmonicBatch(self.model, start, 1, key, held)
        else:
            self._batch = SpringBatch(self.model, start, 1, key, held, solver)

    def run(self, sweeps: int) -> None:
        """Advance by `sweeps` Monte Carlo steps (displacements drawn once, every molecule attempted once in each).

        Anharmonic crystals offer every molecule one step instead, and then the crystal one homogeneous deformation.
        """
        n_sweeps = check_integer("sweeps", sweeps, minimum=0)
        self._batch.advance(self.temperature, self.pressure, self.field, n_sweeps)

    def equilibrate(self, sweeps: int) -> None:
        """Advance as `run` does, and meanwhile tune the widths of the moves of an anharmonic crystal.

        Widths are multiples of the thermal motion, thus follow √T by themselves, and stay fixed during `run`: only
        then is the Boltzmann distribution left invariant. A hundred sweeps suffice to tune; one call, not many.
        """
        n_sweeps = check_integer("sweeps", sweeps, minimum=0)
        if isinstance(self._batch, AnharmonicBatch):
            self._batch.tune(self.temperature, self.pressure, self.field, n_sweeps)
        else:
            self.run(n_sweeps)

    @property
    def acceptance(self) -> Acceptance:
        """Accepted fractions of the moves since the start or the last `equilibrate`; NaN before the first `run`."""
        if isinstance(self._batch, AnharmonicBatch):
            return Acceptance(*self._batch.acceptance())
        return Acceptance(1.0, 1.0)

    @property
    def sweeps(self) -> int:
        """Monte Carlo steps done."""
        return self._batch.sweep

    @property
    def gamma(self) -> float:
        """HS fraction γ."""
        return self.state.gamma

    @property
    def q(self) -> float:
        """Q = 2γ − 1."""
        return self.state.q

    @property
    def eta(self) -> float:
        """η = ⟨u⟩, with its sign."""
        return self.state.eta

    @property
    def energy(self) -> float:
        """H of the crystal, kJ/mol: of linear springs when relaxed, equal to ``model.energy(state, pressure, field)``;
        of anharmonic ones as they are, vibrations included.

        Raises
        ------
        StateError
            If the running energy of an anharmonic crystal has drifted away from that of its positions.
        """
        return float(self._batch.energies(self.pressure, self.field)[0])

    @property
    def state(self) -> State:
        """A copy of the configuration, one entry a molecule; `Crystal.to_grid` lays it out."""
        return self._batch.state(0)

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Positions of the molecules, Å, shape (N, d), axes as in the crystal's shape.

        Those of linear springs are relaxed; those of anharmonic ones are as they are, up to a translation.
        """
        w, strain = self._batch.displacements(0)
        reference = self.model.springs.spacing * self.model.crystal.positions
        return np.asarray(reference + reference @ strain + w)

    def __repr__(self) -> str:
        N, values = self.model.crystal.n_molecules, f"γ = {self.gamma:.4f}, η = {self.eta:+.4f}"
        return f"SpringSimulation({N} molecules, T = {self.temperature:g} K, {self.sweeps} MCS, {values})"


def hold_surface(crystal: Crystal, pinned: str | None, layers: int = 1) -> npt.NDArray[np.int8] | None:
    """+1 (HS) or −1 (LS) on the molecules of the outermost `layers`, 0 inside, shape (N,); None without pinning."""
    if pinned is None:
        return None
    if pinned not in PINNED:
        raise InputError(f"pinned = {pinned!r}: must be one of {', '.join(PINNED)}, or None")
    surface = crystal.surface(layers)
    if not surface.any():
        raise InputError(f"pinned = {pinned!r}: the crystal has no surface; open an axis or leave it out")
    return (PINNED[pinned] * surface).astype(np.int8)
