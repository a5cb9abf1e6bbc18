"""The report page of a run, finished or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.model import Elasticity
from mcsco.report.comparison import compare
from mcsco.report.html_parts import (
    FINITE_ETA,
    SOURCE_CHANGED,
    Drawing,
    Page,
    agreement,
    deviation,
    in_words,
    inline_svg,
    listed,
    number,
    provenance_of,
    run_records,
    run_table,
    with_error,
)
from mcsco.report.maps import draw_maps
from mcsco.report.quench import draw_quench
from mcsco.report.row import Row
from mcsco.report.snapshots import model_of, snapshots
from mcsco.report.style import size
from mcsco.report.thermal_loop import draw_thermal_loop
from mcsco.report.views import VIEWS

if TYPE_CHECKING:
    import xarray

    from mcsco.campaign import RunConfig, RunDirectory


def run_page(directory: RunDirectory) -> Page:
    """Everything about a run.

    Raises
    ------
    InputError
        If there is no run, or a file is damaged.
    """
    config = directory.config()
    total = campaign.total_updates(config)
    done = total
    dataset: xarray.Dataset | None
    if directory.is_finished:
        dataset = directory.result()
    else:
        dataset, done = _until_checkpoint(directory, config)
    rows: list[Row] = []
    drawings: list[Drawing] = []
    notes = _notes(config)
    if dataset is not None:
        rows, why = _attempt(lambda: compare(config, dataset), [])
        notes += why
        drawings, why = _drawings(directory, config, dataset)
        notes += why + _remarks(rows)
        if dataset.sizes.get("replica", config.run.replicas) < config.run.replicas:
            notes.append(
                f"So far from {dataset.sizes['replica']} of {config.run.replicas} replicas, the most advanced."
            )
        if directory.is_finished and str(dataset.attrs.get("mcsco_commit", "")).endswith("-dirty"):
            notes.append(SOURCE_CHANGED)
    share = done / total
    state = "finished" if directory.is_finished else f"unfinished, {100 * share:.0f} % of the {config.counted} done"
    return Page(
        kind="run",
        title=config.title,
        state=state,
        share=1.0 if directory.is_finished else min(share, 0.999),
        summary=_summary(config, dataset, rows),
        table=run_table(rows, _table_caption(config)) if rows else None,
        records=run_records(rows),
        drawings=drawings,
        notes=notes,
        provenance=_provenance(config, dataset, directory.is_finished),
        config=config.to_toml(),
        config_hash=config.fingerprint,
    )


def _attempt(make: Any, otherwise: Any) -> tuple[Any, list[str]]:
    """What `make` returns, or `otherwise` and why it could not be made."""
    try:
        return make(), []
    except InputError as error:
        return otherwise, [f"Not shown: {error}."]


def _until_checkpoint(directory: RunDirectory, config: RunConfig) -> tuple[xarray.Dataset | None, int]:
    """What an unfinished run has measured until its last checkpoint, and its sweeps × replicas until then."""
    checkpoint = directory.checkpoint(config)
    if not checkpoint.path.is_file():
        return None, 0
    journey = campaign.make_journey(config, threads=1)
    checkpoint.load(journey)
    if config.protocol.kind == "free-energy-surface":
        return None, journey.n_done  # its windows are combined when all of them are done
    # Replicas may have come differently far: those are taken that have most to show together.
    at = journey.sweeps()
    reached = max(at.tolist(), key=lambda sweep: sweep * np.count_nonzero(at >= sweep))
    whole = journey.dataset().isel(replica=at >= reached)
    if "snapshot_sweep" in whole:
        whole = whole.isel(snapshot=whole["snapshot_sweep"].values <= reached)
        if config.protocol.kind == "quench" and whole.sizes["snapshot"]:
            reached = int(whole["snapshot_sweep"].values[-1])  # so that domains and averages are of one time
        if not whole.sizes["snapshot"]:
            whole = whole.drop_dims("snapshot")
    dataset = whole.isel(step=whole["sweep"].values <= reached)
    return (dataset if dataset.sizes["step"] else None), journey.n_done


def is_exact(config: RunConfig) -> bool:
    """Whether the mean field of the model is exact for an infinite crystal."""
    from mcsco.meanfield.parameters import parameters_of

    try:
        parameters_of(config.model.build(), config.begin.pressure, config.begin.field, neighbours=False)
    except InputError:
        return False
    return True


def _notes(config: RunConfig) -> list[str]:
    if config.protocol.kind == "quench" or is_exact(config):
        return []
    return [
        "The mean field is an approximation for this model: neighbours, and elastic fields that depend on the wave "
        "vector, enter through their mean, and only uniform states are considered. A difference from it is no error "
        "of the simulation."
    ]


def _remarks(rows: list[Row]) -> list[str]:
    """Why numbers are missing or uncertain, and what must be known to read them."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.simulation.reason:
            reasons.setdefault(row.simulation.reason, []).append(row.quantity)
    notes = [f"{listed(names)}: {reason}." for reason, names in reasons.items()]
    if any("η" in row.quantity and row.mean_field == 0 and row.simulation.value > 0 for row in rows):
        notes.append(FINITE_ETA)
    return notes


