"""One lattice under one temperature: the object to play with."""

import math

import numpy as np

from mcsco.engine import Control, make_one
from mcsco.engine.arrhenius_batch import ArrheniusBatch
from mcsco.errors import InputError, check_integer
from mcsco.model import Kinetics, Model, State
from mcsco.sampling.controls import Controls

# Longest call into a kernel, in site updates: about a second, so that Ctrl-C is answered.
_UPDATES_PER_CALL = 2**28


class Simulation(Controls):
    """A lattice that moves at a temperature, a pressure and a field, all of which may be changed between runs.

    Parameters
    ----------
    model : Model
    temperature : float
        K.
    pressure : float
        GPa.
    field : float
        kJ/mol, conjugate to η.
    start : str
        ``"LS"``; ``"HS+"`` or ``"HS-"`` (one domain); ``"HS"`` (all HS, u = ±1 at random); ``"random"``.
    seed : int
        The same seed gives the same trajectory, bit by bit, for any number of threads.
    dynamics : str
        ``"metropolis"``, ``"heat-bath"`` or ``"arrhenius"`` (activated rates in steps of equal time).
    threads : int, optional
        Threads for one sweep; by default all cores from 2^17 sites on, else one.
    kernel : str
        ``"auto"``, ``"lattice"`` (colour by colour) or ``"replica"`` (random-sequential).
    kinetics : Kinetics, optional
        Prefactors and barriers of the dynamics ``"arrhenius"``.

    Raises
    ------
    InputError
        If a value breaks its rule.

    Examples
    --------
    >>> import mcsco
    >>> simulation = mcsco.Simulation(mcsco.presets.load("pmpea"), temperature=150.0, seed=1)
    >>> simulation.run(20)
    >>> simulation.gamma < 0.05
    True
    """

    def __init__(
        self,
        model: Model,
        temperature: float,
        pressure: float = 0.0,
        field: float = 0.0,
        start: str = "LS",
        seed: int = 0,
        dynamics: str = "metropolis",
        threads: int | None = None,
        kernel: str = "auto",
        kinetics: Kinetics | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
        self.model = model
        self.temperature = temperature
        self.pressure = pressure
        self.field = field
        self.seed = check_integer("seed", seed, minimum=0)
        if threads is not None:
            check_integer("threads", threads, minimum=1)
        self._batch = make_one(model, start, self.seed, dynamics, kernel, threads, kinetics)

    def run(self, sweeps: int) -> None:
        """Advance by `sweeps` Monte Carlo steps (every site attempted once in each)."""
        left = check_integer("sweeps", sweeps, minimum=0)
        control = Control(*(np.array([x]) for x in (self.temperature, self.pressure, self.field)))
        per_call = max(1, _UPDATES_PER_CALL // self.model.lattice.n_sites)
        while left > 0:
            n = min(left, per_call)
            self._batch.advance(control, control, 0, n, n)
            left -= n

    @property
    def sweeps(self) -> int:
        """Monte Carlo steps done."""
        return self._batch.sweep

    @property
    def time(self) -> float:
        """Time since the start in seconds, of the dynamics ``"arrhenius"``; NaN for others, which have no rates."""
        return float(self._batch.seconds[0]) if isinstance(self._batch, ArrheniusBatch) else math.nan

    @property
    def gamma(self) -> float:
        """HS fraction γ."""
        return float(self._batch.running[0, 0]) / self.model.n_molecules

    @property
    def q(self) -> float:
        """Order parameter q = 2γ − 1 of the spin."""
        return 2.0 * self.gamma - 1.0

    @property
    def eta(self) -> float:
        """η = ⟨u⟩, with its sign."""
        return float(self._batch.eta()[0])

    @property
    def energy(self) -> float:
        """Total energy H of the lattice, kJ/mol; equals ``model.energy(state, pressure, field)``."""
        batch = self._batch
        return float(batch.energy(batch.sums(), np.array([self.pressure]), np.array([self.field]))[0])

    @property
    def state(self) -> State:
        """A copy of the configuration: ``spin`` (int8, ±1) and ``distortion``, each of the lattice's shape."""
        return self._batch.state(0)

    def __repr__(self) -> str:
        shape = "×".join(str(extent) for extent in self.model.lattice.shape)
        values = f"γ = {self.gamma:.4f}, η = {self.eta:+.4f}"
        return f"Simulation({shape}, T = {self.temperature:g} K, {self.sweeps} MCS, {values})"
