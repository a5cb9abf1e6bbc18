"""Replicas of a crystal whose springs stretch by their true length.

The density that is sampled is exp(−H/T) Π g^n dw dε, as for linear springs: flat in the displacements w from the
deformed lattice and in the free strain ε. The moves: `mcsco.engine.anharmonic_kernel`.
"""

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.anharmonic_kernel import Configuration, Network, anharmonic_sweeps
from mcsco.engine.spring_batch import colours, draw_start, to_state
from mcsco.engine.spring_network import SpringNetwork
from mcsco.errors import InputError, StateError
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs, free_strains, shear_sign
from mcsco.model.state import State

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

TARGET = 0.45
"""Accepted fraction that `tune` steers both kinds of proposals to; anything from 0.3 to 0.6 does nearly as well."""

_TUNE_EVERY = 10
"""Sweeps between two corrections of the widths."""

_RECOUNT_EVERY = 1000
"""Sweeps after which `advance` recounts the running energies; this does not touch the trajectory."""

_DRIFT = 1e-8
"""Difference between running and recounted energy, relative to the bonds' energies, that rounding cannot explain."""


class AnharmonicBatch:
    """Replicas of one model under the same conditions; parameters and attributes as of `SpringBatch`.

    Parameters
    ----------
    model : SpringModel
        With anharmonic springs.
    start : str
    n_replicas : int
    key : ndarray of uint32, shape (2,)
    pinned : ndarray of int8, shape (N,), optional

    Raises
    ------
    InputError
        If the springs are linear, the start is unknown, or the crystal would come apart.
    """

    def __init__(
        self, model: SpringModel, start: str, n_replicas: int, key: npt.NDArray[np.uint32], pinned: Codes | None = None
    ) -> None:
        crystal, springs = model.crystal, model.springs
        if not springs.anharmonic:
            raise InputError("springs: are linear; give anharmonic=True, or use SpringBatch")
        check_coherent(crystal, springs)
        self.model = model
        self.three = model.distortion is not None
        self.sweep = 0
        self.widths = np.array([1.0, 1.0])
        """Half-widths of the proposals of steps and of deformations, in units of the thermal motion on one's own."""
        self.counts = np.zeros(4, dtype=np.int64)
        """Accepted and offered steps, accepted and offered deformations, since `tune` or the start."""
        self._key = key
        N = crystal.n_molecules
        held = np.zeros(N, dtype=np.int8) if pinned is None else pinned
        self._network = make_network(crystal, springs, held, self.three)
        self._softness = make_softness(crystal, springs, self._network)
        rng = np.random.Generator(np.random.Philox(key=int(key[0]) << 32 | int(key[1]), counter=[0, 0, 0, 1]))
        codes = np.ascontiguousarray(draw_start(start, self.three, held, n_replicas, rng).T)
        self.configuration = Configuration(
            codes, np.zeros((n_replicas, N, 3)), np.zeros((n_replicas, 3, 3)), np.zeros(n_replicas)
        )
        for r in range(n_replicas):
            self.configuration.deformation[r] = self._fit(self.state(r))
        self.configuration.energy[:] = self._elastic_energies()
        Z = len(self._network.vector)
        self._scratch = np.zeros((2, Z)), np.zeros((Z, 3)), np.zeros((Z, 3)), np.zeros((3, 3))

    def _fit(self, state: State) -> Array:
        """The homogeneous deformation that gives the crystal the mean size and shear of its molecules, shape (3, 3)."""
        springs, d = self.model.springs, self.model.crystal.n_dimensions
        stretch = 2.0 * (springs.radius_LS + (springs.radius_HS - springs.radius_LS) * state.gamma) / springs.spacing
        G = np.zeros((3, 3))
        for E in self._network.basis:
            x, y = np.argwhere(E)[0]
            if x == y:
                G += (stretch - 1.0) * E
            elif {x, y} == {0, d - 1}:
                # The shear of an open axis is written as one entry, e to the left and right as their sum.
                G += stretch * springs.shear * state.eta * (E if E[y, x] else 2.0 * E)
        return G

    @property
    def codes(self) -> Codes:
        """Codes of all molecules: u of models with distortion, n of plain ones, shape (N, R)."""
        return self.configuration.codes.T

    def advance(self, temperature: float, pressure: float, field: float, n_sweeps: int) -> None:
        """Sweep `n_sweeps` times at T (K), P (GPa) and h (kJ/mol); how sweeps are cut into calls changes nothing.

        Raises
        ------
        StateError
            If a running energy has drifted.
        """
        spin = self.model.spin
        work = spin.enthalpy + units.pressure_work(pressure, spin.volume)
        gap = work / units.KELVIN - temperature * spin.ln_g
        J, K = (coupling / units.KELVIN for coupling in self.model.couplings)
        controls = temperature, gap, field / units.KELVIN if self.three else 0.0, J, K
        steps, deforming = (
            width * np.sqrt(temperature) * soft for width, soft in zip(self.widths, self._softness, strict=True)
        )
        anharmonic_sweeps(
            self.configuration,
            self._network,
            controls,
            steps,
            deforming,
            self.sweep,
            n_sweeps,
            self._key,
            self.counts,
            self._scratch,
        )
        before, self.sweep = self.sweep, self.sweep + n_sweeps
        if before // _RECOUNT_EVERY != self.sweep // _RECOUNT_EVERY:
            self.recount()

    def tune(self, temperature: float, pressure: float, field: float, n_sweeps: int) -> None:
        """Sweep, and meanwhile steer the widths to `TARGET`; what is sampled meanwhile is not quite in equilibrium."""
        done = 0
        while done < n_sweeps:
            self.counts[:] = 0
            now = min(_TUNE_EVERY, n_sweeps - done)
            self.advance(temperature, pressure, field, now)
            done += now
            for kind in (0, 1):
                accepted, offered = self.counts[2 * kind : 2 * kind + 2]
                if offered:
                    # Corrections shrink as 1/n (Robbins and Monro), so that the widths come to rest.
                    gain = 2.0 / (1.0 + done / (5.0 * _TUNE_EVERY))
                    self.widths[kind] *= np.exp(gain * (accepted / offered - TARGET))
        self.counts[:] = 0

    def acceptance(self) -> tuple[float, float]:
        """Accepted fractions of steps and of deformations since `tune` or the start; NaN where none were offered."""
        accepted, offered = self.counts[::2], self.counts[1::2]
        rates = np.where(offered > 0, accepted / np.maximum(offered, 1), np.nan)
        return float(rates[0]), float(rates[1])

    def displacements(self, replica: int = 0) -> tuple[Array, Array]:
        """Displacements (N, d) from the reference lattice, Å, and free strain (d, d) of one replica, as they are."""
        crystal = self.model.crystal
        d = crystal.n_dimensions
        strain = np.zeros((d, d))
        G = self.configuration.deformation[replica, :d, :d]
        for a, b in free_strains(crystal):
            strain[a, b], strain[b, a] = G[a, b], G[b, a]
        x = self.model.springs.spacing * crystal.positions
        w = self.configuration.displacement[replica, :, :d] + x @ (G - strain).T
        return w - w.mean(axis=0), strain

    def _elastic_energies(self) -> Array:
        """Elastic energy of every replica by the oracle, K, shape (R,)."""
        springs, crystal = self.model.springs, self.model.crystal
        energies = [
            springs.elastic_energy(crystal, self.state(r), *self.displacements(r)) for r in range(self.codes.shape[1])
        ]
        return np.array(energies) / units.KELVIN

    def recount(self) -> None:
        """Compare the running elastic energies with the oracle, and go on from the latter.

        Raises
        ------
        StateError
            If they differ by more than rounding.
        """
        running, fresh = self.configuration.energy, self._elastic_energies()
        # Lengths are differences of coordinates, so that the scale of rounding is that of a bond, not of its misfit.
        scale = np.abs(fresh) + self._network.half_stiffness.max() * 1e-3 * len(self._network.other)
        if not np.all(np.abs(running - fresh) <= _DRIFT * scale):
            raise StateError(f"running energies {running.tolist()} K differ from their recount {fresh.tolist()} K")
        running[:] = fresh

    def energies(self, pressure: float = 0.0, field: float = 0.0) -> Array:
        """H of every replica at its present displacements, kJ/mol, shape (R,), after a recount."""
        self.recount()
        return np.array(
            [
                self.model.energy(self.state(r), pressure, field, *self.displacements(r))
                for r in range(self.codes.shape[1])
            ]
        )

    def state(self, replica: int = 0) -> State:
        """The configuration of one replica, one entry a molecule."""
        return to_state(self.configuration.codes[replica], self.three)


