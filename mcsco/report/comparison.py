"""A run side by side: simulation, mean field of the same Hamiltonian, Landau potential, measurement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcsco import landau
from mcsco.campaign import RunConfig
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate, Loop, loop
from mcsco.report.holds import hold_points

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
    """The table of a run: transition temperatures of a loop or a ramp, averages of holds."""
    theory = MeanField(config.model.build(), config.protocol.pressure, config.protocol.field)
    potential = landau.load(config.landau.set) if config.landau else None
    has_eta = bool(dataset["eta"].values.any())
    if config.protocol.kind == "hold":
        return _hold_rows(dataset, theory, potential, has_eta)
    simulated = loop(dataset)
    if theory.is_gradual:
        rows = _gradual_rows(simulated, theory, config)
    else:
        rows = _loop_rows(simulated, theory, potential, config, has_eta)
    if config.protocol.kind == "thermal-cycle":
        return rows
    first, last = config.protocol.temperature
    direction = "T_up" if last > first else "T_down"
    return [row for row in rows if row.quantity.startswith((direction, "T½ on " + _SENSE[direction]))]


_SENSE = {"T_up": "heating", "T_down": "cooling"}


def _loop_rows(
    simulated: Loop, theory: MeanField, potential: landau.Potential | None, config: RunConfig, has_eta: bool
) -> list[Row]:
    given = config.measured
    measured = (given.T_down or NAN, given.T_up or NAN) if given else (NAN, NAN)
    references = [theory.spinodals(), potential.spinodals() if potential else (NAN, NAN), measured]
    rows = []
    for symbol, order in (("q", simulated.q), ("η", simulated.eta))[: 1 + has_eta]:
        rows += [
            Row(f"T_up ({symbol})", "K", order.T_up, *(pair[1] for pair in references)),
            Row(f"T_down ({symbol})", "K", order.T_down, *(pair[0] for pair in references)),
            Row(f"width ({symbol})", "K", order.width, *(pair[1] - pair[0] for pair in references)),
        ]
    return rows


def _gradual_rows(simulated: Loop, theory: MeanField, config: RunConfig) -> list[Row]:
    """Half conversion instead of spinodals, which a gradual model does not have."""
    T_half = theory.half_conversion_temperature()
    given = config.measured
    measured = (given.T_up or NAN, given.T_down or NAN) if given else (NAN, NAN)
    return [
        Row("T½ on heating", "K", simulated.q.T_cross.up, T_half, NAN, measured[0]),
        Row("T½ on cooling", "K", simulated.q.T_cross.down, T_half, NAN, measured[1]),
    ]


def _hold_rows(
    dataset: xarray.Dataset, theory: MeanField, potential: landau.Potential | None, has_eta: bool
) -> list[Row]:
    """Averages beside the stable states of the theories."""
    rows = []
    for point in hold_points(dataset):
        T = point.temperature
        q, eta = theory.equilibrium(T)
        landau_q = float(potential.equilibrium(T)[0]) if potential else NAN
        rows.append(Row(f"γ at {T:g} K", "", point.gamma, (1 + q) / 2, (1 + landau_q) / 2, NAN))
        if has_eta:
            rows.append(Row(f"|η| at {T:g} K", "", point.eta, abs(eta), NAN, NAN))  # Landau's η has another scale
    return rows


def to_text(rows: list[Row]) -> str:
    """The table for a terminal."""
    heads = ["", "simulation", "mean field", "Landau", "measured"]
    lines = [heads]
    for row in rows:
        views = [_cell(value, row.unit) for value in (row.mean_field, row.landau, row.measured)]
        quantity = row.quantity + (f", {row.unit}" if row.unit else "")
        lines.append([quantity, _simulated(row), *views])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = [
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    text.insert(1, "─" * len(text[0]))
    remarks = sorted({row.simulation.reason for row in rows if row.simulation.reason})
    return "\n".join([*text, *(f"  {remark}" for remark in remarks)])


def _cell(value: float, unit: str) -> str:
    return "–" if math.isnan(value) else f"{value:.{2 if unit else 4}f}"


def _simulated(row: Row) -> str:
    value, error = row.simulation.value, row.simulation.error
    if math.isnan(value):
        return "–"
    return f"{_cell(value, row.unit)} ± –" if math.isnan(error) else str(row.simulation).partition(" (")[0]
