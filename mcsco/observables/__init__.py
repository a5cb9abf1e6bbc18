"""What is measured: averages with their errors, fluctuations, thermal loops, and measured curves to lay over them.

Nothing here knows how a series was made. A *series* is a 1-D array of measurements of one chain, or an array
(replica, step) of independent chains; a *dataset* is what `mcsco.simulate` returns.
"""

from mcsco.observables.autocorrelation import equilibrated_start
from mcsco.observables.blocks import Binning, binning, jackknife
from mcsco.observables.bragg import Reflection, reflection
from mcsco.observables.coarsening import GrowthExponent, growth_exponent
from mcsco.observables.domain_statistics import Domains, DomainSet, FieldDomains, domains
from mcsco.observables.driven import DrivenLoop, driven_loop
from mcsco.observables.exchange import Exchange, as_holds, at_rung, exchange
from mcsco.observables.fluctuations import binder, heat_capacity, susceptibility
from mcsco.observables.holds import Equilibrium, equilibrium
from mcsco.observables.hysteresis import Branches, Loop, OrderLoop, loop
from mcsco.observables.landscape import Landscape, Spot, balance, size_exponent, surface
from mcsco.observables.magnetism import chi_T, spin_only
from mcsco.observables.measured import Measured, read_measured
from mcsco.observables.reversal import ReversalDiagram, reversal_diagram
from mcsco.observables.sequence import Change, Sequence, Sequences, measured_sequences, phase_sequence
from mcsco.observables.reweighting import Distribution, Reweighting
from mcsco.observables.series import Estimate, estimate
from mcsco.observables.snapshots import snapshot_lengths, snapshot_statistics
from mcsco.observables.strain_maps import StrainMaps, strain_maps
from mcsco.observables.structure import StructureFactors, bragg_amplitude, structure_factors
from mcsco.observables.transition import Reading, crossing_temperature, steepest_temperature
from mcsco.observables.walls import Walls

__all__ = [
    "Binning",
    "Branches",
    "Change",
    "DomainSet",
    "Distribution",
    "Domains",
    "DrivenLoop",
    "Equilibrium",
    "Estimate",
    "Exchange",
    "FieldDomains",
    "GrowthExponent",
    "Landscape",
    "Loop",
    "Measured",
    "OrderLoop",
    "Reading",
    "Reflection",
    "ReversalDiagram",
    "Sequence",
    "Sequences",
    "Spot",
    "Reweighting",
    "StrainMaps",
    "StructureFactors",
    "Walls",
    "as_holds",
    "at_rung",
    "balance",
    "binder",
    "binning",
    "bragg_amplitude",
    "chi_T",
    "crossing_temperature",
    "domains",
    "driven_loop",
    "equilibrated_start",
    "equilibrium",
    "estimate",
    "exchange",
    "growth_exponent",
    "heat_capacity",
    "jackknife",
    "loop",
    "measured_sequences",
    "phase_sequence",
    "read_measured",
    "reflection",
    "reversal_diagram",
    "size_exponent",
    "snapshot_lengths",
    "snapshot_statistics",
    "spin_only",
    "steepest_temperature",
    "strain_maps",
    "structure_factors",
    "surface",
    "susceptibility",
]
