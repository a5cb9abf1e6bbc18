"""Statements 1 to 7: the thermal loop of [Fe(PM-PEA)2(NCS)2]."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from analysis.source_documents.claim import Claim, Printed, between, context, near
from analysis.source_documents.readings import at, difference, replicas_at
from analysis.source_documents.runs import Run, Runs
from mcsco import landau, units
from mcsco.meanfield import MeanField
from mcsco.model import Model
from mcsco.observables import Estimate, Loop, loop
from mcsco.observables.series import mean_over_replicas, unknown

PMPEA = "[Fe(PM-PEA)2(NCS)2]"
POTENTIAL = landau.load("source-paper")
TOLERANCE = 1.5
"""Of printed transition temperatures, K: whole numbers after a sign of approximation; two methods differ by 2 K."""
WIDTH_TOLERANCE = 2.0
CHI_T_HS = 3.5
VISIBLE = 0.01
"""HS fraction that counts as the beginning of the gradual part: 0.035 cm3 K/mol of χT."""

LATTICES = (
    ("pmpea/thermal_loop", "infinite range", True),
    ("pmpea-elastic/thermal_loop", "elastic crystal", True),
    ("pmpea-nn/thermal_loop", "nearest neighbours, cubic", False),
)
"""Run, what its molecules are coupled by, and whether it was calibrated on the loop."""
ONLY_SHORT_RANGE = (
    "a set of nearest neighbours only, not calibrated; it jumps by nucleation, so that the loop depends on the rate"
)
RATES = {
    "nearest neighbours": ("pmpea-nn/rate-20", "pmpea-nn/rate-200", "pmpea-nn/rate-2000"),
    "elastic crystal": ("pmpea-elastic/rate-10", "pmpea-elastic/rate-100", "pmpea-elastic/rate-1000"),
}


@lru_cache(maxsize=32)
def mean_field(model: Model) -> MeanField:
    """The mean field of a model, made once."""
    return MeanField(model)


def loop_of(run: Run) -> Loop:
    """T_up, T_down and width of a run."""
    return loop(run.dataset)


def transitions(runs: Runs) -> list[Claim]:
    """1: T_up and T_down of χT, for three kinds of coupling."""
    down, up = POTENTIAL.spinodals()
    claims = []
    for i, (name, coupling, calibrated) in enumerate(LATTICES):
        run = runs(name)
        found, theory = loop_of(run).q, mean_field(run.model).spinodals()
        potential = (down, up) if i == 0 else (math.nan, math.nan)
        why = ONLY_SHORT_RANGE if not calibrated else "a finite crystal at a finite rate jumps apart from the spinodal"
        rows = (
            ("T_up", near(235, TOLERANCE, "≃ 235"), potential[1], theory[1], found.T_up),
            ("T_down", near(219, TOLERANCE, "≃ 219"), potential[0], theory[0], found.T_down),
        )
        claims += [
            Claim(1, "abcdef"[2 * i + k], PMPEA, "paper §3.1, Fig. 2a", f"{quantity} of χT, {coupling}", "K", printed,
                  potential_T, theory_T, measured, calibrated=calibrated, reason=why, runs=(name,))
            for k, (quantity, printed, potential_T, theory_T, measured) in enumerate(rows)
        ]  # fmt: skip
    return claims


def width(runs: Runs) -> list[Claim]:
    """2: width of the loop of χT."""
    down, up = POTENTIAL.spinodals()
    claims = []
    for i, (name, coupling, calibrated) in enumerate(LATTICES):
        run = runs(name)
        T_down, T_up = mean_field(run.model).spinodals()
        claims.append(
            Claim(2, "abc"[i], PMPEA, "paper §3.1", f"width of the loop of χT, {coupling}", "K",
                  near(16, WIDTH_TOLERANCE), up - down if i == 0 else math.nan, T_up - T_down, loop_of(run).q.width,
                  calibrated=calibrated, reason=ONLY_SHORT_RANGE if not calibrated else "", runs=(name,))
        )  # fmt: skip
    return claims


def order_parameter_loop(runs: Runs) -> list[Claim]:
    """3: the same of the ferroelastic distortion."""
    down, up = POTENTIAL.spinodals()
    claims = []
    for i, (name, coupling, calibrated) in enumerate(LATTICES[:2]):
        run = runs(name)
        found, (T_down, T_up) = loop_of(run).eta, mean_field(run.model).spinodals()
        rows = (
            ("T_up of |η|", near(235, TOLERANCE, "≃ 235"), up, T_up, found.T_up),
            ("T_down of |η|", near(221, TOLERANCE, "≃ 221"), down, T_down, found.T_down),
            ("width of the loop of |η|", near(14, WIDTH_TOLERANCE), up - down, T_up - T_down, found.width),
        )
        claims += [
            Claim(3, "abcdef"[3 * i + k], PMPEA, "paper §3.2, Fig. 2b", f"{quantity}, {coupling}", "K", printed,
                  potential if i == 0 else math.nan, theory, measured, calibrated=calibrated, runs=(name,))
            for k, (quantity, printed, potential, theory, measured) in enumerate(rows)
        ]  # fmt: skip
    return claims


def scan_rate(runs: Runs) -> list[Claim]:
    """4: the loop is broader when it is passed faster."""
    claims = []
    for i, (coupling, names) in enumerate(RATES.items()):
        loops = [loop_of(runs(name)).q for name in names]
        rates = [float(runs.config(name).protocol.sweeps_per_kelvin) for name in names]  # type: ignore[union-attr]
        decades = math.log10(max(rates) / min(rates))
        up, down, wide = (
            difference(getattr(loops[0], what), getattr(loops[-1], what)).scaled(1 / decades)
            for what in ("T_up", "T_down", "width")
        )
        note = ", ".join(f"{found.width.value:.1f} ± {found.width.error:.1f}" for found in loops)
        note += " K at " + ", ".join(f"{rate:g}" for rate in rates) + " MCS/K"
        needed = Estimate(2.0 / wide.value, 2.0 * wide.error / wide.value**2) if wide.value > 0 else unknown("no trend")
        share = Estimate(-down.value / wide.value, math.hypot(down.error, up.error) / abs(wide.value))
        part = "abcdef"[3 * i : 3 * i + 3]
        claims += [
            Claim(4, part[0], PMPEA, "paper §3.2", f"broadening per decade of the scan rate, {coupling}", "K",
                  between(0.0, math.inf, "> 0 (16 K at 5 K/min, 14 K quasi-static)", strict=True),
                  simulation=wide, note=note, runs=names, reason="the loop does not broaden beyond the errors"),
            context(4, PMPEA, "paper §3.2", f"decades between the scans that give 2 K, {coupling}",
                    "rate of XRD not given", "the source states one rate only", part=part[1], simulation=needed,
                    runs=names),
            Claim(4, part[2], PMPEA, "paper §3.2", f"share of T_down in the broadening, {coupling}", "",
                  between(0.65, 1.35, "1 (235 and 235 K, 219 and 221 K)"), simulation=share, runs=names,
                  reason="fluctuations delay both jumps alike; the interval has the rounding of the printed values"),
        ]  # fmt: skip
    return claims


def gradual_part(runs: Runs) -> list[Claim]:
    """5: gradual on heating from 150 K to T_up, and fully LS below."""
    name = "pmpea/thermal_loop"
    run = runs(name)
    theory, found = mean_field(run.model), loop_of(run).q
    just_below = float(found.T_up.value) - 2.0
    landau_q = (float(POTENTIAL.branch(150.5, "LS")[0]), float(POTENTIAL.branch(just_below, "LS")[0]))
    theory_q = (theory.branch(150.5, "LS")[0], theory.branch(just_below, "LS")[0])
    visible = 2 * VISIBLE - 1
    where = "paper §3.1, Fig. 2a"
    return [
        Claim(5, "a", PMPEA, where, "q at 150 K", "", near(-1.0, 0.02, "−1, fully LS below"), landau_q[0], theory_q[0],
              at(run.dataset, "q", 150.5, "heating", 0.6), runs=(name,), digits=4),
        Claim(5, "b", PMPEA, where, "temperature where γ = 0.01 on heating", "K", near(150, 10, "from 150"),
              POTENTIAL.T_sc - POTENTIAL.C * abs(visible) ** 3 / POTENTIAL.a1, _where(theory, visible),
              _onset(run), runs=(name,),
              reason="one gap for all molecules: LS softens only near T_up, as in the potential, "
              "which is clipped below 176.7 K"),
        Claim(5, "c", PMPEA, where, "HS fraction 2 K below T_up, on heating", "",
              between(0.02, 0.5, "gradual, then a jump", strict=True), (1 + landau_q[1]) / 2, (1 + theory_q[1]) / 2,
              at(run.dataset, "gamma", just_below, "heating", 0.5), runs=(name,), digits=3),
    ]  # fmt: skip


def _where(theory: MeanField, q: float) -> float:
    """Temperature at which the LS branch of the mean field passes q."""
    from scipy.optimize import brentq

    T_up = theory.spinodals()[1]
    return float(brentq(lambda T: theory.branch(T, "LS")[0] - q, 100.0, T_up - 1e-3))


def _onset(run: Run) -> Estimate:
    """The same of every replica of a run, from averages over 2 K."""
    T = np.arange(151.0, 234.0, 1.0)
    curves = np.array([replicas_at(run.dataset, "gamma", t, "heating") for t in T])  # (temperature, replica)
    return mean_over_replicas([np.interp(VISIBLE, np.maximum.accumulate(y), T) for y in curves.T])


def magnetism(runs: Runs) -> list[Claim]:
    """6: χT of both phases, and g."""
    name = "pmpea/thermal_loop"
    run = runs(name)
    theory = mean_field(run.model)
    where = "paper §3.1, Fig. 2a"
    smooth = "mean-field couplings leave 2 % LS at 300 K"
    claims = []
    for part, T, which, printed, digits in (
        ("a", 299.0, "HS", near(CHI_T_HS, 0.05, "≃ 3.5"), 3), ("b", 151.0, "LS", near(0.0, 0.05, "close to 0"), 3)
    ):  # fmt: skip
        q = float(POTENTIAL.branch(T, which)[0]), theory.branch(T, which)[0]  # type: ignore[arg-type]
        claims.append(
            Claim(6, part, PMPEA, where, f"χT at {T:g} K", "cm³ K/mol", printed, CHI_T_HS * (1 + q[0]) / 2,
                  CHI_T_HS * (1 + q[1]) / 2, at(run.dataset, "gamma", T, "heating").scaled(CHI_T_HS), reason=smooth,
                  runs=(name,), digits=digits)
        )  # fmt: skip
    g = math.sqrt(CHI_T_HS / units.curie_product(1.0, 2.0))
    claims.append(
        Claim(6, "c", PMPEA, where, "g of S = 2 with χT = 3.5 cm³ K/mol", "", Printed("not printed"), formula=g,
              kind="input", reason="sets the scale of χT", digits=3)
    )  # fmt: skip
    return claims


def definition(runs: Runs) -> list[Claim]:
    """7: χT and q."""
    return [
        context(7, PMPEA, "paper Fig. 2a", "χT = [(1+q)/2 χ_HS + (1−q)/2 χ_LS] T", "definition",
                "used as mcsco.observables.chi_T"),
    ]  # fmt: skip
