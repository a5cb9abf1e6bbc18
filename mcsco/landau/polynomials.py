"""Real roots of the cubics that the potential leads to."""

import numpy as np
import numpy.typing as npt


def real_roots(coefficients: npt.ArrayLike, low: float = -1.0, high: float = 1.0) -> npt.NDArray[np.float64]:
    """Every real root within ``[low, high]`` in rising order, and possibly a few points that are none.

    A double root is numerically a complex pair, so the real part of a complex root is kept too. Callers look
    at the polynomial, or at the curve, on both sides of each point; a superfluous point does them no harm and
    a missed root would.

    Parameters
    ----------
    coefficients : array-like
        Highest power first, as for `numpy.polyval`.
    """
    p = np.trim_zeros(np.atleast_1d(np.asarray(coefficients, dtype=np.float64)), "f")
    if p.size < 2:
        return np.empty(0)
    roots = np.unique(np.real(np.roots(p)))
    slope = np.polyder(p)
    for _ in range(3):  # companion-matrix roots are good to about 1e-8 at worst; Newton makes simple roots exact
        value, gradient = np.polyval(p, roots), np.polyval(slope, roots)
        step = np.divide(value, gradient, out=np.zeros_like(roots), where=gradient != 0)
        improved = np.abs(np.polyval(p, roots - step)) < np.abs(value)
        roots = np.where(improved, roots - step, roots)
    return np.unique(roots[(roots >= low) & (roots <= high)])
