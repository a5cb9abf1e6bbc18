"""The shape in which domains and structure factors take a state: HS sites and distortion, replica by replica."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.model import Lattice


class Configuration(NamedTuple):
    """One or more states of one lattice."""

    hs: npt.NDArray[np.bool_]
    """Whether a site is HS, shape (replica, ...)."""
    u: npt.NDArray[Any]
    """Distortion u, real, shape (replica, ...)."""


def as_configuration(state: Any, replicas: bool = False) -> Configuration:
    """Check a state.

    Parameters
    ----------
    state : State
        Anything with `spin` (σ = ±1) and `distortion` (u) of one shape: the extents of a periodic lattice, at least 2
        each, two or three of them.
    replicas : bool
        Whether an axis of replicas comes before those of the lattice.

    Raises
    ------
    InputError
        If a part is missing, a spin is not ±1, a distortion not finite, or the shape not that of a lattice.
    """
    if not (hasattr(state, "spin") and hasattr(state, "distortion")):
        raise InputError(f"state = {type(state).__name__}: must have 'spin' and 'distortion', as Simulation.state has")
    spin, u = np.asarray(state.spin), np.asarray(state.distortion)
    if u.shape != spin.shape:
        raise InputError(f"state: distortion has shape {u.shape} and spin {spin.shape}: must be equal")
    shape = spin.shape[1:] if replicas else spin.shape
    if len(shape) not in (2, 3) or (replicas and spin.shape[0] == 0):
        expected = "(replica, L_y, L_x) or (replica, L_z, L_y, L_x)" if replicas else "(L_y, L_x) or (L_z, L_y, L_x)"
        remedy = "" if replicas else "; for a stack of replicas give replicas=True"
        raise InputError(f"state has shape {spin.shape}: must be {expected}{remedy}")
    Lattice(shape)
    hs = spin == 1
    if not np.all(hs | (spin == -1)):
        raise InputError("state: every spin must be +1 (HS) or −1 (LS)")
    if u.dtype.kind not in "biuf" or not np.all(np.isfinite(u)):
        raise InputError("state: every distortion must be a finite number")
    if not replicas:
        hs, u = hs[np.newaxis], u[np.newaxis]
    return Configuration(hs, u)
