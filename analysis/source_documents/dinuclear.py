"""Statements 33 to 36: a complex of two irons under pressure and light."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from analysis.source_documents.claim import Claim, between, context, near
from analysis.source_documents.clusters import last_gamma, light_of
from analysis.source_documents.readings import counted, replicas_at
from analysis.source_documents.runs import Run, Runs
from mcsco.meanfield import SublatticeMeanField
from mcsco.model import Model
from mcsco.observables import Estimate
from mcsco.observables.series import mean_over_replicas

DINUCLEAR = "[{Fe(3-bpp)(NCS)2}2(4,4'-bipy)]·2MeOH"
THERMAL, PRESSURE = "dinuclear/thermal", "dinuclear/pressure_298K"
COLD = 30.0
"""K, at the cold end of the plateau."""
ROOM = 298.0


@lru_cache(maxsize=4)
def _cold_state(model: Model) -> tuple[float, float]:
    """(γ_a, γ_b) of the mean field at `COLD`, cooled from HS."""
    curve = SublatticeMeanField(model).curve(np.arange(300.0, COLD - 1, -2.0), "HS")
    return float(curve.gamma_a[-1]), float(curve.gamma_b[-1])


def hs_fraction(model: Model, pressure: float) -> float:
    """γ of the mean field in equilibrium at room temperature and a pressure in GPa."""
    state = SublatticeMeanField(model, pressure).equilibrium(ROOM)
    return (state.gamma_a + state.gamma_b) / 2


def ls_at(run: Run, pressure: float, within: float = 0.02) -> Estimate:
    """LS fraction within some GPa of a pressure on compression."""
    P = run.dataset["pressure"].values
    near_it = np.abs(P - pressure) <= within
    return mean_over_replicas(1 - run.dataset["gamma"].values[:, near_it].mean(axis=1))


def thermal(runs: Runs) -> list[Claim]:
    """33: one of two irons changes on cooling; light makes both HS."""
    run, lit = runs(THERMAL), runs("dinuclear/light")
    a, b = _cold_state(run.model)
    cold = {name: replicas_at(run.dataset, name, COLD, "cooling", 3.0) for name in ("gamma_a", "gamma_b")}
    N = run.model.lattice.n_sites
    apart = counted(cold["gamma_b"] - cold["gamma_a"], N)
    gamma = counted((cold["gamma_a"] + cold["gamma_b"]) / 2, N)
    where = "abstract, Fig. 1"
    return [
        Claim(33, "a", DINUCLEAR, where, f"HS fraction at {COLD:g} K on cooling, ambient pressure", "",
              near(0.5, 0.05, "1/2: one iron of two"), mean_field=(a + b) / 2, simulation=gamma, runs=(THERMAL,),
              calibrated=True, digits=3),
        Claim(33, "b", DINUCLEAR, where, f"γ_b − γ_a at {COLD:g} K: HS-LS molecules", "", near(1.0, 0.1, "HS-LS"),
              mean_field=b - a, simulation=apart, runs=(THERMAL,), calibrated=True, digits=3,
              note="the two centres differ in ΔH from the start, by construction"),
        Claim(33, "c", DINUCLEAR, where, "HS fraction after an hour of light at 10 K", "", near(1.0, 0.05, "HS-HS"),
              simulation=last_gamma(lit), note=_assumed(lit), runs=("dinuclear/light",), digits=4),
    ]  # fmt: skip


def _assumed(run: Run) -> str:
    kinetics = run.config.kinetics
    assert kinetics is not None
    return f"assumed: k∞ = {kinetics.rate:.0e}/s, E_a = {kinetics.barrier:g} kJ/mol, {light_of(run)}; from LS-LS"


def raman(runs: Runs) -> list[Claim]:
    """34: LS from 7 kbar and all LS at 25 kbar, by Raman."""
    run = runs(PRESSURE)
    rows = (
        (0.7, between(0.0, 0.15, "markers above 7 kbar")),
        (2.5, between(0.85, 1.0, "complete above 25 kbar")),
    )
    return [
        Claim(34, "ab"[i], DINUCLEAR, "abstract", f"LS fraction at {10 * P:g} kbar, 298 K", "", printed,
              mean_field=1 - hs_fraction(run.model, P), simulation=ls_at(run, P), calibrated=True, runs=(PRESSURE,),
              digits=3, note="ΔV was solved for 0.1 and 0.9 there")
        for i, (P, printed) in enumerate(rows)
    ]  # fmt: skip


def diffraction(runs: Runs) -> list[Claim]:
    """35: fully LS-LS above 16 kbar, by diffraction."""
    run = runs(PRESSURE)
    return [
        Claim(35, "", DINUCLEAR, "abstract", "LS fraction at 16 kbar, 298 K", "",
              near(1.0, 0.1, "fully LS-LS above 16 kbar"), mean_field=1 - hs_fraction(run.model, 1.6),
              simulation=ls_at(run, 1.6), runs=(PRESSURE,), digits=3,
              reason="the model was solved for the limits by Raman, which are 9 kbar away from that by diffraction"),
    ]  # fmt: skip


def light(runs: Runs) -> list[Claim]:
    """36: light under pressure."""
    low, high, run = runs("dinuclear/light_2kbar"), runs("dinuclear/light_20kbar"), runs(PRESSURE)
    molecules = SublatticeMeanField(run.model, 1.8).equilibrium(ROOM).molecules
    return [
        Claim(36, "a", DINUCLEAR, "abstract", "HS fraction after an hour of light at 10 K and 2 kbar", "",
              near(1.0, 0.05, "HS state"), simulation=last_gamma(low), note=_assumed(low),
              runs=("dinuclear/light_2kbar",), digits=4),
        Claim(36, "b", DINUCLEAR, "abstract", "HS fraction after an hour of light at 10 K and 2 GPa", "",
              between(0.05, 1.0, "photoconversion even at 2 GPa", strict=True), simulation=last_gamma(high),
              note="rates as above", runs=("dinuclear/light_20kbar",), digits=4),
        context(36, DINUCLEAR, "abstract", "HS-LS molecules at 1.8 GPa and 298 K in equilibrium",
                "mixed phase at 1.8 GPa", "temperature and light of the observation are not given", part="c",
                mean_field=molecules[1] + molecules[2], digits=3),
    ]  # fmt: skip