def _drawings(directory: RunDirectory, config: RunConfig, dataset: xarray.Dataset) -> tuple[list[Drawing], list[str]]:
    """The figure of the protocol and the map of the final state."""
    first, why = _attempt(lambda: _protocol_drawing(directory, config, dataset), None)
    has_states = "spin" in dataset
    second, why_not = _attempt(lambda: _map_drawing(config, dataset), None) if has_states else (None, [])
    return [drawing for drawing in (first, second) if drawing], why + why_not


def _protocol_drawing(directory: RunDirectory, config: RunConfig, dataset: xarray.Dataset) -> Drawing:
    if config.protocol.kind in VIEWS:
        view = VIEWS[config.protocol.kind]
        svg = inline_svg(view.draw(config, dataset), "series", view.label)
        return Drawing(svg, view.label, view.caption, view.is_wide)
    if config.protocol.kind == "quench":
        figure = draw_quench(config, dataset)
        label = f"Order parameters against time after a quench to {config.protocol.temperature:g} K"
        caption = (
            "HS fraction γ and |η| of every replica (thin) and their mean (thick) against the time since the quench"
        )
        wide = "snapshot_spin" in dataset
        caption += "; length of the domains; the first replica at several times." if wide else "."
        return Drawing(inline_svg(figure, "series", label), label, caption, wide)
    figure = draw_thermal_loop(config, dataset, campaign.measured_curve(config, directory.path))
    has_eta = bool(dataset["eta"].values.any())
    label = f"HS fraction{' and |η|' if has_eta else ''} against temperature, simulation and theory"
    caption = "HS fraction γ" + (" (a) and |η| (b)" if has_eta else "") + " against temperature: "
    caption += (
        "means of holds with their errors" if config.protocol.kind == "hold" else "replicas (thin) and their mean"
    )
    caption += ", on the lines of the mean field (dashed: unstable)"
    caption += ", Landau theory in grey" if config.landau else ""
    if config.measured:
        caption += f"; measured: {config.measured.source or 'as given in the configuration'}"
    return Drawing(inline_svg(figure, "series", label), label, caption + ".")


def _map_drawing(config: RunConfig, dataset: xarray.Dataset) -> Drawing | None:
    """The last configuration of the first replica, unless it is uniform; none of a ladder, whose rungs all differ."""
    if "rung" in dataset.dims:
        return None
    frame = snapshots(dataset.drop_vars([n for n in dataset.variables if str(n).startswith("snapshot_")]))[-1]
    spin, u = frame.state.spin, frame.state.distortion
    n_odd = min(np.count_nonzero(spin > 0), np.count_nonzero(spin < 0))
    n_minor = min(np.count_nonzero((spin > 0) & (u > 0)), np.count_nonzero((spin > 0) & (u < 0)))
    if max(n_odd, n_minor) < max(0.005 * spin.size, 4):
        return None  # nothing but single thermal flips
    model = model_of(dataset)
    is_elastic = any(isinstance(term, Elasticity) for term in model.interactions)
    # Six panels in three columns, four in two: either is legible on paper and on a screen.
    figure = draw_maps(model, frame.state, pressure=frame.pressure, width="double" if is_elastic else "single")
    when = f"{dataset['time'].values[-1]:g} s" if config.is_timed else f"{frame.sweep} MCS"
    label = f"Maps of the configuration after {when.replace('MCS', 'Monte Carlo steps')} at {frame.temperature:g} K"
    shown = ["spins", *(["domains"] if model.distortion else []), "structure factors"]
    shown += ["strain", "stress"] if is_elastic else []
    plane = ", a plane of the crystal" if spin.ndim == 3 else ""
    caption = f"First replica after {when} at {frame.temperature:g} K{plane}: {listed(shown)}."
    return Drawing(inline_svg(figure, "maps", label), label, caption, is_wide=is_elastic)


def _table_caption(config: RunConfig) -> str:
    kind = config.protocol.kind
    if kind in VIEWS:
        return VIEWS[kind].table
    if kind == "quench":
        return "State of the crystal at the end, mean over replicas ± standard error."
    if kind == "hold":
        return "Averages in equilibrium ± standard error beside the stable states of the theories."
    return "Transition temperatures, mean over replicas ± standard error; theories: limits of stability."


