"""Replicas of block spins under one global strain that move together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.batch import Control
from mcsco.engine.bridge_kernel import STEPS, bridge_sweeps
from mcsco.engine.random_numbers import BLOCK
from mcsco.errors import InputError, StateError
from mcsco.model.bridge import GlobalStrain

STARTS = ("LS", "HS+", "HS-")
"""Names of the initial states: q = −1 without strain, and q = +1 in one of the two domains."""

Array = npt.NDArray[np.float64]


class BridgeBatch:
    """Replicas of a `GlobalStrain` model; each has k HS blocks and a strain η.

    Parameters
    ----------
    model : GlobalStrain
    n_molecules : int
        N of every replica, a multiple of the block size.
    n_replicas : int
    start : str
        One of `STARTS`.
    temperature : float
        K, for which the first width of the strain's steps is chosen.
    strain_moves : int
        Steps of η in a sweep.
    key : ndarray of uint32, shape (2,)
        Key of the random numbers.
    """

    def __init__(
        self,
        model: GlobalStrain,
        n_molecules: int,
        n_replicas: int,
        start: str,
        temperature: float,
        strain_moves: int,
        key: npt.NDArray[np.uint32],
    ) -> None:
        if start not in STARTS:
            raise InputError(f"start = {start!r}: must be one of {', '.join(STARTS)}")
        self.model = model
        self.n_molecules = n_molecules
        self.n_replicas = n_replicas
        self.n_blocks = model.n_blocks(n_molecules)
        self.key = key
        self.sweep = 0
        enthalpy, *rest = model.coefficients()
        self._coefficients = tuple(rest)
        self._to_kelvin = np.array([[1.0, 0.0], [0.0, units.pressure_work(1.0, model.spin.volume) / units.KELVIN]])
        self._enthalpy = enthalpy
        self._sizes = (self.n_blocks, model.block_size, strain_moves)
        _, _, _, b, D, E = self._coefficients
        strain2 = max(0.0, -(2 * D + E) / b)  # η² of the saturated HS phase
        sign = {"LS": 0, "HS+": 1, "HS-": -1}[start]
        self.high = np.full(n_replicas, self.n_blocks if sign else 0, dtype=np.int64)
        self.eta = np.full(n_replicas, sign * np.sqrt(strain2))
        stiffness = 2 * b * strain2 + np.sqrt(b * temperature / n_molecules)
        self.width = np.full(n_replicas, 2.4 * np.sqrt(temperature / (n_molecules * stiffness)))
        self.accepted = np.zeros(n_replicas, dtype=np.int64)
        self._start, self._step, self._control = np.zeros((3, n_replicas, 2))
        self._lanes = tuple(np.zeros(n_replicas) for _ in range(3))
        self._words = np.zeros(-(-2 * STEPS * n_replicas // BLOCK) * BLOCK, dtype=np.uint32)

    @property
    def q(self) -> Array:
        """Order parameter q of every replica, shape (R,)."""
        return np.asarray((2 * self.high - self.n_blocks) / self.n_blocks)

    def advance(self, begin: Control, end: Control, first: int, n_sweeps: int, leg_sweeps: int, tuned: int = 0) -> None:
        """Sweep `n_sweeps` times on a straight path of the controls.

        Parameters
        ----------
        begin, end : Control
            Controls before the leg's first sweep and during its last; the field must be zero.
        first : int
            Sweeps of the leg that are done already.
        n_sweeps : int
            Sweeps to do now.
        leg_sweeps : int
            Sweeps of the whole leg. How a leg is cut into calls does not change the trajectory.
        tuned : int
            Sweeps at the beginning of the leg in which the widths of the strain's steps are tuned. They break
            detailed balance and must not be measured.
        """
        self._start[:] = self._in_kelvin(begin)
        self._step[:] = (self._in_kelvin(end) - self._start) / leg_sweeps
        bridge_sweeps(
            self.high,
            self.eta,
            self.width,
            self.accepted,
            (self._start, self._step, self._control),
            first,
            n_sweeps,
            tuned,
            self.sweep,
            self._sizes,
            self._coefficients,
            self.key,
            self._lanes,
            self._words,
        )
        self.sweep += n_sweeps

    def _in_kelvin(self, control: Control) -> Array:
        T, work = np.stack([control.temperature, control.pressure], axis=1) @ self._to_kelvin.T, self._enthalpy
        return np.asarray(T + np.array([0.0, work]))

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit; random numbers are functions of the sweep."""
        return {
            "high": self.high.copy(),
            "eta": self.eta.copy(),
            "width": self.width.copy(),
            "sweep": np.array(self.sweep),
        }

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it is no state of this batch.
        """
        high, eta, width = (memory[name] for name in ("high", "eta", "width"))
        fits = all(x.shape == (self.n_replicas,) for x in (high, eta, width))
        if not fits or high.min() < 0 or high.max() > self.n_blocks or not (width > 0).all():
            raise StateError("the checkpoint holds no state of this model")
        self.high[:], self.eta[:], self.width[:] = high, eta, width
        self.sweep = int(memory["sweep"])
