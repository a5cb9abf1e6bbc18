"""A campaign at a glance: one row for every point of its parameters, as text, CSV and figure."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.errors import InputError
from mcsco.observables import Estimate, driven_loop, equilibrium, loop
from mcsco.observables.series import mean_over_replicas
from mcsco.report.exchange import exchange_measures
from mcsco.report.style import COOLING, HEATING, HOLD, STYLE

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PointRow:
    """One point: its parameters, and what was measured there over all repeats and replicas."""

    point: dict[str, Any]
    n_tasks: int
    measured: dict[str, Estimate]

    @property
    def verdict(self) -> str:
        """``ok``, or why a number is missing or uncertain."""
        reasons = {e.reason for e in self.measured.values() if e.reason and not math.isfinite(e.value)}
        return "; ".join(sorted(reasons)) or "ok"


def campaign_rows(whole: xarray.Dataset, keys: list[str]) -> list[PointRow]:
    """Loops or averages of every point.

    Parameters
    ----------
    whole : xarray.Dataset
        From `open_campaign`.
    keys : list of str
        The keys that vary.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i in range(whole.sizes["task"]):
        groups.setdefault(tuple(whole[key].values[i].item() for key in keys), []).append(i)
    return [
        PointRow(dict(zip(keys, values, strict=True)), len(members), _measure(whole, members))
        for values, members in groups.items()
    ]


def _measure(whole: xarray.Dataset, members: list[int]) -> dict[str, Estimate]:
    import xarray

    from mcsco.campaign import task_dataset

    tasks = [task_dataset(whole, i) for i in members]
    if "rung" in tasks[0].dims:
        return exchange_measures(tasks)
    tasks = _of_one_length(tasks)
    one = tasks[0]
    if len(tasks) > 1:
        series = [task.drop_vars([name for name in task.variables if str(name).startswith("hold_")]) for task in tasks]
        one = xarray.concat(series, dim="replica", data_vars="minimal", coords="minimal", compat="override")
    legs = np.unique(one["leg"].values)
    T = one["temperature"].values
    moving = any(np.ptp(T[one["leg"].values == leg]) > 0 for leg in legs)
    if moving:
        found = loop(one)
        return {"T_up": found.T_up, "T_down": found.T_down, "width": found.width}
    driven = [name for name in ("pressure", "field") if np.ptp(one[name].values) > 0]
    if len(driven) == 1 and np.unique(one[driven[0]].values).size > 2 * len(legs):
        found_at = driven_loop(one).cross
        return {f"{driven[0]} up": found_at.up, f"{driven[0]} down": found_at.down}
    try:
        holds = equilibrium(one)
    except InputError:  # too short for averages
        last = {name: np.abs(one[name].values[:, -1]) for name in ("gamma", "eta")}
        return {name: mean_over_replicas(values) for name, values in last.items()}
    return {f"{name}({hold.temperature:g} K)": getattr(hold, name) for hold in holds for name in ("gamma", "eta")}


def _of_one_length(tasks: list[xarray.Dataset]) -> list[xarray.Dataset]:
    """Repeats with as many steps of every leg as the shortest has: holds may end at different sweeps."""
    if len({task.sizes["step"] for task in tasks}) == 1:
        return tasks
    legs = [task["leg"].values for task in tasks]
    n_steps = {leg: min(int((of == leg).sum()) for of in legs) for leg in np.unique(legs[0])}
    return [
        task.isel(step=np.concatenate([np.flatnonzero(of == leg)[:n] for leg, n in n_steps.items()]))
        for task, of in zip(tasks, legs, strict=True)
    ]


def campaign_csv(rows: list[PointRow]) -> str:
    """The table for spreadsheets: a column each for every parameter, value and error."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = list(dict.fromkeys(name for row in rows for name in row.measured))
    writer.writerow([*rows[0].point, "tasks", *(c for name in names for c in (name, f"{name} error")), "verdict"])
    for row in rows:
        cells: list[Any] = []
        for name in names:
            estimate = row.measured.get(name)
            cells += [estimate.value, estimate.error] if estimate else ["", ""]
        writer.writerow([*row.point.values(), row.n_tasks, *cells, row.verdict])
    return text.getvalue()


def campaign_text(rows: list[PointRow]) -> str:
    """The table for a terminal."""
    names = list(dict.fromkeys(name for row in rows for name in row.measured))
    head = [*(key.rsplit(".", 1)[-1] for key in rows[0].point), "tasks", *names]
    lines = [
        [*(_cell(value) for value in row.point.values()), str(row.n_tasks)]
        + [str(row.measured[name]) if name in row.measured else "–" for name in names]
        for row in rows
    ]
    widths = [max(len(line[i].split(" (")[0]) for line in [head, *lines]) for i in range(len(head))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    body = [
        "  ".join(cell.split(" (")[0].rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    title = "  ".join(cell.rjust(width) for cell, width in zip(head, widths, strict=True))
    return "\n".join([title, rule, *body])


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def draw_campaign(rows: list[PointRow]) -> Figure | None:
    """What was measured against the first parameter that is a number; a line for every set of the others."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    numeric = [
        k for k, v in rows[0].point.items() if isinstance(v, int | float) and len({r.point[k] for r in rows}) > 1
    ]
    if not numeric:
        return None
    key = max(numeric, key=lambda k: len({row.point[k] for row in rows}))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 2.8), layout="constrained")
        axes = figure.subplots()
        names = [name for name in rows[0].measured if name != "width"][:2]
        colours = {"T_up": HEATING, "T_down": COOLING}
        groups: dict[Any, list[PointRow]] = {}
        for row in rows:
            groups.setdefault(tuple((k, v) for k, v in row.point.items() if k != key), []).append(row)
        for number, (rest, members) in enumerate(groups.items()):
            members = sorted(members, key=lambda row: row.point[key])
            x = [row.point[key] for row in members]
            for name in names:
                y = [row.measured[name].value if name in row.measured else np.nan for row in members]
                e = [np.nan_to_num(row.measured[name].error) if name in row.measured else 0.0 for row in members]
                label = name if number == 0 else None
                alpha = 1.0 - 0.7 * number / max(len(groups), 1)
                axes.errorbar(x, y, e, fmt="o-", ms=3, lw=0.9, color=colours.get(name, HOLD), alpha=alpha, label=label)
            if len(groups) > 1 and len(groups) <= 6:
                text = ", ".join(f"{k.rsplit('.', 1)[-1]} = {_cell(v)}" for k, v in rest)
                axes.annotate(text, (x[-1], y[-1]), fontsize=6, xytext=(3, 0), textcoords="offset points")
        axes.set(xlabel=key, ylabel="temperature (K)" if "T_up" in names else "")
        axes.legend()
        return figure
