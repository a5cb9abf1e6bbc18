"""The report page of a campaign, finished or not."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate
from mcsco.report.campaign import PointRow, campaign_rows
from mcsco.report.html_parts import (
    FINITE_ETA,
    SOURCE_CHANGED,
    Cell,
    Drawing,
    Page,
    Table,
    agreement,
    deviation,
    inline_svg,
    listed,
    none_for_nan,
    provenance_of,
    reference_cell,
    tone_of,
    with_error,
)
from mcsco.report.style import COOLING, HEATING, MEAN_FIELD, STYLE
from mcsco.report.views import VIEWS

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from mcsco.campaign import CampaignDirectory, RunConfig, Status, Task

_MOST_ROWS = 2000
"""Rows of a page; JSON and CSV hold all."""
_MOST_MODELS = 100
"""Different models and temperatures for which the mean field is solved: some tenths of a second each."""
_AT = re.compile(r"(gamma|eta)\(([^ ]+) K\)")
_MARKERS, _MOST_LABELS = "osD^vP*X", 6
_NOTHING = Estimate(math.nan, math.nan)
_SYMBOLS = {"gamma": "γ", "eta": "|η|"}

References = dict[str, float]
"""Mean field by the name of the measured quantity."""


def campaign_page(directory: CampaignDirectory) -> Page:
    """Everything about a campaign.

    Raises
    ------
    InputError
        If there is no campaign, or a file is damaged.
    """
    config, status = directory.config(), directory.status()
    tasks = directory.tasks(config)
    whole = campaign.open_campaign(directory.path) if status.n_done else None
    keys = list(dict.fromkeys(key for task in tasks for key in task.point))
    rows = _renamed(campaign_rows(whole, keys)) if whole is not None else []
    references, notes = _references(whole, rows, keys)
    if any(name.startswith("eta") and value == 0 for reference in references for name, value in reference.items()):
        notes.append(FINITE_ETA)
    if whole is not None and str(whole.attrs.get("mcsco_commit", "")).endswith("-dirty"):
        notes.append(SOURCE_CHANGED)
    waiting = _waiting(directory, tasks)
    notes = _remarks(rows) + notes
    if len(rows) + len(waiting) > _MOST_ROWS:
        notes.append(f"The table shows the first {_MOST_ROWS} points; the CSV file has all.")
    return Page(
        kind="campaign",
        title=config.title,
        state=_state(status),
        share=1.0 if status.n_done == status.n_tasks else min(status.updates_done / max(status.updates, 1), 0.999),
        summary=_summary(config, status, keys, rows, references),
        table=_table([*rows, *waiting][:_MOST_ROWS], references, keys),
        records=[_record(row, ref) for row, ref in _paired([*rows, *waiting], references)],
        drawings=_drawings(rows, references),
        notes=notes,
        provenance=_provenance(config, whole),
        config=config.to_toml(),
        config_hash=config.fingerprint,
        failures=_named(status.failures, tasks),
    )


def _state(status: Status) -> str:
    parts = [f"{status.n_done} of {status.n_tasks} tasks done"]
    if status.n_done == status.n_tasks:
        return f"finished, {parts[0]}"
    parts.append(f"{100 * status.updates_done // max(status.updates, 1)} % of the work")
    if status.n_checkpoints:
        parts.append(f"{status.n_checkpoints} begun")
    if status.failures:
        parts.append(f"{len(status.failures)} failed")
    return "unfinished, " + ", ".join(parts)


def _waiting(directory: CampaignDirectory, tasks: list[Task]) -> list[PointRow]:
    """Points of which no task is done, as rows without numbers."""
    done = directory.parts.names()
    points: dict[str, list[Task]] = {}
    for task in tasks:
        points.setdefault(json.dumps(task.point, sort_keys=True), []).append(task)
    return [PointRow(some[0].point, 0, {}) for some in points.values() if not any(task.name in done for task in some)]


def _renamed(rows: list[PointRow]) -> list[PointRow]:
    """Rows of one hold each, at temperatures that vary, with the same names: γ is one column, not one a temperature."""
    held = [{at[2] for name in row.measured if (at := _AT.fullmatch(name))} for row in rows]
    if any(len(T) != 1 for T in held) or len(set().union(*held)) < 2:
        return rows
    return [replace(row, measured={_AT.sub(r"\1", name): e for name, e in row.measured.items()}) for row in rows]


def _paired(rows: list[PointRow], references: list[References]) -> list[tuple[PointRow, References]]:
    """Every row with the mean field there, if it was solved."""
    return list(zip(rows, [*references, *({} for _ in rows[len(references) :])], strict=True))


def _references(
    whole: xarray.Dataset | None, rows: list[PointRow], keys: list[str]
) -> tuple[list[References], list[str]]:
    """The mean field at every row, and why it is missing."""
    if whole is None:
        return [], []
    configs: dict[tuple[Any, ...], str] = {}
    for i in range(whole.sizes["task"]):
        configs.setdefault(tuple(whole[key].values[i].item() for key in keys), str(whole["config"].values[i]))
    solved: dict[str, References] = {}
    found: list[References] = []
    reasons: set[str] = set()
    for row in rows:
        config = campaign.parse_config(configs[tuple(row.point[key] for key in keys)])
        name = json.dumps([config.model.build().to_dict(), config.begin[1:], sorted(row.measured),
                           config.protocol.temperature if config.protocol.kind == "hold" else None])  # fmt: skip
        if name not in solved and len(solved) >= _MOST_MODELS:
            reasons.add(f"The mean field is given for the first {_MOST_MODELS} models only")
            found.append({})
            continue
        if name not in solved:
            try:
                solved[name] = _mean_field(config, row)
            except InputError as error:
                solved[name] = {}
                reasons.add(f"No mean field: {error}")
        found.append(solved[name])
    return found, [f"{reason}." for reason in sorted(reasons)]


def _mean_field(config: RunConfig, row: PointRow) -> References:
    """Limits of stability of loops, stable states of holds."""
    if config.protocol.kind in ("quench", *VIEWS):
        return {}
    theory = MeanField(config.model.build(), config.begin.pressure, config.begin.field)
    if "T_up" in row.measured:
        if theory.is_gradual:
            return {}
        T_down, T_up = theory.spinodals()
        return {"T_up": T_up, "T_down": T_down, "width": T_up - T_down}
    values: References = {}
    for name in row.measured:
        at = _AT.fullmatch(name)
        if at or config.protocol.kind == "hold":
            q, eta = theory.equilibrium(float(at[2]) if at else config.begin.temperature)
            values[name] = (1 + q) / 2 if name.startswith("gamma") else abs(eta)
    return values


def _heading(name: str) -> str:
    """A measured quantity as a heading."""
    at = _AT.fullmatch(name)
    if at:
        return f"{_SYMBOLS[at[1]]} at {at[2]} K"
    return _SYMBOLS.get(name, f"{name}, K" if name in ("T_up", "T_down", "width") else name)


def _unit(name: str) -> str:
    return "K" if name in ("T_up", "T_down", "width") else ""


def _names(rows: list[PointRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.measured))


def _table(rows: list[PointRow], references: list[References], keys: list[str]) -> Table:
    names = _names(rows)
    compared = [name for name in names if any(name in reference for reference in references)]
    has_remarks = any(row.verdict != "ok" or not row.n_tasks for row in rows)
    head = [*keys, "tasks"]
    for name in names:
        head += [_heading(name)] + (["mean field"] if name in compared else [])
    body = []
    for row, reference in _paired(rows, references[: len(rows)]):
        cells = [_value(row.point.get(key)) for key in keys] + [Cell(str(row.n_tasks), order=row.n_tasks)]
        for name in names:
            estimate = row.measured.get(name)
            if estimate is None:
                cells += [Cell("–")] * (1 + (name in compared))
                continue
            cells.append(Cell(with_error(estimate, _unit(name)), order=none_for_nan(estimate.value)))
            if name in compared:
                cells.append(reference_cell(estimate, reference.get(name, math.nan), _unit(name)))
        if has_remarks:
            cells.append(Cell(row.verdict if row.n_tasks else "not done yet", tone="text"))
        body.append(cells)
    head += ["remark"] if has_remarks else []
    caption = "Every point: means over all its tasks and replicas ± standard error. A heading sorts by its column."
    return Table(caption, head, body, n_heads=max(len(keys), 1), is_sortable=True)


def _value(value: Any) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(f"{value:g}", order=float(value))
    return Cell(str(value))


def _record(row: PointRow, reference: References) -> dict[str, Any]:
    """A row in full precision."""
    measured: dict[str, Any] = {}
    for name, estimate in row.measured.items():
        mean_field = reference.get(name, math.nan)
        z = deviation(estimate, mean_field)
        measured[name] = {
            "value": none_for_nan(estimate.value),
            "error": none_for_nan(estimate.error),
            "mean_field": none_for_nan(mean_field),
            "mean_field_deviation": none_for_nan(z),
            "mean_field_verdict": tone_of(z) or None,
            "remark": estimate.reason,
        }
    remark = row.verdict if row.n_tasks else "not done yet"
    return {"point": dict(row.point), "tasks": row.n_tasks, "measured": measured, "remark": remark}


def _drawings(rows: list[PointRow], references: list[References]) -> list[Drawing]:
    """What was measured against the number that takes most values."""
    numeric = [k for k in (rows[0].point if rows else {}) if all(_is_number(row.point[k]) for row in rows)]
    counts = {key: len({row.point[key] for row in rows}) for key in numeric}
    names = [name for name in _names(rows) if name != "width"][:2]
    if not names or max(counts.values(), default=1) < 2:
        return []
    key = max(numeric, key=lambda k: counts[k])
    figure = _draw_points(_paired(rows, references), key, names)
    shown = listed([_heading(name).removesuffix(", K") for name in names])
    label = f"{shown} against {key}"
    caption = f"{label}; bars are standard errors, black lines the mean field."
    if not any(references):
        caption = f"{label}; bars are standard errors."
    return [Drawing(inline_svg(figure, "campaign", label), label, caption)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _draw_points(rows: list[tuple[PointRow, References]], key: str, names: list[str]) -> Figure:
    """A line with its own marker for every set of the other parameters; the mean field below it."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    groups: dict[tuple[str, ...], list[tuple[PointRow, References]]] = {}
    for row, reference in sorted(rows, key=lambda pair: pair[0].point[key]):
        others = tuple(f"{k.rsplit('.', 1)[-1]} = {_value(v).text}" for k, v in row.point.items() if k != key)
        groups.setdefault(others, []).append((row, reference))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 3.2), layout="constrained")
        axes = figure.subplots()
        for number, (others, members) in enumerate(groups.items()):
            x = [row.point[key] for row, _ in members]
            for name in names:
                colour = {"T_up": HEATING, "T_down": COOLING}.get(name, (HEATING, COOLING)[names.index(name)])
                theory = [reference.get(name, math.nan) for _, reference in members]
                axes.plot(x, theory, color=MEAN_FIELD, lw=0.7, zorder=1)
                measured = [row.measured.get(name, _NOTHING) for row, _ in members]
                y, e = [m.value for m in measured], [m.error if math.isfinite(m.error) else 0.0 for m in measured]
                label = (
                    ", ".join([_heading(name).removesuffix(", K"), *others]) if len(groups) <= _MOST_LABELS else None
                )
                axes.errorbar(x, y, e, fmt=_MARKERS[number % len(_MARKERS)], ms=3.4, mew=0.7, lw=0.8, mfc="white",
                              ls=(0, (3, 2)), elinewidth=0.8, capsize=1.5, color=colour, label=label)  # fmt: skip
        axes.locator_params(axis="x", nbins=6)  # long numbers would touch each other
        axes.set(xlabel=key, ylabel="temperature (K)" if "T_up" in names else "order parameter")
        if len(groups) <= _MOST_LABELS:
            figure.legend(loc="outside upper left", ncols=1 if len(groups) > 1 else 2)
        return figure


