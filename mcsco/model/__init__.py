"""What the energy is: inert, frozen, validated descriptions of a crystal."""

from mcsco.model.interactions import Couplings, InfiniteRange, NearestNeighbours
from mcsco.model.lattice import Lattice
from mcsco.model.model import Model
from mcsco.model.site import OrderDisorder, SpinCrossover
from mcsco.model.state import State

__all__ = [
    "Couplings",
    "InfiniteRange",
    "Lattice",
    "Model",
    "NearestNeighbours",
    "OrderDisorder",
    "SpinCrossover",
    "State",
]
