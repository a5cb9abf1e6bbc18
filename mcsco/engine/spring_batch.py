"""Replicas of a crystal held together by springs: exact sampling of spins and displacements in turn.

Every sweep

1. draws all displacements at once from their distribution given the spins (`mcsco.engine.spring_network`), and
2. given them, updates one colour of molecules after the other by heat bath. Molecules of a colour share no bond.

With θ = (n, u), rest lengths a_b + c + Λθ and stretches x, a molecule feels in step 2 the fields h = Λᵀk (x − c) − Qθ
of its displaced bonds and of its neighbours, Q being Λᵀ k Λ without the blocks of a molecule with itself:

    E(n, u) = n (ΔH + PΔV − T ln g + A − h_n) + u (G − h_u − h),   A = ½ Σ_b k (α² + β²),   G = Σ_b k α β

where its bonds are longer by α if it is HS and by βu if it is distorted. Direct couplings of nearest neighbours,
−J σσ' − K uu', enter through Q and A. Energies are in K per molecule.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.batch import STARTS, check_name
from mcsco.engine.spring_network import SpringNetwork
from mcsco.errors import InputError
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, shear_sign
from mcsco.model.state import State

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]


class SpringBatch:
    """Replicas of one model under the same conditions.

    Parameters
    ----------
    model : SpringModel
    start : str
        ``"LS"``, ``"HS+"``, ``"HS-"``, ``"HS"`` (u = ±1 at random) or ``"random"``.
    n_replicas : int
    key : ndarray of uint32, shape (2,)
        Key of the random numbers. A sweep is a function of the key, its number and the codes before it.
    pinned : ndarray of int8, shape (N,), optional
        +1 and −1 where the spin stays HS and LS, 0 elsewhere.
    solver : str
        See `SpringNetwork`.

    Raises
    ------
    InputError
        If the springs are anharmonic, the start is unknown, or the crystal is not rigid.
    """

    def __init__(
        self,
        model: SpringModel,
        start: str,
        n_replicas: int,
        key: npt.NDArray[np.uint32],
        pinned: Codes | None = None,
        solver: str = "auto",
    ) -> None:
        if model.springs.anharmonic:
            raise InputError("springs: are anharmonic; their displacements have no exact draw, use AnharmonicBatch")
        self.model = model
        self.three = model.distortion is not None
        self.sweep = 0
        self.network = SpringNetwork(model.crystal, model.springs, solver)
        self._key = int(key[0]) << 32 | int(key[1])
        N = model.crystal.n_molecules
        self._pinned = np.zeros(N, dtype=np.int8) if pinned is None else pinned
        self._set_matrices()
        colour = colours(model.crystal)
        self._visits = [np.flatnonzero(colour == c) for c in range(colour.max() + 1)]
        # The rows of Q that a colour needs, n before u.
        self._rows = [self._Q[np.concatenate([v, N + v]) if self.three else v] for v in self._visits]
        self.codes = draw_start(start, self.three, self._pinned, n_replicas, self._random_numbers(0, 1))
        """u of models with a distortion, n of plain ones, shape (N, R)."""

    def _set_matrices(self) -> None:
        from scipy import sparse

        model, crystal, springs = self.model, self.model.crystal, self.model.springs
        bonds, N = crystal.bonds, crystal.n_molecules
        self._k = self.network.stiffness / units.KELVIN
        self._c = bonds.length * (2.0 * springs.radius_LS - springs.spacing)
        alpha = bonds.length * (springs.radius_HS - springs.radius_LS)
        beta = bonds.length * shear_sign(crystal) * springs.shear * springs.radius_HS
        at = np.tile(np.arange(len(alpha)), 2)
        ends: Any = sparse.csr_array(
            (np.ones(len(at)), (at, np.concatenate([bonds.first, bonds.second]))), shape=(len(alpha), N)
        )
        parts = [sparse.diags_array(x) @ ends for x in ((alpha, beta) if self.three else (alpha,))]
        self._Lambda: Any = sparse.hstack(parts).tocsr()
        self._pull: Any = (self._Lambda.T @ sparse.diags_array(self._k)).tocsr()
        self._A = ends.T @ (self._k * (alpha**2 + self.three * beta**2)) / 2.0
        self._G = ends.T @ (self._k * alpha * beta)
        full = (self._pull @ self._Lambda).tocoo()
        other = full.row % N != full.col % N
        J, K = (coupling / units.KELVIN for coupling in model.couplings)
        i, j = (end[bonds.is_nearest] for end in (bonds.first, bonds.second))
        pairs: Any = sparse.csr_array(
            (np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(N, N)
        )
        # −Jσσ' = −4J nn' + 2J (n + n') − J
        self._A += 2.0 * J * pairs.sum(axis=1)
        near = [-4.0 * J * pairs, -K * pairs] if self.three else [-4.0 * J * pairs]
        Q = sparse.csr_array((full.data[other], (full.row[other], full.col[other])), shape=full.shape)
        self._Q: Any = (Q + sparse.block_diag(near)).tocsr()

    def _random_numbers(self, sweep: int, stream: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, sweep, stream]))

    @property
    def features(self) -> Array:
        """θ: n, and below it u of models with a distortion; shape (N, R) or (2N, R)."""
        n = np.abs(self.codes).astype(np.float64)
        return np.concatenate([n, self.codes.astype(np.float64)]) if self.three else n

    def advance(self, temperature: float, pressure: float, field: float, n_sweeps: int) -> None:
        """Sweep `n_sweeps` times at T (K), P (GPa) and h (kJ/mol); how sweeps are cut into calls changes nothing."""
        spin = self.model.spin
        work = spin.enthalpy + units.pressure_work(pressure, spin.volume)
        gap = work / units.KELVIN - temperature * spin.ln_g
        for _ in range(n_sweeps):
            rng = self._random_numbers(self.sweep, 0)
            self._sweep(temperature, gap, field / units.KELVIN, rng)
            self.sweep += 1

    def _sweep(self, T: float, gap: float, field: float, rng: np.random.Generator) -> None:
        N, n_replicas = self.codes.shape
        theta = self.features
        noise = rng.standard_normal((len(self._k), n_replicas))
        chance = rng.random((N, n_replicas))
        pulled = self._pull @ (self._draw_stretches(theta, T, noise) - self._c[:, None])
        for visit, rows in zip(self._visits, self._rows, strict=True):
            h = -(rows @ theta)
            h[: len(visit)] += pulled[visit]
            E_n = (gap + self._A[visit])[:, None] - h[: len(visit)]
            if self.three:
                h[len(visit) :] += pulled[N + visit]
                E_u = (self._G[visit] - field)[:, None] - h[len(visit) :]
            else:
                E_u = np.zeros_like(E_n)
            now = self._choose(visit, E_n / T, E_u / T, chance[visit])
            self.codes[visit] = now
            theta[visit] = np.abs(now)
            if self.three:
                theta[N + visit] = now

    def _draw_stretches(self, theta: Array, T: float, noise: Array) -> Array:
        """Stretches of all bonds from their distribution given the spins, shape (B, R)."""
        load = self._k[:, None] * (self._c[:, None] + self._Lambda @ theta) + np.sqrt(T * self._k)[:, None] * noise
        return self.network.stretches(load * units.KELVIN)

    def _choose(self, visit: npt.NDArray[np.int64], E_n: Array, E_u: Array, chance: Array) -> Codes:
        """Heat bath over LS, HS (u = +1) and HS (u = −1), energies in units of T; plain spins have one HS state."""
        E = np.stack([np.zeros_like(E_n), E_n + E_u, E_n - E_u if self.three else np.full_like(E_n, np.inf)])
        pinned = self._pinned[visit]
        E[0, pinned > 0] = np.inf
        E[1:, pinned < 0] = np.inf
        weight = np.exp(E.min(axis=0) - E)
        chance = chance * weight.sum(axis=0)
        up = chance < weight[1]
        down = ~up & (chance < weight[1] + weight[2])
        return np.asarray(up.astype(np.int8) - down.astype(np.int8))

    def energies(self, pressure: float = 0.0, field: float = 0.0) -> Array:
        """H of every replica with relaxed springs, kJ/mol, shape (R,)."""
        from scipy import sparse

        spin, bonds, theta = self.model.spin, self.model.crystal.bonds, self.features
        n = np.abs(self.codes)
        sigma, u = 2.0 * n - 1.0, self.codes * float(self.three)
        J, K = self.model.couplings
        near = bonds.is_nearest
        i, j = bonds.first[near], bonds.second[near]
        misfit = self._c[:, None] + self._Lambda @ theta
        k = sparse.diags_array(self.network.stiffness)
        misfit = misfit - self.network.stretches(k @ misfit)
        return np.asarray(
            (spin.enthalpy + units.pressure_work(pressure, spin.volume)) * n.sum(axis=0)
            - J * np.sum(sigma[i] * sigma[j], axis=0)
            - K * np.sum(u[i] * u[j], axis=0)
            - field * u.sum(axis=0)
            + np.sum(k @ misfit**2, axis=0) / 2
        )

    def state(self, replica: int = 0) -> State:
        """The configuration of one replica, one entry a molecule."""
        return to_state(self.codes[:, replica], self.three)

    def displacements(self, replica: int = 0) -> tuple[Array, Array]:
        """Relaxed displacements (N, d) from the reference lattice, Å, and free strain (d, d) of one replica."""
        theta = self.features[:, replica]
        return self.network.displacements(self.network.stiffness * (self._c + self._Lambda @ theta))


def draw_start(start: str, three: bool, pinned: Codes, n_replicas: int, rng: np.random.Generator) -> Codes:
    """Codes of an initial state, shape (N, R); pinned molecules are what they are held in."""
    check_name("start", start, STARTS)
    shape = (len(pinned), n_replicas)
    random = rng.integers(0, 2, shape)
    spin = {"LS": np.zeros_like(random), "random": random}.get(start, np.ones_like(random))
    spin[pinned != 0] = (pinned[pinned != 0, None] + 1) // 2
    if three:
        sign = {"HS+": 1, "HS-": -1}.get(start, rng.integers(0, 2, shape) * 2 - 1)
        spin = spin * sign
    return spin.astype(np.int8)


def to_state(codes: Codes, three: bool) -> State:
    """The configuration behind the codes of one replica, shape (N,)."""
    spin = (2 * (codes != 0) - 1).astype(np.int8)
    return State(spin, codes.copy() if three else np.zeros_like(codes))


def colours(crystal: Crystal) -> npt.NDArray[np.int64]:
    """Colour of every molecule, shape (N,), such that bonded ones differ: the first free colour in order of number."""
    neighbours: list[list[int]] = [[] for _ in range(crystal.n_molecules)]
    for i, j in zip(crystal.bonds.first.tolist(), crystal.bonds.second.tolist(), strict=True):
        neighbours[i].append(j)
        neighbours[j].append(i)
    colour = [-1] * crystal.n_molecules
    for i, around in enumerate(neighbours):
        used = {colour[j] for j in around}
        colour[i] = next(c for c in range(len(used) + 1) if c not in used)
    return np.array(colour)
