"""A batch of replicas of one model that move together: the engine's door to Python.

Both kernels stand behind the same small interface, `Batch`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.dynamics import DYNAMICS
from mcsco.errors import InputError, StateError
from mcsco.model import Model, OrderDisorder, State

STARTS = ("LS", "HS+", "HS-", "HS", "random")
"""Names of the initial states."""


class Control(NamedTuple):
    """What acts on every replica: temperature (K), pressure (GPa) and field (kJ/mol), each of shape (R,)."""

    temperature: npt.NDArray[np.float64]
    pressure: npt.NDArray[np.float64]
    field: npt.NDArray[np.float64]


class Sums(NamedTuple):
    """Extensive integers of every replica, each of shape (R,); all energies follow from them."""

    n: npt.NDArray[np.int64]
    """Σ n."""
    u: npt.NDArray[np.int64]
    """Σ u."""
    bonds_spin: npt.NDArray[np.int64]
    """Σ_<ij> σσ'."""
    bonds_u: npt.NDArray[np.int64]
    """Σ_<ij> uu'."""
    pairs: npt.NDArray[np.float64]
    """Energy of the long-range pair terms at zero pressure, kJ/mol."""


def start_codes(model: Model, start: str, n_replicas: int, seed: int, *path: int) -> npt.NDArray[np.int8]:
    """Codes of an initial state, shape (R, *lattice).

    ``LS`` everywhere; ``HS+`` and ``HS-`` one domain; ``HS`` all molecules HS with u = ±1 at random; ``random`` HS or
    LS with equal chance, and u = ±1 at random where HS.
    """
    shape = (n_replicas, *model.lattice.shape)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=(*path, 1))))
    sign = rng.integers(0, 2, shape, dtype=np.int8) * 2 - 1
    spin = {"LS": 0, "random": rng.integers(0, 2, shape, dtype=np.int8)}.get(start, 1)
    codes = np.broadcast_to(np.asarray(spin, dtype=np.int8), shape)
    if isinstance(model.distortion, OrderDisorder):
        codes = codes * {"HS+": 1, "HS-": -1}.get(start, sign)
    return np.array(codes, dtype=np.int8, order="C")  # writable, as compiled kernels expect


