"""What is measured: averages with their errors, fluctuations, thermal loops, and measured curves to lay over them.

Nothing here knows how a series was made. A *series* is a 1-D array of measurements of one chain, or an array
(replica, step) of independent chains; a *dataset* is what `mcsco.simulate` returns.
"""

from mcsco.observables.autocorrelation import equilibrated_start
from mcsco.observables.blocks import Binning, binning, jackknife
from mcsco.observables.fluctuations import binder, heat_capacity, susceptibility
from mcsco.observables.holds import Equilibrium, equilibrium
from mcsco.observables.hysteresis import Branches, Loop, OrderLoop, loop
from mcsco.observables.magnetism import chi_T, spin_only
from mcsco.observables.measured import Measured, read_measured
from mcsco.observables.series import Estimate, estimate
from mcsco.observables.transition import Reading, crossing_temperature, steepest_temperature

__all__ = [
    "Binning",
    "Branches",
    "Equilibrium",
    "Estimate",
    "Loop",
    "Measured",
    "OrderLoop",
    "Reading",
    "binder",
    "binning",
    "chi_T",
    "crossing_temperature",
    "equilibrated_start",
    "equilibrium",
    "estimate",
    "heat_capacity",
    "jackknife",
    "loop",
    "read_measured",
    "spin_only",
    "steepest_temperature",
    "susceptibility",
]
