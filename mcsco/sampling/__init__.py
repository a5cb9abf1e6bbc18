"""Simulations, and the protocols they follow."""

from mcsco.sampling.open_crystal import SpringSimulation
from mcsco.sampling.protocols import PROTOCOLS, Hold, Leg, Ramp, ThermalCycle, make_legs
from mcsco.sampling.replicas import n_updates, simulate
from mcsco.sampling.simulation import Simulation

__all__ = [
    "PROTOCOLS",
    "Hold",
    "Leg",
    "Ramp",
    "Simulation",
    "SpringSimulation",
    "ThermalCycle",
    "make_legs",
    "n_updates",
    "simulate",
]
