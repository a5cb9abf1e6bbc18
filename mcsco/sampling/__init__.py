"""Simulations, and the protocols they follow."""

from mcsco.sampling.bridge import simulate_bridge
from mcsco.sampling.exchange_journey import ExchangeJourney
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.journey import Journey
from mcsco.sampling.kinetic import KineticJourney, simulate_kinetics
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
from mcsco.sampling.timed import (
    TIMED_PROTOCOLS,
    Illumination,
    Relaxation,
    TemperatureScan,
    TimedLeg,
    is_timed,
    make_timed_legs,
)
from mcsco.sampling.travel import Progress, Travel
from mcsco.sampling.verdicts import stored_verdicts, verdicts_of

__all__ = [
    "PROTOCOLS",
    "QUANTITIES",
    "TIMED_PROTOCOLS",
    "ExchangeJourney",
    "FieldCycle",
    "FreeEnergySurface",
    "Hold",
    "Illumination",
    "Journey",
    "KineticJourney",
    "Leg",
    "Point",
    "PressureCycle",
    "PressureRamp",
    "Progress",
    "Quench",
    "Ramp",
    "Relaxation",
    "ReplicaExchange",
    "ReversalCurves",
    "Simulation",
    "SpringSimulation",
    "SurfaceJourney",
    "TemperatureScan",
    "ThermalCycle",
    "TimedLeg",
    "Travel",
    "is_timed",
    "make_journey",
    "make_legs",
    "make_timed_legs",
    "n_lanes",
    "n_updates",
    "simulate",
    "simulate_bridge",
    "simulate_kinetics",
    "stored_verdicts",
    "verdicts_of",
]
