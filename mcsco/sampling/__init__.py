"""Simulations, and the protocols they follow."""

from mcsco.sampling.bridge import simulate_bridge
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.journey import Journey, Progress, n_updates
from mcsco.sampling.legs import Leg, Point
from mcsco.sampling.open_crystal import SpringSimulation
from mcsco.sampling.protocols import (
    PROTOCOLS,
    FieldCycle,
    Hold,
    PressureCycle,
    PressureRamp,
    Quench,
    Ramp,
    ThermalCycle,
    make_legs,
)
from mcsco.sampling.replicas import simulate
from mcsco.sampling.reversal import ReversalCurves
from mcsco.sampling.simulation import Simulation
from mcsco.sampling.surface_journey import SurfaceJourney, n_lanes

__all__ = [
    "PROTOCOLS",
    "FieldCycle",
    "FreeEnergySurface",
    "Hold",
    "Journey",
    "Leg",
    "Point",
    "PressureCycle",
    "PressureRamp",
    "Progress",
    "Quench",
    "Ramp",
    "ReversalCurves",
    "Simulation",
    "SpringSimulation",
    "SurfaceJourney",
    "ThermalCycle",
    "make_legs",
    "n_lanes",
    "n_updates",
    "simulate",
    "simulate_bridge",
]
