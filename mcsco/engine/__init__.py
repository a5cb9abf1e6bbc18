"""How a model moves: random numbers, kernels, and batches of replicas. numba lives here and only here."""

from mcsco.engine.batch import DYNAMICS, STARTS, Batch, Control, Sums
from mcsco.engine.choice import KERNELS, choose_kernel, make_batches, make_one

__all__ = ["DYNAMICS", "KERNELS", "STARTS", "Batch", "Control", "Sums", "choose_kernel", "make_batches", "make_one"]
