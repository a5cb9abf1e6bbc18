"""Statements 37 to 40: the loop of [Fe(dpp)2(NCS)2]·py, and what pressure and light do to it."""

from __future__ import annotations

import math

from analysis.source_documents.claim import Claim, between, context, near
from analysis.source_documents.clusters import last_gamma, light_of
from analysis.source_documents.dinuclear import ls_at
from analysis.source_documents.loops import loop_of, mean_field
from analysis.source_documents.runs import Runs
from mcsco import units
from mcsco.meanfield import MeanField
from mcsco.model import Model
from mcsco.observables import driven_loop

DPP = "[Fe(dpp)2(NCS)2]·py"


def thermal_loop(runs: Runs) -> list[Claim]:
    """37: the loop of 40 K centred at 143 K."""
    name = "dpp-py/thermal_loop"
    run = runs(name)
    T_down, T_up = mean_field(run.model).spinodals()
    found = loop_of(run).q
    rows = (
        ("T_up", near(163, 1, "163"), T_up, found.T_up),
        ("T_down", near(123, 1, "123"), T_down, found.T_down),
        ("width of the loop", near(40, 1), T_up - T_down, found.width),
        ("centre of the loop", near(143, 1), (T_up + T_down) / 2, found.T_half),
    )
    return [
        Claim(37, "abcd"[i], DPP, "abstract", quantity, "K", printed, math.nan, theory, measured, calibrated=True,
              reason="a finite crystal at a finite rate jumps apart from the spinodal", runs=(name,))
        for i, (quantity, printed, theory, measured) in enumerate(rows)
    ]  # fmt: skip


def compression(runs: Runs) -> list[Claim]:
    """38: no LS before 25 kbar and all LS at 29 kbar, at room temperature."""
    name = "dpp-py/pressure_298K"
    run = runs(name)
    T = float(run.dataset["temperature"].values[0])
    span = driven_loop(run.dataset).span80.up
    sharp = entropy_for_width(run.model, T, 4.0)
    why = f"with the ΔS assumed the conversion at {T:g} K is gradual; a width of 4 kbar takes "
    why += f"ΔS = {sharp:.0f} J/(mol K)" if math.isfinite(sharp) else "no ΔS below 200 J/(mol K)"
    return [
        Claim(38, "a", DPP, "abstract", "LS fraction at 25 kbar, 298 K", "", near(0.0, 0.05, "0 before 25 kbar"),
              math.nan, 1 - hs_fraction(run.model, T, 2.5), ls_at(run, 2.5), reason=why, runs=(name,), digits=3),
        Claim(38, "b", DPP, "abstract", "LS fraction at 29 kbar, 298 K", "", near(1.0, 0.05, "1 at 29 kbar"), math.nan,
              1 - hs_fraction(run.model, T, 2.9), ls_at(run, 2.9), reason=why, runs=(name,), digits=3),
        Claim(38, "c", DPP, "abstract", "width of the conversion, 10 to 90 %, 298 K", "kbar",
              between(0.0, 4.0, "at most 4"), math.nan, 10 * width_of(run.model, T), span.scaled(10.0), reason=why,
              runs=(name,)),
        Claim(38, "d", DPP, "abstract", "half conversion, 298 K", "kbar", between(25.0, 29.0, "25 to 29"), math.nan,
              10 * float(_pressure(run.model, T, 0.5)), driven_loop(run.dataset).cross.up.scaled(10.0),
              calibrated=True, runs=(name,)),
    ]  # fmt: skip


def _pressure(model: Model, T: float, gamma: float) -> float:
    """GPa at which the curve of Slichter and Drickamer has a HS fraction at T."""
    S = model.spin.entropy + units.R * math.log((1 - gamma) / gamma)
    return (1e-3 * T * S - model.spin.enthalpy - model.couplings.Gamma * (1 - 2 * gamma)) / model.spin.volume


def width_of(model: Model, T: float) -> float:
    """GPa between γ = 0.9 and 0.1 at T; of a loop, negative."""
    return _pressure(model, T, 0.1) - _pressure(model, T, 0.9)


def entropy_for_width(model: Model, T: float, kbar: float) -> float:
    """ΔS at which the set with the loop 163/123 K and half conversion at 27 kbar is as sharp as `kbar`, J/(mol K)."""
    from scipy.optimize import brentq

    def excess(entropy: float) -> float:
        enthalpy, Gamma = loop_parameters(entropy)
        volume = (1e-3 * T * entropy - enthalpy) / 2.7
        width = 1e-3 * 2 * units.R * T * math.log(9) - 1.6 * Gamma
        return 10 * width / volume - kbar

    return float(brentq(excess, 40.0, 200.0)) if excess(40.0) * excess(200.0) < 0 else math.nan


def loop_parameters(entropy: float, T_down: float = 123.0, T_up: float = 163.0) -> tuple[float, float]:
    """ΔH and Γ in kJ/mol of the curve of Slichter and Drickamer with this ΔS whose loop is (T_down, T_up)."""
    from scipy.optimize import fsolve

    def ends(x: tuple[float, float]) -> list[float]:
        enthalpy, Gamma = 1e3 * float(x[0]), 1e3 * float(x[1])
        found = []
        for T in (T_down, T_up):
            # A branch ends where 2 Γ γ(1−γ) = RT, the HS branch at the larger γ.
            root = math.sqrt(max(1 - 2 * units.R * T / Gamma, 0.0))
            gamma = (1 + root) / 2 if T_down == T else (1 - root) / 2
            S = entropy + units.R * math.log((1 - gamma) / gamma)
            found.append(T - (enthalpy + Gamma * (1 - 2 * gamma)) / S)
        return found

    enthalpy, Gamma = fsolve(ends, (147.8e-3 * entropy, 0.03 * entropy + 2.8))
    return float(enthalpy), float(Gamma)


def hs_fraction(model: Model, T: float, pressure: float) -> float:
    """γ of the mean field at a pressure in GPa."""
    return (1 + MeanField(model, pressure).equilibrium(T)[0]) / 2


def compressibility(runs: Runs) -> list[Claim]:
    """39: negative linear compressibility."""
    return [
        context(39, DPP, "abstract, Fig. 2", "negative linear compressibility below, and up to the spin crossover",
                "5 kbar", "the cell of the model has a volume, and no mechanism of its own by which one axis grows"),
    ]  # fmt: skip


def light(runs: Runs) -> list[Claim]:
    """40: light at 1.2 kbar and 10 K."""
    name = "dpp-py/light"
    run = runs(name)
    kinetics = run.config.kinetics
    assert kinetics is not None
    note = f"assumed: k∞ = {kinetics.rate:.0e}/s, E_a = {kinetics.barrier:g} kJ/mol, {light_of(run)}"
    return [
        Claim(40, "", DPP, "abstract", "HS fraction after an hour of light at 10 K and 1.2 kbar", "",
              between(0.05, 1.0, "some", strict=True), simulation=last_gamma(run), note=note, runs=(name,), digits=4),
    ]  # fmt: skip
