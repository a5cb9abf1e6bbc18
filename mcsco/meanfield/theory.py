"""The mean field of a model, as users see it."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_integer, check_real
from mcsco.meanfield import stationary
from mcsco.meanfield.branch import (
    Branch,
    Point,
    half_conversion,
    pitchforks,
    trace_high_spin,
    trace_low_spin,
)
from mcsco.meanfield.displacive import DisplaciveSite
from mcsco.meanfield.expansion import LandauExpansion, expand, finite_size
from mcsco.meanfield.parameters import parameters_of
from mcsco.meanfield.potential import Array
from mcsco.meanfield.site import Site
from mcsco.meanfield.three_state import ThreeState
from mcsco.model import Displacive, Model

NAN = float("nan")


class BranchCurve(NamedTuple):
    """One branch at many temperatures; arrays of one shape, nan where the branch does not exist."""

    temperature: Array
    """K."""
    q: Array
    eta: Array
    free_energy: Array
    """kJ/mol."""
    enthalpy: Array
    """kJ/mol."""
    entropy: Array
    """J/(mol K)."""
    heat_capacity: Array
    """J/(mol K)."""


class Jump(NamedTuple):
    """The equilibrium transition between the two branches."""

    temperature: float
    """K."""
    low_spin: tuple[float, float]
    """(q, η) of the LS branch."""
    high_spin: tuple[float, float]
    """(q, η) of the HS branch."""
    entropy: float
    """ΔS(LS → HS), J/(mol K)."""
    latent_heat: float
    """ΔH = T ΔS, kJ/mol."""


class MeanField:
    """Exact mean field of a model: minima of its variational free energy per molecule.

        φ = ΔH γ + P ΔV γ + Γ γ(1−γ) − (K∞/2) η² − L γ η² − h η − (z/2) J q² − (z/2) K η² − T S(q, η)

    with the exact entropy of all crystals of independent molecules that have this q and η (see
    `mcsco.meanfield.potential`), and with the energy of a continuous distortion in its local potential (see
    `mcsco.meanfield.displacive`). It is exact for couplings of infinite range in an
    infinite crystal; nearest neighbours enter through their mean, z bonds a site. Couplings may have any sign.

    Two branches are followed, on the side of η that `field` favours (η ≥ 0 at zero field):

    * ``"LS"`` - the minimum of lowest γ at T → 0, continued on heating until it stops being a local minimum;
    * ``"HS"`` - the only minimum at high T, continued on cooling until it stops being a local minimum.

    A branch passes through a transition at which the order parameters are continuous (η appears or vanishes by a
    supercritical pitchfork). If both are one and the same curve there is no hysteresis: the model is gradual.

    Parameters
    ----------
    model : Model
        Three states a site (`OrderDisorder`), a continuous distortion (`Displacive`), or plain spins.
    pressure : float
        P, GPa.
    field : float
        h, kJ/mol, conjugate to η.

    Raises
    ------
    InputError
        If an argument is not what it should be, or a field acts on a model without distortion.

    References
    ----------
    Slichter and Drickamer, DOI 10.1063/1.1677511; Blume, Emery and Griffiths, DOI 10.1103/PhysRevA.4.1071.

    Examples
    --------
    >>> import mcsco
    >>> T_down, T_up = mcsco.MeanField(mcsco.presets.load("pmpea")).spinodals()
    >>> print(f"{T_down:.2f} {T_up:.2f}")
    220.00 235.00
    """

    def __init__(self, model: Model, pressure: float = 0.0, field: float = 0.0) -> None:
        p = parameters_of(model, pressure, field)
        self._site: Site = ThreeState(p) if p.wells is None else DisplaciveSite(p)
        self._p = p
        self.model = model
        self.pressure = float(pressure)
        self.field = float(field)

    def __repr__(self) -> str:
        return f"MeanField({self.model!r}, pressure={self.pressure!r}, field={self.field!r})"

    # thermodynamic potentials of any state

    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Array:
        """Variational free energy φ(q, η) = H − T S in kJ/mol per molecule; arguments broadcast.

        nan where no state has these order parameters: |q| > 1, |η| > (1+q)/2, or η ≠ 0 without distortion.
        """
        return np.asarray(self._site.free_energy(q, eta, np.asarray(T, dtype=np.float64)) * units.KELVIN)

    def enthalpy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None = None) -> Array:
        """Energy of (q, η) in kJ/mol, with P ΔV and −h η, without T S; a displacive model needs `T`."""
        return np.asarray(self._site.enthalpy(q, eta, T) * units.KELVIN)

    def entropy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike | None = None) -> Array:
        """Entropy of (q, η) in J/(mol K), γ ΔS and that of mixing and distortion; a displacive model needs `T`."""
        return np.asarray(self._site.entropy(q, eta, T) * units.R)

    def residual(self, q: float, eta: float, T: float) -> tuple[float, float]:
        """(⟨σ⟩ − q, ⟨u⟩ − η) of one molecule in the fields that (q, η) makes; zero where φ is stationary."""
        p, T = self._p, _check_temperature(T)
        gamma = (1 + q) / 2
        epsilon = p.enthalpy + p.Gamma * (1 - 2 * gamma) - p.L * eta**2
        y = ((p.K + 2 * p.L * gamma) * eta + p.field) / T
        ell = p.ln_g + float(self._site.in_field(np.asarray(y), 1 / T).ln_ratio) - epsilon / T
        new_q, new_eta = self._site.order_parameters(ell, 1 / T, y)
        return new_q - q, new_eta - eta

    def stationary_points(self, T: float) -> tuple[stationary.StationaryPoint, ...]:
        """All stationary points of φ at `T` in K, by rising q, each with its free energy and kind.

        At zero field a point with η > 0 stands for its mirror image (q, −η) too.
        """
        return stationary.stationary_points(self._site, _check_temperature(T), units.KELVIN)

    def equilibrium(self, T: float) -> tuple[float, float]:
        """(q, η) of the lowest minimum at `T` in K."""
        best = min(self.stationary_points(T), key=lambda point: point.free_energy)
        return best.q, best.eta

    # branches

    @cached_property
    def _low_spin(self) -> Branch:
        return trace_low_spin(self._site)

    @cached_property
    def _high_spin(self) -> Branch:
        return trace_high_spin(self._site)

    def branch(self, T: float, which: str) -> tuple[float, float]:
        """(q, η) of the branch `which`, ``"LS"`` or ``"HS"``, at `T` in K; (nan, nan) where it does not exist."""
        point = self._point(T, which)
        return (NAN, NAN) if point is None else self._order_parameters(point)

    def branch_curve(self, temperatures: npt.ArrayLike, which: str) -> BranchCurve:
        """The branch `which` at many `temperatures` (K, any shape and order)."""
        T = np.asarray(temperatures, dtype=np.float64)
        states = [self._point(float(t), which) for t in T.ravel()]
        columns = [(NAN, NAN, NAN) if x is None else (*self._order_parameters(x), self._capacity(x)) for x in states]
        q, eta, heat = np.array(columns, dtype=np.float64).reshape(-1, 3).T.reshape(3, *T.shape)
        return BranchCurve(
            T, q, eta, self.free_energy(q, eta, T), self.enthalpy(q, eta, T), self.entropy(q, eta, T), heat
        )

    def heat_capacity(self, T: float, which: str) -> float:
        """C_p = T dS/dT along a branch in J/(mol K), without the lattice's background; nan where there is none."""
        point = self._point(T, which)
        return NAN if point is None else self._capacity(point)

    def saddle(self, T: float) -> tuple[float, float]:
        """(q, η) of the pass between the two branches at `T` in K, the lowest way across; nan unless both exist."""
        low, high = self._point(T, "LS"), self._point(T, "HS")
        if self.is_gradual or low is None or high is None:
            return NAN, NAN
        between = [
            self._site.order_parameters(root.ell, 1 / T, self._sign * root.y)
            for root in stationary.aligned_roots(self._site, T)
            if root.minima < 2 and low.ell < root.ell < high.ell
        ]
        # at a spinodal the pass has merged with the state that it would protect
        states = [*between, self._order_parameters(low), self._order_parameters(high)]
        return max(states, key=lambda state: self._free_energy(state, T))

    def barriers(self, T: float) -> tuple[float, float]:
        """(G_LH, G_HL) in kJ/mol, the pass above the LS and above the HS branch; nan unless both exist at `T`."""
        top = self._free_energy(self.saddle(T), T)
        return top - self._free_energy(self.branch(T, "LS"), T), top - self._free_energy(self.branch(T, "HS"), T)

    # transitions

    @property
    def is_gradual(self) -> bool:
        """Whether LS and HS are one and the same curve, so that there is no hysteresis."""
        return self._low_spin.end is None

    def spinodals(self) -> tuple[float, float]:
        """(T_down, T_up) in K: where the HS branch ends on cooling and the LS branch on heating.

        An end is a saddle-node in γ or a pitchfork in η beyond which no minimum continues the branch, whichever comes
        first.
        (nan, nan) if the model is gradual; T_down = 0 if the HS branch stays metastable to the lowest temperatures.
        """
        if self._low_spin.end is None:
            return NAN, NAN
        lower = self._high_spin.end
        return 0.0 if lower is None else lower.temperature, self._low_spin.end.temperature

    def maxwell_temperature(self) -> float:
        """Temperature in K at which the two branches have the same free energy; nan if there is none."""
        T_down, T_up = self.spinodals()
        lowest = max(T_down, self._low_spin.points[0].temperature)
        if not lowest < T_up:
            return NAN

        def difference(T: float) -> float:
            return self._free_energy(self.branch(T, "LS"), T) - self._free_energy(self.branch(T, "HS"), T)

        if not difference(lowest) < 0 < difference(T_up):
            return NAN
        from scipy.optimize import brentq

        return float(brentq(difference, lowest, T_up, xtol=1e-11, rtol=1e-14))

    def maxwell_jump(self) -> Jump:
        """Entropy jump and latent heat of the equilibrium transition; nan everywhere if there is none."""
        T = self.maxwell_temperature()
        if np.isnan(T):
            return Jump(NAN, (NAN, NAN), (NAN, NAN), NAN, NAN)
        low, high = self.branch(T, "LS"), self.branch(T, "HS")
        jump = float(self.entropy(*high, T) - self.entropy(*low, T))
        return Jump(T, low, high, jump, T * jump / 1000)

    def half_conversion_temperature(self) -> float:
        """T½ in K, at which the stable state has γ = 1/2 or jumps across it; nan if it never does."""
        T = self.maxwell_temperature()
        if np.isnan(T):
            return self._half_on(self._high_spin) if self.is_gradual else NAN
        if self.branch(T, "LS")[0] >= 0:
            return self._half_on(self._low_spin)
        return self._half_on(self._high_spin) if self.branch(T, "HS")[0] <= 0 else T

    def transition_temperature(self) -> float:
        """The Maxwell temperature in K of a model with hysteresis, T½ of a gradual one."""
        return self.half_conversion_temperature() if self.is_gradual else self.maxwell_temperature()

    def symmetry_breaking_temperatures(self, which: str) -> tuple[float, ...]:
        """Temperatures in K, rising, at which η appears or vanishes continuously along a branch at zero field."""
        return tuple(pitchforks(self._site, self._branch(which)))

    def paraelastic_temperature(self) -> float:
        """Temperature in K of HSls → HShs, where η of the HS branch vanishes; nan unless it does so continuously."""
        return max(self.symmetry_breaking_temperatures("HS"), default=NAN)

    def slichter_drickamer(self, gamma: npt.ArrayLike) -> Array:
        """Temperature in K of the stationary state with HS fraction `gamma` and η = 0, at zero field.

            T(γ) = [ΔH + P ΔV + Γ(1−2γ)] / [R ln w + R ln((1−γ)/γ)]

        with w = g for plain spins (the closed form of Slichter and Drickamer, DOI 10.1063/1.1677511), w = 2g with
        order-disorder distortion, w = g Z_H/Z_L of the temperature itself with a displacive one (the highest such
        temperature, found numerically), and Γ + 2zJ for Γ. nan where no positive temperature has this state.
        """
        p, gamma = self._p, np.asarray(gamma, dtype=np.float64)
        if p.field != 0:
            raise InputError(f"field = {self.field!r} kJ/mol: distorts every state; use 0 for the undistorted curve")
        if not np.all((gamma > 0) & (gamma < 1)):
            raise InputError("gamma: must lie between 0 and 1, both excluded")
        return np.asarray(self._site.undistorted_temperature(gamma))

    def landau_expansion(self, T: float, n_sites: int | None = None) -> LandauExpansion:
        """Coefficients of φ about (q, η) = (0, 0) at `T` in K; see `LandauExpansion`.

        With `n_sites` those of −(RT/N) ln P of a crystal of N molecules, to first order in 1/N; exact for couplings of
        infinite range, and only for two or three states a site.
        """
        infinite = expand(self._site, _check_temperature(T), units.KELVIN)
        if n_sites is None:
            return infinite
        N = check_integer("n_sites", n_sites, minimum=5)
        if isinstance(self.model.distortion, Displacive):
            raise InputError(
                f"n_sites = {N}: the counting of states has a closed form for OrderDisorder() or no distortion only; "
                "fit surfaces at several N and use landau.extrapolate"
            )
        return finite_size(infinite, N, distorts=self._p.distorts)

    @property
    def _sign(self) -> float:
        return -1.0 if self._p.field < 0 else 1.0

    def _branch(self, which: str) -> Branch:
        if which not in ("LS", "HS"):
            raise InputError(f"branch = {which!r}: must be 'LS' or 'HS'")
        return self._low_spin if which == "LS" else self._high_spin

    def _point(self, T: float, which: str) -> Point | None:
        return self._branch(which).at(self._site, 1 / _check_temperature(T))

    def _order_parameters(self, point: Point) -> tuple[float, float]:
        return self._site.order_parameters(point.ell, point.beta, self._sign * point.y)

    def _capacity(self, point: Point) -> float:
        return float(self._site.heat_capacity(point.ell, point.beta, point.y) * units.R)

    def _free_energy(self, state: tuple[float, float], T: float) -> float:
        return float(self.free_energy(state[0], state[1], T))

    def _half_on(self, curve: Branch) -> float:
        beta = half_conversion(self._site, curve)
        return NAN if beta is None else 1 / beta


def _check_temperature(T: float) -> float:
    return check_real("temperature", T, above=0.0, unit="K")
