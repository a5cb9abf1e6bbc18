"""How fast molecules change their spin state: prefactors and barriers of thermally activated jumps.

With E_s the energy H (in kJ/mol, without T ln g) of the crystal when one molecule is in state s, the rates are

    W(LS → s)  = k∞ g exp{−[E_a + (E_s − E_LS)/2] / RT},
    W(s → LS)  = k∞   exp{−[E_a − (E_s − E_LS)/2] / RT},      s = HS, or u = ±1 of a HS molecule,
    W(s → −s)  = k_f  exp{−[E_f + (E_−s − E_s)/2] / RT}.

The energy difference is split in equal parts between the two directions, and all of the degeneracy g stands in the
way up: with 1/2τ0 = k∞ √g this is (1/2τ0) e^{−E_a/RT} [cosh x − σ sinh x], x = (ln g − (E_HS − E_LS)/RT)/2, the
Arrhenius dynamics of Ising-like models. Each pair obeys detailed balance with the weight g^{N_HS} e^{−H/RT}, or
Π g_i^{n_i} e^{−H/RT} where the centres differ in g. Pinned molecules change no spin state, by light neither.

The barrier of HS → LS is therefore E_a − (E_HS − E_LS)/2. It is lower, the more LS stabilises LS: for the couplings
Γ, K∞, L and a large crystal, with u = +1,

    E_HL(γ, η) = E_a − ½ [ΔH + P ΔV + Γ(1 − 2γ) − K∞ η − L η² − 2 L γ η − h],

and without distortion E_HL(γ) = E_HL(1) − Γ(1 − γ): the rate grows as exp[Γ(1 − γ)/RT] as the crystal relaxes, which is
the sigmoidal, self-accelerated relaxation of Hauser (DOI 10.1007/b95416) with α = Γ/RT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.model.model import Model
from mcsco.model.site import Displacive

MAX_KINDS = 64
"""Kinds of molecules that dynamics in continuous time can tell apart: sorted lists of each are kept."""


@dataclass(frozen=True)
class Kinetics:
    """Prefactors and barriers of the jumps of one molecule; see `mcsco.model.kinetics` for the rates.

    Parameters
    ----------
    rate : float
        k∞ of HS → LS, 1/s.
    barrier : float
        E_a, kJ/mol: the barrier where HS and LS have the same energy. `with_hs_barrier` takes that of the HS phase.
    flip_rate : float, optional
        k_f of u → −u within HS, 1/s; by default `rate`.
    flip_barrier : float, optional
        E_f of u → −u between states of the same energy, kJ/mol; by default `barrier`.

    Notes
    -----
    The defaults relax the HS phase of the preset ``pmpea`` at 65 K when it is warmed at 0.3 K/min.
    """

    rate: float = 1e8
    barrier: float = 19.5
    flip_rate: float | None = None
    flip_barrier: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", check_real("kinetics rate", self.rate, above=0.0, unit="1/s"))
        object.__setattr__(self, "barrier", check_real("kinetics barrier", self.barrier, minimum=0.0, unit="kJ/mol"))
        if self.flip_rate is not None:
            object.__setattr__(
                self, "flip_rate", check_real("kinetics flip_rate", self.flip_rate, minimum=0.0, unit="1/s")
            )
        if self.flip_barrier is not None:
            object.__setattr__(
                self, "flip_barrier", check_real("kinetics flip_barrier", self.flip_barrier, minimum=0.0, unit="kJ/mol")
            )

    @property
    def of_flips(self) -> tuple[float, float]:
        """Prefactor (1/s) and barrier (kJ/mol) of u → −u."""
        return (
            self.rate if self.flip_rate is None else self.flip_rate,
            self.barrier if self.flip_barrier is None else self.flip_barrier,
        )

    def hs_barrier(
        self, model: Model, gamma: float = 1.0, eta: float | None = None, pressure: float = 0.0, field: float = 0.0,
        second: bool = False,
    ) -> float:  # fmt: skip
        """Barrier of HS (u = +1) → LS in a large uniform crystal of HS fraction γ and distortion η, kJ/mol.

        Exact for infinite-range couplings; nearest neighbours, and the other centre of the molecule, enter by their
        mean, which is exact at γ = η = 1. By default η = γ, one domain without disorder, and the first centre.

        Raises
        ------
        InputError
            If the molecules have no rates, disorder gives them different barriers, or there is no second centre.
        """
        return self.barrier - _gap(model, gamma, eta, pressure, field, second) / 2

    @classmethod
    def with_hs_barrier(
        cls, model: Model, rate: float, barrier: float, pressure: float = 0.0, field: float = 0.0,
        second: bool = False, **flips: Any,
    ) -> Kinetics:  # fmt: skip
        """Kinetics whose barrier of HS → LS in the pure HS phase (γ = η = 1) of a model is `barrier`, kJ/mol.

        It is the barrier of the first centre, or of the `second` one.
        """
        check_real("HS barrier", barrier, unit="kJ/mol")
        return cls(rate, barrier + _gap(model, 1.0, None, pressure, field, second) / 2, **flips)


def _gap(model: Model, gamma: float, eta: float | None, pressure: float, field: float, second: bool) -> float:
    """E_HS − E_LS in kJ/mol of a molecule with u = +1 in the mean of all others."""
    check_kinetic(model)
    if model.sites is not None:
        raise InputError(
            "model.disorder: the barrier differs from molecule to molecule; take that of the model without disorder"
        )
    spin = model.second if second else model.spin
    if spin is None:
        raise InputError("second = True: the molecules of this model have one centre; leave it out")
    J, K, Gamma, K_inf, L = model.couplings
    z = model.lattice.coordination
    gap = spin.enthalpy + units.pressure_work(pressure, spin.volume)
    gap += Gamma * (1 - 2 * gamma) - 2 * (J * z + model.sublattice_couplings[0]) * (2 * gamma - 1)
    if model.distortion is None:
        return gap
    m = gamma if eta is None else eta
    return gap - (K_inf + K * z) * m - L * (m * m + 2 * gamma * m) - field


def check_kinetic(model: Model) -> Model:
    """Return the model if its molecules have rates, or raise `InputError`."""
    if not isinstance(model, Model):
        raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
    if isinstance(model.distortion, Displacive):
        raise InputError("distortion = Displacive(…): has no thermally activated rates; use OrderDisorder() or None")
    if model.pair_terms is not None:
        raise InputError(
            "interactions: elasticity and long-range couplings have no thermally activated rates; "
            "use InfiniteRange and NearestNeighbours"
        )
    return model


def check_timed(model: Model) -> Model:
    """Return the model if it can follow a protocol in seconds, or raise `InputError`."""
    check_kinetic(model)
    spread = 0.0 if model.disorder is None else model.disorder.enthalpy_spread
    if spread and model.n_molecules > MAX_KINDS:
        raise InputError(
            f"disorder enthalpy_spread = {spread:g}: makes {model.n_molecules} kinds of molecules, more than the "
            f"{MAX_KINDS} that a protocol in seconds can tell apart; leave it out, or use one in Monte Carlo steps"
        )
    return model
