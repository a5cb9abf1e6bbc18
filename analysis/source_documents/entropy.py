"""Statements 17 to 26: calorimetry, what entropy is made of, and the Landau potential itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from analysis.source_documents.claim import Claim, Printed, between, context, near
from analysis.source_documents.loops import PMPEA, POTENTIAL, loop_of, mean_field
from analysis.source_documents.readings import Way, at, difference, ratio
from analysis.source_documents.runs import Run, Runs
from mcsco import landau, presets, units
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate, calorimetry

LOOP, ELASTIC = "pmpea/thermal_loop", "pmpea-elastic/thermal_loop"
_REVERSIBLE = (
    "only what jumps produces entropy, ΔH (1/T_down − 1/T_up) of it; here a part of the heat goes along the branches, "
    "which are less saturated than those measured"
)
RANGE = (151.0, 295.0)
"""K; the DSC of the source ran from 115 to 295 K, and below 151 K nothing happens in the model."""
DSC = {"heating": 62.8, "cooling": 67.6}
DSC_TOLERANCE = 3.0
"""J/(mol K): 5 %, what a baseline under a broad peak leaves open."""
MEASURED_T = {"heating": 235.0, "cooling": 219.0}
SCALE = 66.5
"""J/(mol K) of the full LS → HS, which is 2 a1 of the potential."""


BRANCHES: tuple[Literal["LS"], Literal["HS"]] = ("LS", "HS")


class Reported(NamedTuple):
    """∫ dH/T of a theory on both ways of the loop, J/(mol K)."""

    heating: float
    cooling: float


def reported_entropy(
    entropy: Callable[[str, float], float], enthalpy: Callable[[str, float], float], T_down: float, T_up: float
) -> Reported:
    """What a calorimeter reports between the ends of `RANGE`: reversible on the branches, ΔH/T at the jumps.

    Parameters
    ----------
    entropy, enthalpy : callable
        S in J/(mol K) and H in kJ/mol of ``"LS"`` or ``"HS"`` at a temperature in K.
    T_down, T_up : float
        Spinodals, K.
    """
    low, high = RANGE

    def along(T: float) -> float:
        jump = 1e3 * (enthalpy("HS", T) - enthalpy("LS", T)) / T
        return entropy("LS", T) - entropy("LS", low) + jump + entropy("HS", high) - entropy("HS", T)

    # A hair inside the loop, where both branches exist.
    return Reported(along(T_up - 1e-7), along(T_down + 1e-7))


def landau_entropy(potential: landau.Potential) -> Reported:
    """The same of a Landau potential whose full ΔS is `SCALE`."""
    joule = potential.unit(SCALE).joule_per_mole

    def S(which: str, T: float) -> float:
        return joule * float(potential.entropy(*potential.branch(T, which)))  # type: ignore[arg-type]

    def H(which: str, T: float) -> float:
        q, eta = potential.branch(T, which)  # type: ignore[arg-type]
        return 1e-3 * (joule * float(potential.free_energy(q, eta, T)) + T * S(which, T))

    return reported_entropy(S, H, *potential.spinodals())


def mean_field_entropy(theory: MeanField) -> Reported:
    """The same of a mean field."""

    def S(which: str, T: float) -> float:
        return float(theory.entropy(*theory.branch(T, which), T))

    def H(which: str, T: float) -> float:
        return float(theory.enthalpy(*theory.branch(T, which), T))

    return reported_entropy(S, H, *theory.spinodals())


def calorimetric(runs: Runs) -> list[Claim]:
    """17: ΔS of DSC on heating and cooling."""
    run = runs(LOOP)
    found = calorimetry(run.dataset, RANGE)
    potential, theory = landau_entropy(POTENTIAL), mean_field_entropy(mean_field(run.model))
    simulated = {"heating": found.heating, "cooling": found.cooling}
    claims = [
        Claim(17, part, PMPEA, "paper §3.4, Fig. S12", f"ΔS by ∫ C_p/T dT on {way}, {RANGE[0]:g} to {RANGE[1]:g} K",
              "J/(mol K)", near(DSC[way], DSC_TOLERANCE), getattr(potential, way), getattr(theory, way),
              simulated[way].entropy, calibrated=True, note="the model has ΔS = 66.5 J/(mol K)" * (part == "a"),
              reason="what a baseline takes off a broad peak is not in the model", runs=(LOOP,))
        for part, way in zip("ab", DSC, strict=True)
    ]  # fmt: skip
    printed = DSC["cooling"] - DSC["heating"]
    heat = [DSC[way] * MEASURED_T[way] for way in ("heating", "cooling")]
    return [
        *claims,
        Claim(17, "c", PMPEA, "paper §3.4", "ΔS on cooling − ΔS on heating: entropy produced in a cycle", "J/(mol K)",
              near(printed, 1.0, f"{printed:.1f}"), potential.cooling - potential.heating,
              theory.cooling - theory.heating, found.production, runs=(LOOP,), reason=_REVERSIBLE),
        Claim(17, "d", PMPEA, "paper §3.4", "heat on heating over heat on cooling, T_up ΔS_up / T_down ΔS_down", "",
              near(1.0, 0.02, f"{heat[0] / heat[1]:.3f} (from 62.8, 67.6, 235, 219)"), 1.0, 1.0,
              ratio(found.heating.enthalpy, found.cooling.enthalpy), runs=(LOOP,), digits=4,
              note="one enthalpy, divided by two temperatures"),
        Claim(17, "e", PMPEA, "paper §3.4", "entropy produced in a cycle, elastic crystal", "J/(mol K)",
              near(printed, 1.0, f"{printed:.1f}"), simulation=calorimetry(runs(ELASTIC).dataset, RANGE).production,
              runs=(ELASTIC,), reason=_REVERSIBLE),
        *_jumps(run),
    ]  # fmt: skip


def _jumps(run: Run) -> list[Claim]:
    """What a narrow peak alone would give: the step of the enthalpy at either jump, over its temperature."""
    theory, found = mean_field(run.model), loop_of(run).q
    joule = POTENTIAL.unit(SCALE).joule_per_mole
    claims = []
    ways: tuple[tuple[str, Way, Estimate, int], ...] = (
        ("f", "heating", found.T_up, 1), ("g", "cooling", found.T_down, 0)
    )  # fmt: skip
    for part, way, T, end in ways:
        after, before = (at(run.dataset, "energy", T.value + side, way, 0.5) for side in (1.5, -1.5))
        exact = [theory.spinodals()[end], POTENTIAL.spinodals()[end]]
        inside = [T_end - 1e-7 if end else T_end + 1e-7 for T_end in exact]
        H = [float(theory.enthalpy(*theory.branch(inside[0], which), inside[0])) for which in ("LS", "HS")]
        S = POTENTIAL.entropy_jump("up" if end else "down")
        G = [float(POTENTIAL.free_energy(*POTENTIAL.branch(inside[1], which), inside[1])) for which in BRANCHES]
        claims.append(
            context(17, PMPEA, "paper §3.4", f"step of the enthalpy at the jump on {way}, over T", "not separated",
                    "DSC integrates the gradual part too", part=part, unit="J/(mol K)",
                    landau=joule * (S + (G[1] - G[0]) / exact[1]), mean_field=1e3 * (H[1] - H[0]) / exact[0],
                    simulation=difference(after, before).scaled(1e3 / T.value), runs=(LOOP,))
        )  # fmt: skip
    return claims


def symmetry_breaking(runs: Runs) -> list[Claim]:
    """18: entropy of the order."""
    name = "pmpea/symmetry-breaking-entropy"
    exact = -units.R * math.log(2)
    gained = calorimetry(runs(name).dataset).heating.entropy
    # eq. (4) has no η in its entropy; the HS phase of eq. (3) is saturated, q = 1, where η² is largest
    consistent = landau.load("consistent-eq3")
    eta = float(consistent.branch(236.0, "HS")[1])
    eq3 = -consistent.a0 / 2 * eta**2 * consistent.unit(SCALE).joule_per_mole
    ordered = "order-disorder, R ln 1 − R ln 2"
    return [
        Claim(18, "a", PMPEA, "paper §3.4", f"ΔS_SB, {ordered}", "J/(mol K)", near(-5.76, 0.01, "−5.76"),
              -POTENTIAL.a0 / 2, exact, gained.scaled(-1.0), runs=(name,), digits=3,
              note="Landau: eq. (4) has none"),
        Claim(18, "b", PMPEA, "paper §3.4", "ΔS_SB of eq. (3) with HShs at 800 K, at 236 K", "J/(mol K)",
              near(-5.76, 0.01, "−5.76"), eq3, reason="a transition at 800 K leaves less entropy for the distortion"),
    ]  # fmt: skip


def spin(runs: Runs) -> list[Claim]:
    """19: entropy of the spin."""
    return [
        Claim(19, "", PMPEA, "paper §3.4", "ΔS_spin = R ln 5", "J/(mol K)", near(13.42, 0.005),
              formula=units.R * math.log(5), reason="R ln 5 is 13.38; the printed sum has that value in it", digits=3),
    ]  # fmt: skip


def vibrations(runs: Runs) -> list[Claim]:
    """20: entropy of the vibrations."""
    return [
        Claim(20, "", PMPEA, "paper §3.4", "ΔS_vib, quantum chemistry of the free molecule", "J/(mol K)",
              Printed("58.9"), formula=58.9, kind="input", reason="part of ΔS of the model"),
    ]  # fmt: skip


def total(runs: Runs) -> list[Claim]:
    """21: the sum."""
    parts = -units.R * math.log(2) + units.R * math.log(5) + 58.9
    preset = presets.get("pmpea").spin.entropy
    where = "paper §3.4"
    return [
        Claim(21, "a", PMPEA, where, "ΔS_theo = ΔS_SB + ΔS_spin + ΔS_vib", "J/(mol K)", near(66.5, 0.05), formula=parts,
              digits=3),
        Claim(21, "b", PMPEA, where, "ΔS(LShs → HSls) of the presets, 8 R", "J/(mol K)", near(66.5, 0.05),
              formula=preset, kind="input", reason="the degeneracy of HS", digits=3),
    ]  # fmt: skip


def usual_range(runs: Runs) -> list[Claim]:
    """22: what is usual."""
    run = runs(LOOP)
    return [
        Claim(22, "", "spin-crossover materials", "paper §3.4", "range of ΔS", "J/(mol K)",
              between(40.0, 80.0, "40 to 80"), SCALE, SCALE, calorimetry(run.dataset, RANGE).heating.entropy,
              kind="context", reason="a range of other compounds", runs=(LOOP,)),
    ]  # fmt: skip


PARAMETERS = {"a1": 0.6, "C": 35.0, "b": 10.0, "T_sc": 235.0, "D": -6.5, "E": -12.2}


def parameters(runs: Runs) -> list[Claim]:
    """23: the printed parameters."""
    return [
        Claim(23, "abcdef"[i], PMPEA, "paper Fig. 5", f"{name} of eq. (4)", "K" if name == "T_sc" else "",
              near(value, 1e-12), float(getattr(POTENTIAL, name)), kind="input",
              reason="parameter set source-paper", digits=1)
        for i, (name, value) in enumerate(PARAMETERS.items())
    ]  # fmt: skip


def saturation(runs: Runs) -> list[Claim]:
    """24: η_HS, and q → 1 in HSls."""
    run = runs(LOOP)
    T = 240.0
    exact = math.sqrt(-(2 * PARAMETERS["D"] + PARAMETERS["E"]) / PARAMETERS["b"])
    theory = mean_field(run.model)
    nn = "pmpea-nn/hs_branch"
    why = "what holds q at 1 in the potential is its bound: the field there is worth 162 K, and a lattice has entropy"
    return [
        Claim(24, "a", PMPEA, "paper §3.4", "η_HS = √(−(2D+E)/b) at 240 K", "", near(exact, 1e-6, f"{exact:.6f}"),
              float(POTENTIAL.branch(T, "HS")[1]), digits=6),
        Claim(24, "b", PMPEA, "paper §3.4", "q of HSls at 240 K, infinite range", "", near(1.0, 0.02, "1"),
              float(POTENTIAL.branch(T, "HS")[0]), theory.branch(T, "HS")[0], at(run.dataset, "q", T, "heating"),
              reason=why, runs=(LOOP,), digits=3),
        Claim(24, "c", PMPEA, "paper §3.4", "q of HSls at 240 K, nearest neighbours", "", near(1.0, 0.02, "1"),
              math.nan, mean_field(runs(nn).model).branch(T, "HS")[0], at(runs(nn).dataset, "q", T, "cooling"),
              reason="closer than any smooth mean field, not saturated", runs=(nn,), digits=3),
    ]  # fmt: skip


def molecules(runs: Runs) -> list[Claim]:
    """25: quantum chemistry of one molecule."""
    return [
        context(25, PMPEA, "paper §3.3", "modes of the LS molecule with real frequencies; unstable ones of C2 HS",
                "231; 1", "why only HS molecules carry u: the model's local double well"),
    ]  # fmt: skip


def conditions(runs: Runs) -> list[Claim]:
    """26: conditions of the measurements."""
    return [
        context(26, PMPEA, "paper §2, Fig. 3", "structures; powder; DSC", "90, 300 K; 300–520 K; 115–295 K, 8.034 mg",
                "conditions of measurement"),
    ]  # fmt: skip
