"""The loop side by side: simulation, mean field of the same Hamiltonian, Landau potential, measurement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcsco import landau
from mcsco.campaign import RunConfig
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate, loop

if TYPE_CHECKING:
    import xarray

NAN = math.nan


@dataclass(frozen=True)
class Row:
    """One quantity in all four views; NaN where a view does not have it."""

    quantity: str
    unit: str
    simulation: Estimate
    mean_field: float
    landau: float
    measured: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data; NaN becomes None."""
        numbers = {
            "simulation": self.simulation.value,
            "error": self.simulation.error,
            "mean_field": self.mean_field,
            "landau": self.landau,
            "measured": self.measured,
        }
        rest = {key: None if math.isnan(value) else value for key, value in numbers.items()}
        return {"quantity": self.quantity, "unit": self.unit, **rest, "remark": self.simulation.reason}


def compare(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """The table of a run with a heating and a cooling branch."""
    simulated = loop(dataset)
    pressure, field = config.protocol.pressure, config.protocol.field
    mean_field = MeanField(config.model.build(), pressure, field).spinodals()
    potential = landau.load(config.landau.set).spinodals() if config.landau else (NAN, NAN)
    given = config.measured
    measured = ((given.T_down or NAN, given.T_up or NAN)) if given else (NAN, NAN)
    references = [mean_field, potential, measured]
    rows = []
    for symbol, order in (("q", simulated.q), ("η", simulated.eta)):
        if symbol == "η" and not dataset["eta"].values.any():
            continue
        rows += [
            Row(f"T_up ({symbol})", "K", order.T_up, *(pair[1] for pair in references)),
            Row(f"T_down ({symbol})", "K", order.T_down, *(pair[0] for pair in references)),
            Row(f"width ({symbol})", "K", order.width, *(pair[1] - pair[0] for pair in references)),
        ]
    return rows


def has_loop(config: RunConfig) -> bool:
    """Whether a run heats and cools."""
    return config.protocol.kind == "thermal-cycle"


def to_text(rows: list[Row]) -> str:
    """The table for a terminal."""

    def cell(value: float) -> str:
        return "–" if math.isnan(value) else f"{value:.2f}"

    heads = ["", "simulation", "mean field", "Landau", "measured"]
    lines = [heads]
    for row in rows:
        simulated = "–" if math.isnan(row.simulation.value) else str(row.simulation).partition(" (")[0]
        views = [cell(value) for value in (row.mean_field, row.landau, row.measured)]
        lines.append([f"{row.quantity}, {row.unit}", simulated, *views])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = [
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    text.insert(1, "─" * len(text[0]))
    remarks = sorted({row.simulation.reason for row in rows if row.simulation.reason})
    return "\n".join([*text, *(f"  {remark}" for remark in remarks)])
