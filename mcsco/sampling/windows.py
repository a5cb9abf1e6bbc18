"""Windows of umbrella sampling: one modified model for all of them, and what tells them apart.

The bias N k_γ/2 (γ − γ0)² + N k_η/2 (η − η0)² is again a model of infinite range (mcsco.model.energy): its squares
change ΔH by k_γ/2, Γ by −k_γ/2 and K∞ by −k_η, the same in all windows, and what is left, −k_γ γ0 Σn − k_η η0 Σu, is
work on a HS molecule and a field, which every replica of a batch may have its own of. No kernel knows of the bias.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.engine import Control
from mcsco.errors import InputError
from mcsco.model import InfiniteRange, Model
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.units import KELVIN

Floats = npt.NDArray[np.float64]


class Windows(NamedTuple):
    """Centres of all windows at one temperature, and their springs."""

    gamma: Floats
    """γ0, shape (K,)."""
    eta: Floats
    """η0, shape (K,)."""
    k_gamma: float
    """kJ/mol."""
    k_eta: float
    """kJ/mol; 0 leaves η free."""
    folded: bool
    """Whether ±η are equivalent, so that η0 ≥ 0 suffices."""

    def energy(self, gamma: Floats, eta: Floats) -> Floats:
        """Bias per molecule in kJ/mol of states (γ, η), shape (S,), in every window: shape (K, S)."""
        d_gamma, d_eta = gamma - self.gamma[:, None], eta - self.eta[:, None]
        return np.asarray(self.k_gamma / 2 * d_gamma**2 + self.k_eta / 2 * d_eta**2)

    def reduced(self, gamma: Floats, eta: Floats, N: int, T: float) -> Floats:
        """Bias N u/RT, shape (K, S); of states known up to the sign of η, that of the even mixture of both signs.

        A window at −η0 would hold the mirror images of the states of the one at η0, so that measurements of |η| are
        those of both windows together, with the weight ½ [exp(−U(η)) + exp(−U(−η))].
        """
        beta = N / (T * KELVIN)
        U = beta * self.energy(gamma, eta)
        if self.folded and self.k_eta:
            U = -(np.logaddexp(-U, -beta * self.energy(gamma, -eta)) - np.log(2.0))
        return U


def make_windows(protocol: FreeEnergySurface, model: Model) -> Windows:
    """The windows of a protocol. Along η they are left out where no state comes near, |η| ≤ γ."""
    N = model.lattice.n_sites
    folded = is_even(model, protocol.pressure, protocol.field)
    n_gamma, n_eta = protocol.grid(N, model.distortion is not None and not folded)
    k_gamma, k_eta = protocol.springs(N)
    gamma = np.linspace(0.0, 1.0, n_gamma)
    if n_eta == 1:
        return Windows(gamma, np.zeros(n_gamma), k_gamma, 0.0, folded)
    eta = np.linspace(0.0 if folded else -1.0, 1.0, n_eta if folded else 2 * n_eta - 1)
    pairs = np.array([(g, e) for g in gamma for e in eta if abs(e) <= g + 0.5 / (n_eta - 1)])
    return Windows(pairs[:, 0], pairs[:, 1], k_gamma, k_eta, folded)


def flat_window(protocol: FreeEnergySurface, model: Model) -> Windows:
    """One window without springs, for walkers under a weight on N_HS."""
    nowhere = np.zeros(1)
    return Windows(nowhere, nowhere, 0.0, 0.0, is_even(model, protocol.pressure, protocol.field))


def is_even(model: Model, pressure: float, field: float) -> bool:
    """Whether H is the same for ±η: nothing acts on u alone, and a mirror of the lattice undoes u → −u."""
    pairs = model.pair_terms
    if model.distortion is None or field != 0.0:
        return False
    if pairs is None:
        return True
    J = pairs.J
    size = 1e-12 * max(float(np.abs(J).max()), 1.0)
    zero = (0,) * model.lattice.n_dimensions
    on_site = [pairs.linear[1] + pressure * pairs.per_pressure[1], pairs.S[0, 1], J[zero][0, 1]]
    sign = np.array([[1.0, -1.0], [-1.0, 1.0]])
    return bool(np.all(np.abs(on_site) <= size)) and any(
        image.shape == J.shape and np.abs(image * sign - J).max() <= size for image in _mirrors(J)
    )


def _mirrors(J: Floats) -> list[Floats]:
    """J(k) as it is, with one component of k turned round, and with two of them exchanged."""
    d = J.ndim - 2
    turned = [np.roll(np.flip(J, axis), 1, axis) for axis in range(d)]
    return [J, *turned, *(np.swapaxes(J, a, b) for a in range(d) for b in range(a))]


def biased_model(model: Model, windows: Windows) -> Model:
    """The model with the squares of the bias; its "volume" makes one GPa one kJ/mol of work on a HS molecule."""
    if not model.is_uniform:
        raise InputError(
            "model: second centres, sublattice couplings and disorder have no free-energy surfaces yet; use Hold"
        )
    elastic = 0.0 if model.pair_terms is None else float(model.pair_terms.per_pressure[0])
    spin = replace(model.spin, enthalpy=model.spin.enthalpy + windows.k_gamma / 2, volume=1.0 - elastic)
    squares = InfiniteRange(spin=-windows.k_gamma / 2, distortion=-windows.k_eta)
    return Model(model.lattice, spin, model.distortion, (*model.interactions, squares))


def make_control(
    model: Model, protocol: FreeEnergySurface, T: Floats, gamma: Floats, eta: Floats, w: Windows
) -> Control:
    """Controls of the biased model for lanes at temperature T (K) in windows at (γ0, η0), each of shape (R,)."""
    on_n, on_u = np.zeros(2) if model.pair_terms is None else model.pair_terms.per_pressure
    work = protocol.pressure * (model.spin.volume + on_n) - w.k_gamma * gamma
    # The same pressure strains the crystal along u too: what the work does there is taken back.
    field = protocol.field - protocol.pressure * on_u + w.k_eta * eta + on_u * work
    return Control(T, work, field)


def bias_of_lanes(w: Windows, gamma0: Floats, eta0: Floats, gamma: Floats, eta: Floats) -> Floats:
    """What the biased model adds to the energy per molecule of each lane, kJ/mol: the bias without its constant."""
    return np.asarray(w.k_gamma * gamma * (gamma / 2 - gamma0) + w.k_eta * eta * (eta / 2 - eta0))


def window_codes(
    model: Model, gamma: Floats, eta: Floats, rng: np.random.Generator, free: bool
) -> npt.NDArray[np.int8]:
    """Codes of lanes that begin at their centres, HS molecules scattered, shape (R, *lattice).

    Where η is `free`, every other lane begins with one domain and the rest with none, so that lanes that do not forget
    their start disagree.
    """
    N, R = model.lattice.n_sites, len(gamma)
    n = np.rint(N * gamma).astype(np.int64)
    held = np.clip(np.rint(N * eta), -n, n).astype(np.int64)
    u = np.where(np.arange(R) % 2 == 0, n % 2, n) if free else held
    plus = (n + u) // 2
    codes = np.zeros((R, N), dtype=np.int8)
    for lane, (n_hs, n_plus) in enumerate(zip(n, plus, strict=True)):
        codes[lane, :n_hs] = -1
        codes[lane, :n_plus] = 1
        rng.shuffle(codes[lane])
    if model.distortion is None:
        codes = np.abs(codes)
    return codes.reshape(R, *model.lattice.shape)
