"""Arguments that may be one number or an array of them, and results alike."""

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError

Array = npt.NDArray[np.float64]

Values = float | Array
"""A float where the arguments were scalars, else an array of their broadcast shape."""


def arrays(*values: npt.ArrayLike) -> list[Array]:
    """Each value as an array of floats."""
    return [np.asarray(value, dtype=np.float64) for value in values]


def plain(x: npt.ArrayLike) -> Values:
    """`x` as an array, or as a float if it has no dimension."""
    x = np.asarray(x, dtype=np.float64)
    return x if x.ndim else float(x)


def check_temperatures(T: npt.ArrayLike) -> Array:
    """`T` as an array of kelvin, or `InputError` if one of them is not a temperature."""
    try:
        t = np.asarray(T, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"T = {T!r}: must be a temperature in K, or an array of them") from None
    bad = t[~(np.isfinite(t) & (t >= 0))]
    if bad.size:
        raise InputError(f"T = {bad.flat[0]:g} K: must be finite and not negative")
    return t