def check_coherent(crystal: Crystal, springs: Springs) -> None:
    """Raise `InputError` if a crystal would come apart: it may bend where a linear one must be rigid."""
    from scipy import sparse

    bonds, N = crystal.bonds, crystal.n_molecules
    graph: Any = sparse.coo_array((np.ones(len(bonds.first)), (bonds.first, bonds.second)), shape=(N, N))
    pieces = sparse.csgraph.connected_components(graph, directed=False)[0]
    if pieces > 1:
        raise InputError(f"crystal: falls into {pieces} pieces; simulate them one by one")
    if free_strains(crystal):
        SpringNetwork(crystal, springs)  # refuses crystals whose strain is not held by bonds


def make_network(crystal: Crystal, springs: Springs, pinned: Codes, three: bool) -> Network:
    """The bonds of a crystal as seen by its molecules."""
    bonds, N, d = crystal.bonds, crystal.n_molecules, crystal.n_dimensions
    offsets, example, forth = np.unique(bonds.offset, axis=0, return_index=True, return_inverse=True)
    half = len(offsets)
    here = np.concatenate([bonds.first, bonds.second])
    by_molecule = np.argsort(here, kind="stable")
    vector = np.zeros((2 * half, 3))
    vector[:, :d] = springs.spacing * np.concatenate([offsets, -offsets])
    length, sign = (np.tile(values[example], 2) for values in (bonds.length, shear_sign(crystal)))
    distorted = springs.radius_HS * (1.0 + np.outer(sign * springs.shear, [-1.0, 0.0, 1.0]))
    distorted[:, 1] = springs.radius_LS
    allowed = np.ones((N, 3), dtype=np.bool_)
    allowed[:, 0] = three
    allowed[pinned > 0, 1] = False
    allowed[pinned < 0, ::2] = False
    return Network(
        np.argsort(colours(crystal), kind="stable"),
        np.searchsorted(here[by_molecule], np.arange(N + 1)),
        np.concatenate([bonds.second, bonds.first])[by_molecule],
        np.concatenate([forth, forth + half])[by_molecule],
        vector,
        np.tile(springs.stiffness(crystal)[example], 2) / (2.0 * units.KELVIN),
        np.tile(bonds.is_nearest[example], 2),
        length[:, None] * distorted,
        allowed,
        make_basis(crystal),
    )


