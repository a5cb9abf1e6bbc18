"""Statements 8 to 16: the ferroelastic phase of [Fe(PM-PEA)2(NCS)2], how it ends, and how it is trapped."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from analysis.source_documents.claim import Claim, between, near
from analysis.source_documents.loops import PMPEA, POTENTIAL, mean_field
from analysis.source_documents.readings import Floats, at, difference, spread
from analysis.source_documents.runs import Runs
from mcsco import landau
from mcsco.observables import DrivenLoop, Estimate, driven_loop, finite_size, reflection, relaxation_temperature
from mcsco.observables.series import mean_over_replicas, unknown

if TYPE_CHECKING:
    import xarray

E13 = 0.02704
"""|e13| of the monoclinic angle 93.1° with c = c0."""
BETA = 93.1
VOLUME_STRAIN = 0.05
CONSTANT = 0.06
"""Relative change of η that counts as almost constant."""
LOOP, ELASTIC = "pmpea/thermal_loop", "pmpea-elastic/thermal_loop"


def variants(runs: Runs) -> list[Claim]:
    """8: two equivalent domains ±η, one of them under a field."""
    run, poled = runs(LOOP), runs("pmpea/poling")
    theory = mean_field(run.model)
    top = float(run.dataset["temperature"].values.max())
    eta = run.dataset["eta"].values[:, np.abs(run.dataset["temperature"].values - top) < 1.0].mean(axis=1)
    plus, minus = eta[eta > 0], -eta[eta < 0]
    both = Estimate(float((plus.size > 0) + (minus.size > 0)), 0.0)
    equal = unknown("all replicas took the same variant")
    if min(plus.size, minus.size) > 1:
        a, b = mean_over_replicas(plus), mean_over_replicas(minus)
        equal = Estimate(a.value / b.value, math.hypot(a.error / a.value, b.error / b.value))
    found = driven_loop(poled.dataset)
    T = float(poled.dataset["temperature"].values[0])
    single = mean_field(poled.model).branch(T, "HS")[1]
    left = 0.5 * (found.remanence.down.value - found.remanence.up.value)
    error = 0.5 * math.hypot(found.remanence.down.error, found.remanence.up.error)
    return [
        Claim(8, "a", PMPEA, "paper §3.2", "variants that replicas choose on heating", "", near(2, 0.5, "2"),
              float(1 + (POTENTIAL.branch(top, "HS")[1] > 0)), float(1 + (theory.branch(top, "HS")[1] > 0)), both,
              note=f"{plus.size} replicas with +η, {minus.size} with −η", runs=(LOOP,), digits=0),
        Claim(8, "b", PMPEA, "paper §3.2", "η of one variant over that of the other at 300 K", "",
              near(1.0, 0.01, "symmetry-equivalent"), 1.0, 1.0, equal, runs=(LOOP,), digits=4),
        Claim(8, "c", PMPEA, "paper §4", "η left at zero field after poling, over that of a single domain", "",
              near(1.0, 0.02, "single domain"), math.nan, 1.0, Estimate(left / single, error / single),
              note=f"coercive field ±{_coercive(found):.2f} kJ/mol at {T:g} K", runs=("pmpea/poling",), digits=3),
    ]  # fmt: skip


def _coercive(found: DrivenLoop) -> float:
    return 0.5 * abs(found.cross.up.value - found.cross.down.value)


def angle(runs: Runs) -> list[Claim]:
    """9: the monoclinic angle, with the printed strain at η = 1."""
    run, T = runs(LOOP), 298.0
    eta = at(run.dataset, "eta", T, "heating")
    slope = math.degrees(2 * E13 / math.sqrt(1 - (2 * E13 * eta.value) ** 2))
    return [
        Claim(9, "", PMPEA, "paper §3.2", "monoclinic angle at 298 K, e13 = 0.02704 η", "°", near(BETA, 0.05, "93.1"),
              _beta(1.0), _beta(mean_field(run.model).branch(T, "HS")[1]),
              Estimate(_beta(eta.value), slope * eta.error), runs=(LOOP,),
              reason=f"0.02704 is the strain at η = 1 and η(298 K) = {eta.value:.3f}; with 0.02704 at 298 K instead "
              "the angle is 93.1° by construction"),
    ]  # fmt: skip


def _beta(eta: float) -> float:
    """β in degrees of e13 = ½ cos β with c = c0."""
    return 90.0 + math.degrees(math.asin(2 * E13 * eta))


def strain(runs: Runs) -> list[Claim]:
    """10: the scale of η."""
    e13 = 0.5 * abs(math.cos(math.radians(BETA)))
    return [
        Claim(10, "", PMPEA, "paper §3.2", "|e13| = ½ |cos β| with β = 93.1° and c = c0", "",
              near(E13, 5e-6, "0.02704"), formula=e13, digits=5),
    ]  # fmt: skip


def constancy(runs: Runs) -> list[Claim]:
    """11: η is zero in LShs and almost constant in HSls."""
    claims = []
    couplings = (
        ("pmpea/thermal_loop", "infinite range", "heating"),
        ("pmpea-displacive/thermal_loop", "continuous torsion, infinite range", "heating"),
        ("pmpea-nn/hs_branch", "nearest neighbours, cubic", "cooling"),
    )
    why = "the HS phase of a mean field with smooth couplings fills up with temperature, and η with it"
    for low, words, parts in ((236.0, "T_up to 298 K", "abc"), (222.5, "221 to 298 K", "def")):
        for part, (name, coupling, _) in zip(parts, couplings, strict=True):
            run = runs(name)
            theory = mean_field(run.model)
            bounds = [theory.branch(T, "HS")[1] for T in (low, 298.0)]
            potential = [float(POTENTIAL.branch(T, "HS")[1]) for T in (low, 298.0)]
            claims.append(
                Claim(11, part, PMPEA, "paper §3.2, Fig. 2b", f"growth of η, {words}, {coupling}", "",
                      between(-CONSTANT, CONSTANT, "almost constant"), potential[1] / potential[0] - 1,
                      bounds[1] / bounds[0] - 1, spread(run.dataset, low, 298.0), reason=why, runs=(name,), digits=3)
            )  # fmt: skip
    run = runs(LOOP)
    claims.append(
        Claim(11, "g", PMPEA, "paper §3.2, Fig. 2b", "|η| of LShs at 200 K", "", near(0.0, 0.05, "0"),
              float(POTENTIAL.branch(200.0, "LS")[1]), mean_field(run.model).branch(200.0, "LS")[1],
              at(run.dataset, "eta", 200.0, "heating"), note="of order 1/√N", runs=(LOOP,), digits=3)
    )  # fmt: skip
    return claims


def volume(runs: Runs) -> list[Claim]:
    """12: the strain of the volume."""
    run = runs(LOOP)
    theory = mean_field(run.model)
    converted = difference(*(at(run.dataset, "gamma", T, "heating") for T in (299.0, 151.0)))
    q = theory.branch(299.0, "HS")[0] - theory.branch(151.0, "LS")[0]
    return [
        Claim(12, "", PMPEA, "paper §3.2", "volume strain between 151 and 299 K, v_s Δγ with v_s = 0.05", "",
              near(VOLUME_STRAIN, 0.005, "≃ 0.05"), VOLUME_STRAIN, VOLUME_STRAIN * q / 2,
              converted.scaled(VOLUME_STRAIN), kind="input", reason="v_s is given, Δγ simulated", runs=(LOOP,),
              digits=4),
    ]  # fmt: skip


def bragg(runs: Runs) -> list[Claim]:
    """13: reflections that the symmetry breaking allows."""
    run = runs(ELASTIC)
    amplitude, eta, T = _amplitudes(run.dataset)
    hs, cold = eta > 0.1, T < 200.0
    a, b = amplitude[hs], eta[hs]
    slope = float(a @ b / (b @ b))
    scatter = float(np.sqrt(np.mean((a - slope * b) ** 2) / (b @ b)))
    largest = [float(a[c].mean()) for a, c in zip(amplitude, np.broadcast_to(cold, amplitude.shape), strict=True)]
    return [
        Claim(13, "a", PMPEA, "paper §3.2, Fig. 2b", "slope of √I_hkl over |η| in HSls", "", near(1.0, 1e-3, "√I ∝ η"),
              1.0, 1.0, Estimate(slope, scatter), note=f"structure factors of {int(hs.sum())} configurations",
              runs=(ELASTIC,), digits=4),
        Claim(13, "b", PMPEA, "paper §3.2", "√I_hkl of LShs below 200 K, over that of full order", "",
              near(0.0, 0.05, "0"), 0.0, 0.0, mean_over_replicas(largest), runs=(ELASTIC,), digits=3),
    ]  # fmt: skip


def _amplitudes(dataset: xarray.Dataset) -> tuple[Floats, Floats, Floats]:
    """√I by the structure factor and |η| by counting, (replica, snapshot), and T of the snapshots."""
    spin, u = dataset["snapshot_spin"].values, dataset["snapshot_distortion"].values
    u = np.where(spin > 0, u, 0)
    shape = spin.shape[:2]
    amplitude = np.array([
        [float(reflection(SimpleNamespace(spin=spin[i, j], distortion=u[i, j])).amplitude) for j in range(shape[1])]
        for i in range(shape[0])
    ])  # fmt: skip
    eta = np.abs(u.reshape(*shape, -1).mean(axis=-1))
    return amplitude, eta, dataset["snapshot_temperature"].values


def melting(runs: Runs) -> list[Claim]:
    """14: HSls is stable to melting."""
    name = "pmpea/hs_branch"
    run = runs(name)
    return [
        Claim(14, "", PMPEA, "paper §3.2, §3.4", "η of HSls at 500 K, where the crystal melts", "",
              between(0.5, 1.0, "stable to ≃ 500 K"), float(POTENTIAL.branch(500.0, "HS")[1])
              / float(POTENTIAL.branch(300.0, "HS")[1]), mean_field(run.model).branch(500.0, "HS")[1],
              at(run.dataset, "eta", 500.0, "heating", 2.0), note="melting itself is not in the model", runs=(name,),
              digits=3),
    ]  # fmt: skip


def paraelastic(runs: Runs) -> list[Claim]:
    """15: the hypothetical HShs phase."""
    names = ("pmpea/paraelastic-32", "pmpea/paraelastic-64")
    crossing = finite_size([runs(name).dataset for name in names], scale="molecules").crossings()[0].at
    theory = mean_field(runs(names[0]).model).paraelastic_temperature()
    printed = near(800, 20, "around 800")
    return [
        Claim(15, "a", PMPEA, "paper §3.4", "HSls → HShs, crossing of Binder's cumulants of 32² and 64²", "K", printed,
              landau.load("consistent-eq3").paraelastic_temperature(), theory, crossing, calibrated=True,
              note="Landau: eq. (3) with a0 > 0; two sizes, not extrapolated", runs=names),
        Claim(15, "b", PMPEA, "paper §3.4", "HSls → HShs of eq. (4) as published", "K", printed,
              _or_never(POTENTIAL.paraelastic_temperature()),
              reason="with a0 = 0 the HS phase stays distorted at all temperatures"),
    ]  # fmt: skip


def _or_never(T: float) -> float:
    return math.inf if math.isnan(T) else T


def trapping(runs: Runs) -> list[Claim]:
    """16: flash-cooled HSls is frozen at 30 K and relaxes near 65 K."""
    names = ("pmpea-kinetics/frozen", "pmpea-kinetics/tiesst")
    frozen, warmed = (runs(name) for name in names)
    kinetics = warmed.config.kinetics
    assert kinetics is not None
    hours = float(frozen.dataset["time"].values[-1]) / 3600
    gamma = frozen.dataset["gamma"].values[:, -1]
    N = gamma.size * frozen.model.lattice.n_sites
    # No jump among N molecules still leaves room for one.
    remaining = Estimate(float(gamma.mean()), max(float(gamma.std() / math.sqrt(gamma.size)), 1.0 / N))
    rates = f"k∞ = {kinetics.rate:.0e}/s and E_a = {kinetics.barrier:g} kJ/mol, E_a chosen for this"
    rate = f"{warmed.config.protocol.kelvin_per_minute:g} K/min"  # type: ignore[union-attr]
    return [
        Claim(16, "a", PMPEA, "paper §3.2, Fig. S6", f"HS fraction after {hours:.0f} h at 30 K", "",
              near(1.0, 0.01, "quenched at 30 K"), simulation=remaining, runs=names[:1], digits=5),
        Claim(16, "b", PMPEA, "paper §3.2, Fig. S6", f"HSls → LShs on warming at {rate}", "K",
              near(65, 2.5, "around 65"), simulation=relaxation_temperature(warmed.dataset),
              calibrated=True, note=rates, runs=names[1:]),
    ]  # fmt: skip
