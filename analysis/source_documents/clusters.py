"""Statements 27 to 32: the clusters {Fe2Fe} and {Fe2Co}."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.source_documents.claim import Claim, Printed, between, context
from analysis.source_documents.loops import mean_field
from analysis.source_documents.runs import Run, Runs
from mcsco import fits
from mcsco.meanfield import FiniteSize
from mcsco.observables import Estimate, Measured, equilibrium
from mcsco.observables.series import mean_over_replicas

Floats = npt.NDArray[np.float64]

CLUSTERS = {
    27: ("{Fe2Fe} 1", "fe2fe", (21.87, 87.46, 250.0, 0.42)),
    28: ("{Fe2Co} 2", "fe2co", (15.42, 84.49, 182.0, -0.84)),
}
"""Name, folder of run files, and ΔH (kJ/mol), ΔS (J/(mol K)), T½ (K), Γ (kJ/mol) of Table S6."""
FITTED = (
    ("ΔH", "kJ/mol", "enthalpy", 0.005, 0.5),
    ("ΔS", "J/(mol K)", "entropy", 0.005, 2.0),
    ("T½", "K", "T_half", 1.0, 0.5),
    ("Γ", "kJ/mol", "cooperativity", 0.005, 0.15),
)
"""Quantity, unit, name in the fit, half of the last printed digit (T½ is printed without its decimals), and the largest
standard error with which the fit says something."""
NOISE = 0.005
"""Standard error of a point of the synthetic χT, as a part of the HS plateau."""
COPIES = 20
"""Noisy copies of the simulated curve whose fits are averaged."""
EQUAL_CURVES = 3.5
"""Largest |z| over ten temperatures of equal curves; a larger one has a probability below 0.5 %."""


def published_fit(number: int, runs: Runs) -> list[Claim]:
    """27, 28: the fit of Slichter and Drickamer on the cooling branch, and its curve."""
    compound, folder, values = CLUSTERS[number]
    where = "clusters Table S6, Fig. S13"
    name = f"{folder}/cooling"
    run = runs(name)
    found = noisy_fit(run, number)
    copies = [noisy_fit(run, 100 * number + i) for i in range(COPIES)]
    T_half = mean_field(run.model).half_conversion_temperature()
    theory = {"T_half": T_half, "enthalpy": run.model.spin.enthalpy, "entropy": run.model.spin.entropy}
    theory["cooperativity"] = run.model.couplings.Gamma
    claims = []
    for part, (quantity, unit, key, digit, resolution), value in zip("abcd", FITTED, values, strict=True):
        estimate = found[key]
        mean = mean_over_replicas([copy[key].value for copy in copies])
        claims.append(
            Claim(number, part, compound, where, f"{quantity}, fitted to the simulated χT with noise", unit,
                  fitted(value, digit, resolution), math.nan, theory[key], estimate, runs=(name,),
                  reason="the fit does not return what was simulated", note=f"mean of {COPIES} noisy copies {mean}")
        )  # fmt: skip
    return [*claims, *_curves(number, compound, folder, runs)]


def fitted(value: float, digit: float, resolution: float) -> Printed:
    """A printed result of a fit: the source gives no errors, so that three standard errors of ours have to do."""
    return Printed(f"{value:g}", value - digit, value + digit, errors=3.0, resolution=resolution)


def noisy_fit(run: Run, seed: int) -> dict[str, Estimate]:
    """Fit of a simulated cooling curve, with Gaussian noise on it, by Slichter and Drickamer."""
    T, gamma = run.dataset["temperature"].values, run.dataset["gamma"].values.mean(axis=0)
    kelvin = np.unique(np.round(T))
    kelvin = kelvin[(kelvin > T.min() + 0.5) & (kelvin < T.max() - 0.5)][::2]
    mean = np.array([gamma[np.abs(T - t) <= 0.5].mean() for t in kelvin])
    centre = np.array([T[np.abs(T - t) <= 0.5].mean() for t in kelvin])
    chi_t = mean + np.random.default_rng(seed).normal(0.0, NOISE, mean.size)
    order = np.argsort(-centre)
    measured = Measured(centre[order], chi_t[order], np.zeros(mean.size, dtype=np.int64), (-1,))
    fit = fits.fit_slichter_drickamer(measured, chi_t_hs=1.0, chi_t_ls=0.0)
    return {key: fit[key] for key in ("enthalpy", "entropy", "T_half", "cooperativity")}


def _curves(number: int, compound: str, folder: str, runs: Runs) -> list[Claim]:
    """γ(T) in equilibrium against the curve, for both ranges of the coupling."""
    where = "clusters Table S6"
    infinite, short = f"{folder}/equilibrium", f"{folder}/neighbours"
    exact, curve, neighbours = (
        departures(runs(infinite), finite_sum(runs(infinite))),
        departures(runs(infinite), published_curve(number)),
        departures(runs(short), published_curve(number)),
    )
    z = np.abs(exact.difference / exact.error)
    same = between(-NOISE, NOISE, "the curve")
    return [
        Claim(number, "e", compound, where, f"largest |γ − γ of the exact finite sum| in standard errors, {z.size} "
              "temperatures, infinite range", "", between(0.0, EQUAL_CURVES, "the curve"),
              simulation=Estimate(float(z.max()), 0.0), runs=(infinite,)),
        Claim(number, "f", compound, where, f"largest γ − γ_SD, infinite range, at {curve.worst[0]:g} K", "", same,
              math.nan, 0.0, curve.worst[1], note=f"{curve.significance:.1f} standard errors",
              runs=(infinite,), digits=5),
        Claim(number, "g", compound, where, f"largest γ − γ_SD, nearest neighbours, at {neighbours.worst[0]:g} K", "",
              same, math.nan, 0.0, neighbours.worst[1], runs=(short,), digits=5,
              note=f"{neighbours.significance:.0f} standard errors: what correlations change"),
    ]  # fmt: skip


class Departures(NamedTuple):
    """How far simulated holds are from a curve."""

    T: Floats
    """K, shape (hold,)."""
    difference: Floats
    error: Floats

    @property
    def worst(self) -> tuple[float, Estimate]:
        """Temperature of the largest one, and its value."""
        i = int(np.argmax(np.abs(self.difference)))
        return float(self.T[i]), Estimate(float(self.difference[i]), float(self.error[i]))

    @property
    def significance(self) -> float:
        """Its size in standard errors."""
        worst = self.worst[1]
        return abs(worst.value) / worst.error


def departures(run: Run, curve: Callable[[float], float]) -> Departures:
    """γ of every hold of a run less that of a curve."""
    holds = equilibrium(run.dataset)
    T = np.array([hold.temperature for hold in holds])
    gamma, error = np.transpose([(hold.gamma.value, hold.gamma.error) for hold in holds])
    return Departures(T, gamma - np.array([curve(t) for t in T.tolist()]), error)


def published_curve(number: int) -> Callable[[float], float]:
    """γ(T) of the printed ΔH, ΔS and Γ."""
    enthalpy, entropy, _, cooperativity = CLUSTERS[number][2]
    return lambda T: float(fits.hs_fraction(T, enthalpy, entropy, cooperativity))


def finite_sum(run: Run) -> Callable[[float], float]:
    """γ(T) of a crystal of so many molecules, all configurations summed."""
    exact = FiniteSize(run.model, run.model.lattice.n_sites)
    return lambda T: exact.averages(T).gamma


def fe2fe(runs: Runs) -> list[Claim]:
    """27."""
    return published_fit(27, runs)


def fe2co(runs: Runs) -> list[Claim]:
    """28."""
    return published_fit(28, runs)


def cooling(runs: Runs) -> list[Claim]:
    """29: how it was measured."""
    return [
        context(29, "{Fe2Fe} 1, {Fe2Co} 2", "clusters Figs. S11, S13", "fit on the cooling branch; 1d at", "2 K/min",
                "the runs cooling.toml go the same way; without a loop the rate does not matter"),
    ]  # fmt: skip


BONDS = {
    30: ("{Fe2Fe} 1", "clusters Table S1", "Fe–N, 100 → 290 K", ((1.994, 2.153), (2.059, 2.219), (1.934, 2.059))),
    31: ("{Fe2Co} 2", "clusters Table S3", "Co–N, 100 → 300 K", ((2.024, 2.115), (2.028, 2.141), (1.966, 2.036))),
}


def _bonds(number: int) -> list[Claim]:
    compound, where, what, lengths = BONDS[number]
    mean = float(np.mean([last - first for first, last in lengths]))
    text = ", ".join(f"{first:.3f} → {last:.3f}" for first, last in lengths)
    return [
        context(number, compound, where, f"mean change of {what}", text, "marks the spin state",
                unit="Å", formula=mean, digits=3),
    ]  # fmt: skip


def iron_bonds(runs: Runs) -> list[Claim]:
    """30."""
    return _bonds(30)


def cobalt_bonds(runs: Runs) -> list[Claim]:
    """31."""
    return _bonds(31)


def trapping(runs: Runs) -> list[Claim]:
    """32: light of 808 nm at 20 K raises χT; the state is trapped."""
    names = ("fe2co/light", "fe2co/dark")
    light, dark = (runs(name) for name in names)
    kinetics = light.config.kinetics
    assert kinetics is not None
    note = f"assumed: k∞ = {kinetics.rate:.0e}/s, E_a = {kinetics.barrier:g} kJ/mol, " + light_of(light)
    hours = float(dark.dataset["time"].values[-1]) / 3600
    return [
        Claim(32, "a", "{Fe2Co} 2", "clusters Fig. S12", "HS fraction after an hour of light at 20 K", "",
              between(0.05, 1.0, "χT rises", strict=True), simulation=last_gamma(light), note=note, runs=names[:1],
              digits=4),
        Claim(32, "b", "{Fe2Co} 2", "clusters Fig. S12", f"HS fraction after {hours:.0f} h in the dark at 20 K", "",
              between(0.95, 1.0, "trapped"), simulation=last_gamma(dark), runs=names[1:], digits=4),
    ]  # fmt: skip


def light_of(run: Run) -> str:
    """The light of a run in words."""
    return f"light absorbed at {run.config.protocol.rate:g}/s"  # type: ignore[union-attr]


def last_gamma(run: Run) -> Estimate:
    """γ at the end; without any event, the error is that of one molecule."""
    gamma = run.dataset["gamma"].values[:, -1]
    N = gamma.size * run.model.lattice.n_sites
    return Estimate(float(gamma.mean()), max(float(gamma.std(ddof=1) / math.sqrt(gamma.size)), 1.0 / N))