def _way(config: RunConfig) -> str:
    """The protocol in words."""
    p: Any = config.protocol
    if p.kind in VIEWS:
        return VIEWS[p.kind].way(config)
    T = [f"{T:g}" for T in np.atleast_1d(p.temperature)]
    if p.kind == "hold":
        text = f"held at {listed(T)} K for {p.sweeps} Monte Carlo steps (MCS){' each' if len(T) > 1 else ''}"
    elif p.kind == "quench":
        text = f"quenched to {T[0]} K and followed for {p.sweeps} Monte Carlo steps (MCS)"
    else:
        route = f"{T[0]} to {T[1]} K" + (" and back" if p.kind == "thermal-cycle" else "")
        cycles = getattr(p, "cycles", 1)
        text = f"taken from {route}{f' {cycles} times' if cycles > 1 else ''} at {p.sweeps_per_kelvin:g} Monte Carlo "
        text += "steps (MCS) per kelvin"
    text += f", at {p.pressure:g} GPa" if p.pressure else ""
    return text + (f", in a field of {p.field:g} kJ/mol" if p.field else "")


def what(config: RunConfig) -> str:
    """What was simulated, in a sentence."""
    n = config.run.replicas
    crystals = f"{n} independent crystals" if n > 1 else "One crystal"
    verb = "were" if n > 1 else "was"
    return f"{crystals} of {size(config.model.build())} {verb} {_way(config)} ({_dynamics(config)})."


def _dynamics(config: RunConfig) -> str:
    return "thermally activated jumps" if config.is_timed else f"{config.run.dynamics.capitalize()} dynamics"


def _summary(config: RunConfig, dataset: xarray.Dataset | None, rows: list[Row]) -> str:
    sentences = [what(config)]
    if dataset is None:
        return f"{sentences[0]} Nothing has been stored yet."
    sentences += [_finding(config, rows).strip()] if rows else []
    sentences += _references(config, rows)
    return " ".join(sentence for sentence in sentences if sentence)


def _references(config: RunConfig, rows: list[Row]) -> list[str]:
    """What theory and measurement say, in sentences."""
    exact = "exact here for an infinite crystal" if is_exact(config) else "an approximation here"
    mean_field = f"the mean field of the same Hamiltonian, {exact},"
    if config.protocol.kind in ("hold", "quench", *VIEWS):
        compared = [row for row in rows if row.mean_field != 0]  # η of a finite crystal never is
        return [agreement([(row.quantity, deviation(row.simulation, row.mean_field)) for row in compared], mean_field)]
    shown = [row for row in rows if not row.quantity.endswith("(η)")]
    sentences = []
    for view, name in {"mean_field": mean_field, "landau": "Landau theory", "measured": "the measurement"}.items():
        known = [row for row in shown if not math.isnan(getattr(row, view))]
        if not known:
            continue
        values = listed([number(getattr(row, view), row.unit) for row in known])
        z = [(_short(row), deviation(row.simulation, getattr(row, view))) for row in known]
        apart = [f"{in_words(value)} in {quantity}" for quantity, value in z if not math.isnan(value)]
        text = f"{name[0].upper()}{name[1:]} gives {values} K"
        if apart and view == "mean_field":
            text += f"; the simulation is away from it by {listed(apart)}"
        sentences.append(f"{text}.")
    return sentences


def _short(row: Row) -> str:
    return row.quantity.removesuffix(" (q)")


def _finding(config: RunConfig, rows: list[Row]) -> str:
    """The main numbers in a sentence."""
    kind = config.protocol.kind
    if kind in ("hold", "quench", *VIEWS):
        known = [row for row in rows if not math.isnan(row.simulation.value)][: 2 if kind == "quench" else 6]
        parts = [
            f"{row.quantity} is {with_error(row.simulation, row.unit)} {row.unit}".replace(" ± –", "").rstrip()
            for row in known
        ]
        return f"{listed(parts)}." if parts else ""
    shown = [row for row in rows if not row.quantity.endswith("(η)")]
    parts = [
        f"{_short(row)} = {with_error(row.simulation, row.unit)} {row.unit}".replace(" ± –", "")
        for row in shown
        if not math.isnan(row.simulation.value)
    ]
    lost = [_short(row) for row in shown if math.isnan(row.simulation.value)]
    text = f"The HS fraction changes with {listed(parts)}. " if parts else ""
    return text + (f"Not known: {listed(lost)}." if lost else "")


def _provenance(config: RunConfig, dataset: xarray.Dataset | None, is_finished: bool) -> dict[str, Any]:
    attrs = dataset.attrs if dataset is not None else {}
    if not is_finished:  # version and machine of this moment are not those of the simulation
        attrs = {name: attrs[name] for name in ("kernel", "start", "started") if name in attrs}
    return {
        "seed": str(config.run.seed),
        "configuration hash": config.fingerprint,
        **provenance_of({"replicas": config.run.replicas, "dynamics": config.run.dynamics, **attrs}),
    }
