"""Which kernel serves a run, and how its replicas are grouped into batches.

Both depend on the model and on the number of replicas only, never on the machine, so that results do not either.
"""

import os
from functools import partial
from typing import cast

import numpy as np
import numpy.typing as npt

from mcsco.engine.arrhenius_batch import ArrheniusBatch
from mcsco.engine.batch import STARTS, Batch, check_name, has_fields, start_codes
from mcsco.engine.displacive_batch import (
    DisplaciveFieldBatch,
    DisplaciveLatticeBatch,
    DisplaciveReplicaBatch,
    check_dynamics,
)
from mcsco.engine.dynamics import ARRHENIUS, DYNAMICS
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.engine.unequal_batch import UnequalBatch
from mcsco.errors import InputError
from mcsco.model import Displacive, Model
from mcsco.model.kinetics import Kinetics, check_kinetic

KERNELS = ("auto", "lattice", "replica")
"""Names of the kernels."""

# From this size on one sweep pays for being shared between threads (2 threads gained 1.0x at 128², 1.9x at 512²).
_SITES_FOR_THREADS = 2**17

# The lattice kernel is as fast as it gets from strings of this length on.
_STRING = 128

# Below this size the lattice kernel's rows are so short that replica lanes are faster.
_SMALL = 256


def choose_kernel(model: Model, kernel: str = "auto") -> str:
    """``"lattice"`` or ``"replica"``.

    Automatically, the lattice kernel serves every model whose infinite-range terms have Gaussian fields, from
    256 sites on; the replica kernel serves repulsive and mixed terms, small lattices, and sites that differ.
    """
    check_name("kernel", kernel, KERNELS)
    if model.pair_terms is not None:
        if kernel == "replica":
            raise InputError(
                "kernel = 'replica': cannot serve elasticity or long-range couplings; choose 'lattice' or 'auto'"
            )
        return "lattice"
    if not model.is_uniform:
        if kernel == "lattice":
            raise InputError(
                "kernel = 'lattice': cannot serve second centres, sublattice couplings or disorder; "
                "choose 'replica' or 'auto'"
            )
        return "replica"
    if kernel != "auto":
        return kernel
    return "lattice" if has_fields(model) and model.lattice.n_sites >= _SMALL else "replica"


def _activated(model: Model, kernel: str, dynamics: str, kinetics: Kinetics | None) -> type[Batch] | None:
    """The class of batches with activated dynamics, or None for other dynamics."""
    check_name("dynamics", dynamics, (*DYNAMICS, ARRHENIUS))
    if dynamics != ARRHENIUS:
        check_dynamics(model, dynamics)
        if kinetics is not None:
            raise InputError(f"kinetics: dynamics = {dynamics!r} has no rates; choose 'arrhenius' or leave it out")
        return None
    if check_name("kernel", kernel, KERNELS) == "lattice":
        raise InputError("kernel = 'lattice': has no dynamics 'arrhenius'; choose 'replica' or 'auto'")
    if not check_kinetic(model).is_uniform:
        raise InputError(
            "dynamics = 'arrhenius': steps of equal time do not serve second centres, sublattice couplings or "
            "disorder; use a protocol in seconds, or 'metropolis'"
        )
    return cast("type[Batch]", partial(ArrheniusBatch, kinetics=kinetics))


def _batch_class(model: Model, kernel: str) -> type[Batch]:
    real = isinstance(model.distortion, Displacive)
    if not model.is_uniform:
        choose_kernel(model, kernel)
        return UnequalBatch
    if choose_kernel(model, kernel) == "replica":
        return DisplaciveReplicaBatch if real else ReplicaBatch
    if model.pair_terms is None:
        return DisplaciveLatticeBatch if real else LatticeBatch
    return DisplaciveFieldBatch if real else FieldBatch


def make_one(
    model: Model,
    start: str,
    seed: int,
    dynamics: str,
    kernel: str = "auto",
    threads: int | None = None,
    kinetics: Kinetics | None = None,
) -> Batch:
    """A batch of one replica."""
    check_name("start", start, STARTS)
    activated = _activated(model, kernel, dynamics, kinetics)
    if threads is None:
        threads = (os.cpu_count() or 1) if model.lattice.n_sites >= _SITES_FOR_THREADS else 1
    return (activated or _batch_class(model, kernel))(
        model, start_codes(model, start, 1, seed, 0), dynamics, make_key(seed, 0), threads
    )


def make_batch(
    model: Model, codes: npt.NDArray[np.int8], seed: int, index: int, dynamics: str, kernel: str = "auto"
) -> Batch:
    """A batch that begins with given codes, shape (R, *lattice), with random numbers by its index."""
    check_name("dynamics", dynamics, DYNAMICS)
    return _batch_class(model, kernel)(model, codes, dynamics, make_key(seed, index))


def make_batches(
    model: Model,
    start: str,
    seed: int,
    dynamics: str,
    kernel: str,
    n_replicas: int,
    threads: int,
    whole: int = 1,
    kinetics: Kinetics | None = None,
) -> list[Batch]:
    """Replicas in groups that fill the kernel's inner loop; each group has its own random numbers.

    A group holds a multiple of `whole` replicas, which belong together.
    """
    check_name("start", start, STARTS)
    activated = _activated(model, kernel, dynamics, kinetics)
    if activated is not None and whole > 1:
        raise InputError("dynamics = 'arrhenius': replicas in exchange have no common time; choose 'metropolis'")
    cls = activated or _batch_class(model, kernel)
    if activated is None and issubclass(cls, LatticeBatch):
        group = -(-_STRING // (model.lattice.shape[-1] // 2))
    else:
        group = 16 if n_replicas >= 32 else -(-n_replicas // 2)
    group = max(whole, group // whole * whole)
    starts = np.arange(0, n_replicas, group)
    per_batch = threads if len(starts) == 1 and model.lattice.n_sites >= _SITES_FOR_THREADS else 1
    return [
        cls(
            model,
            start_codes(model, start, min(group, n_replicas - begin), seed, index),
            dynamics,
            make_key(seed, index),
            per_batch,
        )
        for index, begin in enumerate(starts.tolist())
    ]
