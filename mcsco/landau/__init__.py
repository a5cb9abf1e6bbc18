"""Landau theory of a spin crossover that breaks symmetry, after DOI 10.1039/d4mh01318b."""

from mcsco.landau.critical import CriticalPoint
from mcsco.landau.curve import Branch, Point
from mcsco.landau.diagram import Diagram, phase_diagram
from mcsco.landau.fit import Coefficient, Fit, fit_surface
from mcsco.landau.parameters import ParameterSet, get, load, names, source_paper
from mcsco.landau.potential import Potential, Unit
from mcsco.landau.prediction import Prediction, Predictions
from mcsco.landau.retune import retune, vary
from mcsco.landau.separate import SpinConversion, SymmetryBreaking
from mcsco.landau.size import Extrapolation, extrapolate
from mcsco.landau.surface import Surface, Window
from mcsco.landau.transitions import Transition

__all__ = [
    "Branch",
    "Coefficient",
    "CriticalPoint",
    "Diagram",
    "Extrapolation",
    "Fit",
    "ParameterSet",
    "Point",
    "Potential",
    "Prediction",
    "Predictions",
    "SpinConversion",
    "Surface",
    "SymmetryBreaking",
    "Transition",
    "Unit",
    "Window",
    "extrapolate",
    "fit_surface",
    "get",
    "load",
    "names",
    "phase_diagram",
    "retune",
    "source_paper",
    "vary",
]