def _remarks(rows: list[PointRow]) -> list[str]:
    """Why numbers or errors are missing, with the number of points that it concerns."""
    reasons: dict[str, int] = {}
    for row in rows:
        for reason in {e.reason for e in row.measured.values() if e.reason}:
            reasons[reason] = reasons.get(reason, 0) + 1
    return [f"{n} point{'s' if n > 1 else ''}: {reason}." for reason, n in sorted(reasons.items())]


def _summary(
    config: RunConfig, status: Status, keys: list[str], rows: list[PointRow], references: list[References]
) -> str:
    from mcsco.report.html_run import is_exact, what

    n = campaign.n_points(config)
    varied = f" over {listed(keys)}" if keys else ""
    text = f"A campaign of {n} point{'s' if n > 1 else ''}{varied}, {status.n_tasks} tasks in all. "
    text += f"The run that they vary: {what(config)[0].lower()}{what(config)[1:]} "
    if not rows:
        return text + "No task is done yet."
    if len(rows) < n:
        text += f"{len(rows)} points have a result so far. "
    ranges = [_range(name, rows) for name in _names(rows)[:3]]
    if any(ranges):
        text += f"Ranges: {', '.join(words for words in ranges if words)}. "
    pairs = [
        (f"{_heading(name).removesuffix(', K')} at a point", deviation(row.measured[name], value))
        for row, reference in _paired(rows, references)
        for name, value in reference.items()
        if value != 0  # η of a finite crystal never is
    ]
    exact = "exact here for an infinite crystal" if is_exact(config) else "an approximation here"
    return (text + agreement(pairs, f"the mean field of the same Hamiltonian, {exact},")).strip()


