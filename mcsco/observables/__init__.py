"""What is measured: averages with their errors, fluctuations, thermal loops, and measured curves to lay over them.

Nothing here knows how a series was made. A *series* is a 1-D array of measurements of one chain, or an array
(replica, step) of independent chains; a *dataset* is what `mcsco.simulate` returns.
"""

from mcsco.observables.autocorrelation import equilibrated_start
from mcsco.observables.bimodality import Bimodality, bimodality
from mcsco.observables.blocks import Binning, binning, jackknife
from mcsco.observables.bragg import Reflection, reflection
from mcsco.observables.calorimetry import Calorimetry, Heat, calorimetry
from mcsco.observables.coarsening import GrowthExponent, growth_exponent
from mcsco.observables.collapse import Collapse, collapse
from mcsco.observables.combined_holds import Distribution, Reweighting
from mcsco.observables.convergence import VERDICTS, Convergence, convergence
from mcsco.observables.curves import Curves, Extremum
from mcsco.observables.domain_statistics import Domains, DomainSet, FieldDomains, domains
from mcsco.observables.driven import DrivenLoop, driven_loop
from mcsco.observables.exchange import Exchange, as_holds, at_rung, exchange
from mcsco.observables.finite_size import Exponents, FiniteSizeScaling, finite_size
from mcsco.observables.fluctuations import binder, heat_capacity, susceptibility
from mcsco.observables.holds import Equilibrium, equilibrium
from mcsco.observables.hysteresis import Branches, Loop, OrderLoop, loop
from mcsco.observables.landscape import Landscape, Spot, balance, size_exponent, surface
from mcsco.observables.light import (
    LightLoop,
    Threshold,
    light_induced_loop,
    relaxation_temperature,
    threshold_intensity,
)
from mcsco.observables.magnetism import chi_T, spin_only
from mcsco.observables.measured import Measured, read_measured
from mcsco.observables.relaxation import Law, RelaxationFit, relaxation_fit, sigmoid
from mcsco.observables.reversal import ReversalDiagram, reversal_diagram
from mcsco.observables.sequence import Change, Sequence, Sequences, measured_sequences, phase_sequence
from mcsco.observables.series import Estimate, estimate
from mcsco.observables.size_scaling import Crossing, Limit, Power, crossing, limit, power_law
from mcsco.observables.snapshots import snapshot_lengths, snapshot_statistics
from mcsco.observables.strain_maps import StrainMaps, strain_maps
from mcsco.observables.structure import StructureFactors, bragg_amplitude, structure_factors
from mcsco.observables.transition import Reading, crossing_temperature, steepest_temperature
from mcsco.observables.transition_order import Verdict
from mcsco.observables.tricritical import Tricritical, barrier_line, cumulant_line, tricritical
from mcsco.observables.universality import UniversalityClass
from mcsco.observables.walls import Walls

__all__ = [
    "VERDICTS",
    "Bimodality",
    "Binning",
    "Branches",
    "Calorimetry",
    "Change",
    "Collapse",
    "Convergence",
    "Crossing",
    "Curves",
    "Distribution",
    "DomainSet",
    "Domains",
    "DrivenLoop",
    "Equilibrium",
    "Estimate",
    "Exchange",
    "Exponents",
    "Extremum",
    "FieldDomains",
    "FiniteSizeScaling",
    "GrowthExponent",
    "Heat",
    "Landscape",
    "Law",
    "LightLoop",
    "Limit",
    "Loop",
    "Measured",
    "OrderLoop",
    "Power",
    "Reading",
    "Reflection",
    "RelaxationFit",
    "ReversalDiagram",
    "Reweighting",
    "Sequence",
    "Sequences",
    "Spot",
    "StrainMaps",
    "StructureFactors",
    "Threshold",
    "Tricritical",
    "UniversalityClass",
    "Verdict",
    "Walls",
    "as_holds",
    "at_rung",
    "balance",
    "barrier_line",
    "bimodality",
    "binder",
    "binning",
    "bragg_amplitude",
    "calorimetry",
    "chi_T",
    "collapse",
    "convergence",
    "crossing",
    "crossing_temperature",
    "cumulant_line",
    "domains",
    "driven_loop",
    "equilibrated_start",
    "equilibrium",
    "estimate",
    "exchange",
    "finite_size",
    "growth_exponent",
    "heat_capacity",
    "jackknife",
    "light_induced_loop",
    "limit",
    "loop",
    "measured_sequences",
    "phase_sequence",
    "power_law",
    "read_measured",
    "reflection",
    "relaxation_fit",
    "relaxation_temperature",
    "reversal_diagram",
    "sigmoid",
    "size_exponent",
    "snapshot_lengths",
    "snapshot_statistics",
    "spin_only",
    "steepest_temperature",
    "strain_maps",
    "structure_factors",
    "surface",
    "susceptibility",
    "threshold_intensity",
    "tricritical",
]
