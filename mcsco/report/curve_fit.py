"""A fitted χT(T): the curve over the measurement, and the residuals below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mcsco.fits import CurveFit
from mcsco.report.style import COOLING, HEATING, MEAN_FIELD, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_fit(fit: CurveFit) -> Figure:
    """Draw a fit: χT with the fitted line, and residuals in standard errors of a point.

    Parameters
    ----------
    fit : CurveFit
        From `mcsco.fits`.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 3.9), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
        for index in np.unique(fit.leg):
            on = fit.leg == index
            T = fit.temperature[on]
            heating = T[-1] > T[0]
            colour, sense = (HEATING, "heating") if heating else (COOLING, "cooling")
            order = np.argsort(T)
            above.plot(T, fit.chi_t[on], "o", ms=2.2, mfc="none", mew=0.6, color=colour, label=f"measured, {sense}")
            label = fit.what if index == fit.leg.min() else None
            above.plot(T[order], fit.curve[on][order], color=MEAN_FIELD, lw=1.0, label=label)
            below.plot(T, fit.residuals[on], ".", ms=2.5, color=colour)
        below.axhline(0.0, color=MEAN_FIELD, lw=0.7)
        below.set(xlabel="temperature (K)", ylabel="residual (σ)")
        above.set_ylabel("χT (cm³ K mol⁻¹)")
        figure.legend(loc="outside upper left", ncols=2, handlelength=1.6, columnspacing=1.2)
        return figure
