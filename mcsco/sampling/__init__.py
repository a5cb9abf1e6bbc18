"""Simulations, and the protocols they follow."""

from mcsco.sampling.bridge import simulate_bridge
from mcsco.sampling.exchange_journey import ExchangeJourney
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.journey import Journey
from mcsco.sampling.ladder import ReplicaExchange
from mcsco.sampling.legs import Leg, Point
from mcsco.sampling.open_crystal import SpringSimulation
from mcsco.sampling.precision import QUANTITIES
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
from mcsco.sampling.replicas import make_journey, n_updates, simulate
from mcsco.sampling.reversal import ReversalCurves
from mcsco.sampling.simulation import Simulation
from mcsco.sampling.surface_journey import SurfaceJourney, n_lanes
from mcsco.sampling.travel import Progress, Travel
from mcsco.sampling.verdicts import stored_verdicts, verdicts_of

__all__ = [
    "PROTOCOLS",
    "QUANTITIES",
    "ExchangeJourney",
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
    "ReplicaExchange",
    "ReversalCurves",
    "Simulation",
    "SpringSimulation",
    "SurfaceJourney",
    "ThermalCycle",
    "Travel",
    "make_journey",
    "make_legs",
    "n_lanes",
    "n_updates",
    "simulate",
    "simulate_bridge",
    "stored_verdicts",
    "verdicts_of",
]
