"""How a model moves: random numbers, kernels, and batches of replicas. numba lives here and only here."""

from mcsco.engine.batch import STARTS, Batch, Control, Sums
from mcsco.engine.choice import KERNELS, choose_kernel, make_batch, make_batches, make_one
from mcsco.engine.codes import code_type, distortions, from_plain, spins, to_plain
from mcsco.engine.dynamics import DYNAMICS
from mcsco.engine.exchange import Exchange
from mcsco.engine.flat_histogram_batch import FlatHistogramBatch, make_flat_batch
from mcsco.engine.sites import apply_sites, molecules_of_sublattices

__all__ = [
    "DYNAMICS",
    "KERNELS",
    "STARTS",
    "Batch",
    "Control",
    "Exchange",
    "FlatHistogramBatch",
    "Sums",
    "apply_sites",
    "choose_kernel",
    "code_type",
    "distortions",
    "from_plain",
    "make_batch",
    "make_batches",
    "make_flat_batch",
    "make_one",
    "molecules_of_sublattices",
    "spins",
    "to_plain",
]
