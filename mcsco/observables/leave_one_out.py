"""Errors of functions of an average over replicas."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def leave_one_out(function: Callable[[Floats], npt.ArrayLike], x: Floats) -> Floats:
    """Jackknife pseudo-values n f(x̄) − (n − 1) f(x̄ without i) of a function of the mean over replicas.

    Their mean is the value with its bias of order 1/n removed, their scatter over √n its standard error.

    Parameters
    ----------
    function : callable
        Takes the mean over replicas and returns a number or an array.
    x : array, shape (replica, ...)

    Returns
    -------
    array, shape (replica, ...)
        Of one replica the plain value.
    """
    n = len(x)
    mean = x.mean(axis=0)
    whole = np.asarray(function(mean), dtype=np.float64)
    if n == 1:
        return whole[np.newaxis]
    left = np.array([function((n * mean - one) / (n - 1)) for one in x], dtype=np.float64)
    return np.asarray(n * whole - (n - 1) * left)