class Batch(ABC):
    """Replicas of one model, each under its own temperature, pressure and field.

    Parameters
    ----------
    model : Model
    codes : ndarray of int8, shape (R, *lattice)
        Initial state: u for models with a distortion, n for those without.
    dynamics : str
        One of `DYNAMICS`.
    key : ndarray of uint32, shape (2,)
        Key of the random numbers.
    threads : int
        Threads that one sweep may use; the result does not depend on it.
    """

    def __init__(
        self, model: Model, codes: npt.NDArray[np.int8], dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        self.model = model
        self.three = isinstance(model.distortion, OrderDisorder)
        self.n_replicas = codes.shape[0]
        self.dynamics = DYNAMICS.index(dynamics)
        self.key = key
        self.threads = threads
        self.sweep = 0
        # Running Σ n and Σ s of every replica; kept by the kernels.
        self.running = np.zeros((self.n_replicas, 2), dtype=np.int64)
        spin, couplings = model.spin, model.couplings
        self.energies = np.array([spin.enthalpy, 0.0, *couplings]) / units.KELVIN  # K per molecule
        self.energies[1] = spin.ln_g
        self.start, self.step, self.control = np.zeros((3, self.n_replicas, 3))
        # What 1 GPa adds to the energy of a HS molecule and of u = 1, kJ/mol.
        self.per_pressure = np.array([units.pressure_work(1.0, spin.volume), 0.0])
        if model.pair_terms is not None:
            self.per_pressure += model.pair_terms.per_pressure
        # (T, P, h) in public units → (T, work on a HS molecule, field on u), in K.
        self.to_kelvin = np.array(
            [
                [1.0, 0.0, 0.0],
                [0.0, self.per_pressure[0] / units.KELVIN, -self.per_pressure[1] / units.KELVIN],
                [0.0, 0.0, 1.0 / units.KELVIN],
            ]
        )

    def advance(self, begin: Control, end: Control, first: int, n_sweeps: int, leg_sweeps: int) -> None:
        """Sweep `n_sweeps` times on a straight path of the controls.

        Parameters
        ----------
        begin, end : Control
            Controls before the leg's first sweep and during its last.
        first : int
            Sweeps of the leg that are done already.
        n_sweeps : int
            Sweeps to do now.
        leg_sweeps : int
            Sweeps of the whole leg. How a leg is cut into calls does not change the trajectory.
        """
        self.start[:] = np.stack(begin, axis=1) @ self.to_kelvin
        self.step[:] = (np.stack(end, axis=1) @ self.to_kelvin - self.start) / leg_sweeps
        self._advance(first, n_sweeps)
        self.sweep += n_sweeps

    @abstractmethod
    def _advance(self, first: int, n_sweeps: int) -> None: ...

    @abstractmethod
    def codes(self) -> npt.NDArray[np.int8]:
        """Codes of all replicas, shape (R, *lattice)."""

    @abstractmethod
    def sums(self) -> Sums:
        """The extensive sums of every replica."""

    @abstractmethod
    def recount(self) -> None:
        """Raise `StateError` unless the running sums equal a fresh count."""

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit; random numbers are functions of the sweep."""
        return {"codes": self.codes(), "sweep": np.array(self.sweep)}

    @abstractmethod
    def set_codes(self, codes: npt.NDArray[np.int8]) -> None:
        """Take over a configuration, shape (R, *lattice)."""

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it is no configuration of this batch.
        """
        codes = memory["codes"]
        least = -1 if self.three else 0
        if codes.shape != (self.n_replicas, *self.model.lattice.shape) or codes.min() < least or codes.max() > 1:
            raise StateError("the checkpoint holds no configuration of this model")
        self.set_codes(np.ascontiguousarray(codes, dtype=np.int8))
        self.sweep = int(memory["sweep"])

    def state(self, replica: int = 0) -> State:
        """The configuration of one replica."""
        codes = self.codes()[replica]
        spin = (2 * (codes != 0) - 1).astype(np.int8)
        return State(spin, codes if self.three else np.zeros_like(codes))

    def energy(self, sums: Sums, pressure: npt.NDArray[np.float64], field: npt.NDArray[np.float64]):  # type: ignore[no-untyped-def]
        """H of every replica in kJ/mol for the whole lattice, shape (R,)."""
        N = self.model.lattice.n_sites
        J, K, Gamma, K_inf, L = self.model.couplings
        gamma, eta = sums.n / N, sums.u / N
        spin = self.model.spin
        return (
            (spin.enthalpy + self.per_pressure[0] * pressure) * sums.n
            + self.per_pressure[1] * pressure * sums.u
            + sums.pairs
            - J * sums.bonds_spin
            - K * sums.bonds_u
            + N * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)
            - field * sums.u
        )

    def _complete(self, n, u, bonds_n, bonds_s) -> Sums:  # type: ignore[no-untyped-def]
        """Sums from Σn, Σs, Σnn', Σss', with σ = 2n − 1."""
        lattice = self.model.lattice
        bonds_spin = 4 * bonds_n - 2 * lattice.coordination * n + lattice.n_bonds
        zero = np.zeros_like(n)
        no_pairs = np.zeros(n.shape)
        return Sums(n, u if self.three else zero, bonds_spin, bonds_s if self.three else zero, no_pairs)

    def _check(self, running: npt.NDArray[np.int64], fresh: npt.NDArray[np.int64]) -> None:
        if not np.array_equal(running, fresh):
            raise StateError(f"running sums {running.tolist()} differ from their recount {fresh.tolist()}")


def has_fields(model: Model) -> bool:
    """Whether the model's infinite-range terms can act through Gaussian fields (Γ ≥ 0, K∞ ≥ 0, L = 0)."""
    _, _, Gamma, K_inf, L = model.couplings
    return Gamma >= 0 and K_inf >= 0 and L == 0


def check_name(name: str, value: str, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of the known names, or raise `InputError`."""
    if value not in known:
        raise InputError(f"{name} = {value!r}: must be one of {', '.join(known)}")
    return value
