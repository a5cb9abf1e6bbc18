"""A batch of replicas of one model that move together: the engine's door to Python.

Both kernels stand behind the same small interface, `Batch`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.codes import Codes, code_type, distortions, from_plain, spins, to_displacive, to_plain
from mcsco.engine.dynamics import DYNAMICS
from mcsco.engine.sites import apply_sites
from mcsco.errors import InputError, StateError
from mcsco.model import Displacive, Model, OrderDisorder, State

STARTS = ("LS", "HS+", "HS-", "HS", "random")
"""Names of the initial states."""


class Control(NamedTuple):
    """What acts on every replica: temperature (K), pressure (GPa) and field (kJ/mol), each of shape (R,)."""

    temperature: npt.NDArray[np.float64]
    pressure: npt.NDArray[np.float64]
    field: npt.NDArray[np.float64]


class Sums(NamedTuple):
    """Extensive sums of every replica, each of shape (R,); all energies follow from them.

    All but the last two are integers, unless the distortion is continuous.
    """

    n: npt.NDArray[np.int64]
    """Σ n."""
    u: npt.NDArray[Any]
    """Σ u."""
    bonds_spin: npt.NDArray[np.int64]
    """Σ_<ij> σσ'."""
    bonds_u: npt.NDArray[Any]
    """Σ_<ij> uu'."""
    pairs: npt.NDArray[np.float64]
    """Energy of the long-range pair terms, and of all that tells sites apart, at zero pressure, kJ/mol."""
    local: npt.NDArray[np.float64]
    """Σ V(u), the energy of the local wells, kJ/mol."""
    work: npt.NDArray[np.float64] | float = 0.0
    """Σ n of what 1 GPa costs at a site more than at a first centre, kJ/mol."""


def start_codes(model: Model, start: str, n_replicas: int, seed: int, *path: int) -> Codes:
    """Codes of an initial state, shape (R, *lattice).

    ``LS`` everywhere; ``HS+`` and ``HS-`` one domain; ``HS`` all molecules HS with u = ±1 at random; ``random`` HS or
    LS with equal chance, and u = ±1 at random where HS. LS molecules have u = 0: continuous distortions begin at the
    bottom of their well.
    """
    shape = (n_replicas, *model.lattice.shape)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=(*path, 1))))
    sign = rng.integers(0, 2, shape, dtype=np.int8) * 2 - 1
    spin = {"LS": 0, "random": rng.integers(0, 2, shape, dtype=np.int8)}.get(start, 1)
    codes = np.broadcast_to(np.asarray(spin, dtype=np.int8), shape)
    if model.distortion is not None:
        codes = codes * {"HS+": 1, "HS-": -1}.get(start, sign)
    codes = np.array(apply_sites(model, codes), dtype=np.int8, order="C")  # writable, as compiled kernels expect
    return to_displacive(codes) if isinstance(model.distortion, Displacive) else codes


class Batch(ABC):
    """Replicas of one model, each under its own temperature, pressure and field.

    Parameters
    ----------
    model : Model
    codes : ndarray, shape (R, *lattice)
        Initial state (see `mcsco.engine.codes`): u for three states, n without a distortion, both for displacive ones.
    dynamics : str
        One of `DYNAMICS`.
    key : ndarray of uint32, shape (2,)
        Key of the random numbers.
    threads : int
        Threads that one sweep may use; the result does not depend on it.
    """

    def __init__(
        self, model: Model, codes: Codes, dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        self._check_sites(model)
        self.model = model
        self.three = isinstance(model.distortion, OrderDisorder)
        self.n_replicas = codes.shape[0]
        self.dynamics = DYNAMICS.index(dynamics)
        self.key = key
        self.threads = threads
        self.sweep = 0
        # Running Σ n and Σ s of every replica, kept by the kernels; Σ n alone where s is continuous.
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

    def _check_sites(self, model: Model) -> None:
        """Raise `InputError` unless the kernel knows sites such as the model's."""
        if not model.is_uniform:
            raise InputError(
                "model: second centres, sublattice couplings and disorder are not served by this kernel; "
                "choose kernel = 'auto'"
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
    def codes(self) -> Codes:
        """Codes of all replicas, shape (R, *lattice)."""

    @abstractmethod
    def sums(self) -> Sums:
        """The extensive sums of every replica."""

    @abstractmethod
    def recount(self) -> None:
        """Raise `StateError` unless the running sums equal a fresh count."""

    def eta(self) -> npt.NDArray[np.float64]:
        """η of every replica, shape (R,)."""
        return self.running[:, 1] / self.model.n_molecules if self.three else np.zeros(self.n_replicas)

    def sublattice_sums(self) -> npt.NDArray[np.int64]:
        """Σ n of the two sublattices, shape (R, 2)."""
        n, first = spins(self.codes()) > 0, self.model.lattice.sublattice() == 0
        return np.stack([n[:, first].sum(axis=1), n[:, ~first].sum(axis=1)], axis=1)

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit; random numbers are functions of the sweep."""
        return to_plain("codes", self.codes()) | {"sweep": np.array(self.sweep)}

    @abstractmethod
    def set_codes(self, codes: Codes) -> None:
        """Take over a configuration, shape (R, *lattice)."""

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it is no configuration of this batch.
        """
        codes = from_plain("codes", memory)
        if not self._fits(codes):
            raise StateError("the checkpoint holds no configuration of this model")
        self.set_codes(np.ascontiguousarray(codes, dtype=code_type(self.model)))
        self.sweep = int(memory["sweep"])

    def state(self, replica: int = 0) -> State:
        """The configuration of one replica."""
        codes = self.codes()[replica]
        return State(spins(codes), distortions(self.model, codes))

    def _fits(self, codes: Codes) -> bool:
        """Whether codes are those of a configuration of this batch."""
        if codes.shape != (self.n_replicas, *self.model.lattice.shape):
            return False
        if not np.array_equal(apply_sites(self.model, codes), codes):
            return False
        if code_type(self.model).names is None:
            return codes.dtype.names is None and codes.min() >= (-1 if self.three else 0) and codes.max() <= 1
        if codes.dtype.names is None:
            return False
        return bool(np.isin(codes["n"], (0, 1)).all() and np.isfinite(codes["u"]).all())

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
            + sums.work * pressure
            + sums.local
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
        none = np.zeros(n.shape)
        return Sums(n, u if self.three else zero, bonds_spin, bonds_s if self.three else zero, none, none)

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
