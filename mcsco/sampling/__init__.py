"""Simulations, and the protocols they follow."""

from mcsco.sampling.journey import Journey, Progress, n_updates
from mcsco.sampling.open_crystal import SpringSimulation
from mcsco.sampling.protocols import PROTOCOLS, Hold, Leg, Quench, Ramp, ThermalCycle, make_legs
from mcsco.sampling.replicas import simulate
from mcsco.sampling.simulation import Simulation

__all__ = [
    "PROTOCOLS",
    "Hold",
    "Journey",
    "Leg",
    "Progress",
    "Quench",
    "Ramp",
    "Simulation",
    "SpringSimulation",
    "ThermalCycle",
    "make_legs",
    "n_updates",
    "simulate",
]
