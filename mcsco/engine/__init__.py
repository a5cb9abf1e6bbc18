"""How a model moves: random numbers, kernels, and batches of replicas. numba lives here and only here."""

from mcsco.engine.batch import STARTS, Batch, Control, Sums
from mcsco.engine.choice import KERNELS, choose_kernel, make_batches, make_one
from mcsco.engine.codes import code_type, distortions, from_plain, spins, to_plain
from mcsco.engine.dynamics import DYNAMICS

__all__ = [
    "DYNAMICS",
    "KERNELS",
    "STARTS",
    "Batch",
    "Control",
    "Sums",
    "choose_kernel",
    "code_type",
    "distortions",
    "from_plain",
    "make_batches",
    "make_one",
    "spins",
    "to_plain",
]
