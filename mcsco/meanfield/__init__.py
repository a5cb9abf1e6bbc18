"""Exact mean field and exact finite-size sums of a model, free of random numbers.

`MeanField` replaces every bond by the coupling with the mean, which is exact for couplings of infinite range in an
infinite crystal; `FiniteSize` sums over all configurations of N molecules when every coupling of the model has
infinite range, and gives their free energy as a `Surface` over the order parameters. `SublatticeMeanField` and
`SublatticeFiniteSize` do both for crystals of unequal sites. A simulation of the same model is held against them.
"""

from mcsco.meanfield.bridge import BridgeMeanField
from mcsco.meanfield.bridge_finite import BridgeFiniteSize
from mcsco.meanfield.counting import counting_term
from mcsco.meanfield.expansion import LandauExpansion
from mcsco.meanfield.finite import Averages, FiniteSize, Surface
from mcsco.meanfield.pressure import (
    PressureDiagram,
    PressureTransitions,
    coercive_field,
    pressure_diagram,
    pressure_transitions,
)
from mcsco.meanfield.stationary import StationaryPoint
from mcsco.meanfield.sublattice_finite import SublatticeAverages, SublatticeFiniteSize
from mcsco.meanfield.sublattice_states import SublatticeCurve, SublatticeState
from mcsco.meanfield.sublattices import SublatticeMeanField
from mcsco.meanfield.theory import BranchCurve, Jump, MeanField
from mcsco.meanfield.tracking import SublatticeEvent, SublatticeTransitions

__all__ = [
    "Averages",
    "BranchCurve",
    "BridgeFiniteSize",
    "BridgeMeanField",
    "FiniteSize",
    "Jump",
    "LandauExpansion",
    "MeanField",
    "PressureDiagram",
    "PressureTransitions",
    "StationaryPoint",
    "SublatticeAverages",
    "SublatticeCurve",
    "SublatticeEvent",
    "SublatticeFiniteSize",
    "SublatticeMeanField",
    "SublatticeState",
    "SublatticeTransitions",
    "Surface",
    "coercive_field",
    "counting_term",
    "pressure_diagram",
    "pressure_transitions",
]
