"""What the energy is: inert, frozen, validated descriptions of a crystal."""

from mcsco.model.elasticity import Elasticity
from mcsco.model.interactions import Couplings, InfiniteRange, NearestNeighbours
from mcsco.model.lattice import Lattice
from mcsco.model.long_range import LongRange
from mcsco.model.model import Model
from mcsco.model.site import OrderDisorder, SpinCrossover
from mcsco.model.state import State

__all__ = [
    "Couplings",
    "Elasticity",
    "InfiniteRange",
    "Lattice",
    "LongRange",
    "Model",
    "NearestNeighbours",
    "OrderDisorder",
    "SpinCrossover",
    "State",
]