def _range(name: str, rows: list[PointRow]) -> str:
    """The smallest and the largest value of a quantity, if there are two."""
    found = [row.measured[name] for row in rows if name in row.measured and math.isfinite(row.measured[name].value)]
    if len(found) < 2:
        return ""
    low, high = (with_error(pick(found, key=lambda e: e.value), _unit(name)) for pick in (min, max))
    return f"{_heading(name).removesuffix(', K')} {low} to {high} {_unit(name)}".rstrip()


def _provenance(config: RunConfig, whole: xarray.Dataset | None) -> dict[str, Any]:
    known: dict[str, Any] = {"seed": str(config.run.seed), "configuration hash": config.fingerprint}
    if whole is None:
        return known
    attrs = {k: v for k, v in whole.attrs.items() if k not in ("ended", "wall_time_s", "site_updates_per_s")}
    attrs |= {"replicas": config.run.replicas, "dynamics": config.run.dynamics}
    attrs.pop("site_updates", None)  # zero: not known yet when the file was begun
    attrs.pop("content_sha256", None)  # of one of several files
    known |= provenance_of(attrs)
    return known | {"time of all tasks (s)": round(float(whole["wall_time"].sum()), 1)}


def _named(failures: dict[str, str], tasks: list[Task]) -> dict[str, str]:
    """Reasons by the parameters of the task and its name."""
    points = {task.name: task for task in tasks}
    named = {}
    for name, reason in failures.items():
        task = points.get(name)
        words = ", ".join(f"{key} = {value}" for key, value in task.point.items()) if task else ""
        named[f"{words}, repeat {task.repeat} ({name})" if task and words else name] = reason
    return named
