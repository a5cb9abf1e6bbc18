"""Lattice Monte Carlo microsimulation of spin-crossover crystals whose transition breaks symmetry.

Everything a user needs is importable from here. Names are resolved on first use, so that ``import mcsco``
stays fast and does not load numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mcsco import fits, landau, meanfield, observables
    from mcsco.errors import InputError, McscoError
    from mcsco.meanfield import MeanField
    from mcsco.model import (
        Crystal,
        Disorder,
        Displacive,
        Elasticity,
        InfiniteRange,
        Intramolecular,
        Kinetics,
        Lattice,
        LongRange,
        Model,
        NearestNeighbours,
        OrderDisorder,
        SpinCrossover,
        Springs,
        State,
        Sublattices,
        presets,
    )
    from mcsco.sampling import (
        FieldCycle,
        FreeEnergySurface,
        Hold,
        Illumination,
        PressureCycle,
        PressureRamp,
        Quench,
        Ramp,
        Relaxation,
        ReplicaExchange,
        ReversalCurves,
        Simulation,
        SpringSimulation,
        TemperatureScan,
        ThermalCycle,
        simulate,
    )

_HOME = {
    "InputError": "mcsco.errors",
    "McscoError": "mcsco.errors",
    "MeanField": "mcsco.meanfield",
    "Crystal": "mcsco.model",
    "Disorder": "mcsco.model",
    "Elasticity": "mcsco.model",
    "InfiniteRange": "mcsco.model",
    "Intramolecular": "mcsco.model",
    "Kinetics": "mcsco.model",
    "Lattice": "mcsco.model",
    "LongRange": "mcsco.model",
    "Model": "mcsco.model",
    "NearestNeighbours": "mcsco.model",
    "Displacive": "mcsco.model",
    "OrderDisorder": "mcsco.model",
    "SpinCrossover": "mcsco.model",
    "Springs": "mcsco.model",
    "State": "mcsco.model",
    "Sublattices": "mcsco.model",
    "FieldCycle": "mcsco.sampling",
    "FreeEnergySurface": "mcsco.sampling",
    "Hold": "mcsco.sampling",
    "Illumination": "mcsco.sampling",
    "PressureCycle": "mcsco.sampling",
    "PressureRamp": "mcsco.sampling",
    "Quench": "mcsco.sampling",
    "Ramp": "mcsco.sampling",
    "Relaxation": "mcsco.sampling",
    "ReplicaExchange": "mcsco.sampling",
    "ReversalCurves": "mcsco.sampling",
    "Simulation": "mcsco.sampling",
    "SpringSimulation": "mcsco.sampling",
    "TemperatureScan": "mcsco.sampling",
    "ThermalCycle": "mcsco.sampling",
    "simulate": "mcsco.sampling",
}
_MODULES = {
    "fits": "mcsco.fits",
    "landau": "mcsco.landau",
    "meanfield": "mcsco.meanfield",
    "observables": "mcsco.observables",
    "presets": "mcsco.model.presets",
}

__all__ = [
    "Crystal",
    "Disorder",
    "Displacive",
    "Elasticity",
    "FieldCycle",
    "FreeEnergySurface",
    "Hold",
    "Illumination",
    "InfiniteRange",
    "InputError",
    "Intramolecular",
    "Kinetics",
    "Lattice",
    "LongRange",
    "McscoError",
    "MeanField",
    "Model",
    "NearestNeighbours",
    "OrderDisorder",
    "PressureCycle",
    "PressureRamp",
    "Quench",
    "Ramp",
    "Relaxation",
    "ReplicaExchange",
    "ReversalCurves",
    "Simulation",
    "SpinCrossover",
    "SpringSimulation",
    "Springs",
    "State",
    "Sublattices",
    "TemperatureScan",
    "ThermalCycle",
    "fits",
    "landau",
    "meanfield",
    "observables",
    "presets",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mcsco' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
