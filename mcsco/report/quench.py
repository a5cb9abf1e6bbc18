"""A quench: γ, |η| and the size of the domains against time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.observables import Estimate
from mcsco.observables.series import mean_over_replicas
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, STYLE

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


def quench_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """γ and |η| at the end of a quench, over replicas."""
    has_eta = config.model.build().distortion is not None
    last = f"after {int(dataset.sweep[-1])} MCS"
    return [
        Row(f"{symbol} {last}", "", over_replicas(np.abs(dataset[name].values[:, -1])), NAN, NAN, NAN)
        for name, symbol in (("gamma", "γ"), ("eta", "|η|"))[: 1 + has_eta]
    ]


def over_replicas(values: npt.NDArray[np.float64]) -> Estimate:
    """Mean over replicas with its standard error."""
    return mean_over_replicas(values)


def draw_quench(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """γ and |η| of every replica against time since the quench."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 2.8), layout="constrained")
        axes = figure.subplots()
        for name, label, colour in (("gamma", "γ", HEATING), ("eta", "|η|", COOLING)):
            values = np.abs(dataset[name].values)
            axes.plot(dataset["sweep"], values.T, color=colour, lw=0.4, alpha=0.4)
            axes.plot(dataset["sweep"], values.mean(axis=0), color=colour, lw=1.3, label=label)
        axes.set(xscale="log", xlabel="time (MCS)", ylim=(-0.04, 1.06))
        axes.legend()
        return figure