def make_basis(crystal: Crystal) -> Array:
    """Homogeneous deformations that the boundaries leave free, shape (M, 3, 3).

    Free strains of periodic axes are symmetric matrices; along open axes a deformation is one entry, which only
    reorganises displacements. Deformations that stretch no bond are left out.
    """
    d, strains = crystal.n_dimensions, free_strains(crystal)
    basis = []
    for a, b in combinations_with_replacement(range(d), 2):
        E = np.zeros((3, 3))
        if (a, b) in strains:
            E[a, b] = E[b, a] = 1.0
        elif crystal.boundary[b] == "open":
            E[a, b] = 1.0
        elif crystal.boundary[a] == "open":
            E[b, a] = 1.0
        if np.any(np.einsum("ba,ac,bc->b", crystal.bonds.direction, E[:d, :d], crystal.bonds.direction)):
            basis.append(E)
    return np.array(basis).reshape(-1, 3, 3)


def make_softness(crystal: Crystal, springs: Springs, network: Network) -> tuple[Array, Array]:
    """1/√stiffness of a molecule between its neighbours, Å/√K, (N, 3), and of a deformation, 1/√K, (M,)."""
    d, bonds = crystal.n_dimensions, crystal.bonds
    k = springs.stiffness(crystal) / units.KELVIN
    steps = np.zeros((crystal.n_molecules, 3))
    total = sum(np.bincount(end, k, minlength=len(steps)) for end in (bonds.first, bonds.second))
    steps[:, :d] = np.sqrt(d / total)[:, None]
    stretch = springs.spacing * np.einsum(
        "ba,mac,bc->mb", bonds.direction, network.basis[:, :d, :d], bonds.offset.astype(np.float64)
    )
    return steps, 1.0 / np.sqrt(stretch**2 @ k)
