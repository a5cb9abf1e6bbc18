"""A run side by side: simulation, mean field of the same Hamiltonian, Landau potential, measurement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mcsco import landau
from mcsco.campaign import RunConfig
from mcsco.meanfield import MeanField
from mcsco.observables import Loop, loop
from mcsco.report.holds import hold_points
from mcsco.report.quench import quench_rows
from mcsco.report.row import NAN, Row
from mcsco.report.sublattices import half_conversions, mean_field_of, stable_state
from mcsco.report.views import VIEWS

if TYPE_CHECKING:
    import xarray


def compare(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """The table of a run: transition temperatures of loops and ramps, averages of holds, `VIEWS` for the rest."""
    if config.protocol.kind in VIEWS:
        return VIEWS[config.protocol.kind].rows(config, dataset)
    theory = mean_field_of(config)
    potential = landau.load(config.landau.set) if config.landau else None
    has_eta = bool(dataset["eta"].values.any())
    if config.protocol.kind == "hold":
        return _hold_rows(config, dataset, theory, potential, has_eta)
    if config.protocol.kind == "quench":
        return quench_rows(config, dataset)
    simulated = loop(dataset)
    if theory is None:
        rows = [*_loop_rows(simulated, None, potential, config, has_eta), *half_conversions(config, dataset)]
    elif theory.is_gradual:
        rows = _gradual_rows(simulated, theory, config)
    else:
        rows = _loop_rows(simulated, theory, potential, config, has_eta)
    if config.protocol.kind == "thermal-cycle":
        return rows
    first, last = (leg_end.temperature for leg_end in (config.begin, config.legs[-1].end))
    direction = "T_up" if last > first else "T_down"
    of_way = [row for row in rows if row.quantity.startswith((direction, "T½"))]
    return [row for row in of_way if _AGAINST[direction] not in row.quantity]


_AGAINST = {"T_up": "cooling", "T_down": "heating"}


def _loop_rows(
    simulated: Loop, theory: MeanField | None, potential: landau.Potential | None, config: RunConfig, has_eta: bool
) -> list[Row]:
    given = config.measured
    measured = (given.T_down or NAN, given.T_up or NAN) if given else (NAN, NAN)
    spinodals = theory.spinodals() if theory else (NAN, NAN)
    references = [spinodals, potential.spinodals() if potential else (NAN, NAN), measured]
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
    config: RunConfig,
    dataset: xarray.Dataset,
    theory: MeanField | None,
    potential: landau.Potential | None,
    has_eta: bool,
) -> list[Row]:
    """Averages beside the stable states of the theories."""
    rows = []
    for point in hold_points(dataset):
        T = point.temperature
        q, eta = stable_state(config, theory, T)
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
    digits = 2 if unit == "K" else 4
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _simulated(row: Row) -> str:
    value, error = row.simulation.value, row.simulation.error
    if math.isnan(value):
        return "–"
    return f"{_cell(value, row.unit)} ± –" if math.isnan(error) else str(row.simulation).partition(" (")[0]
