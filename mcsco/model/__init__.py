"""What the energy is: inert, frozen, validated descriptions of a crystal."""

from mcsco.model.bridge import GlobalStrain
from mcsco.model.crystal import Crystal
from mcsco.model.disorder import Disorder
from mcsco.model.elasticity import Elasticity
from mcsco.model.interactions import Couplings, InfiniteRange, Intramolecular, NearestNeighbours, Sublattices
from mcsco.model.kinetics import Kinetics
from mcsco.model.lattice import Lattice
from mcsco.model.long_range import LongRange
from mcsco.model.model import Model
from mcsco.model.site import Displacive, OrderDisorder, SpinCrossover
from mcsco.model.springs import SpringModel, Springs
from mcsco.model.state import State

__all__ = [
    "Couplings",
    "Crystal",
    "Disorder",
    "Displacive",
    "Elasticity",
    "GlobalStrain",
    "InfiniteRange",
    "Intramolecular",
    "Kinetics",
    "Lattice",
    "LongRange",
    "Model",
    "NearestNeighbours",
    "OrderDisorder",
    "SpinCrossover",
    "SpringModel",
    "Springs",
    "State",
    "Sublattices",
]
