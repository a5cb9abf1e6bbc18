"""Write what a run has seen in forms that other programs show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcsco.cli.terminal import as_json, reported
from mcsco.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {
    ".gif": "movie",
    ".webp": "movie",
    ".mp4": "movie",
    ".vtkhdf": "ParaView",
    ".xyz": "OVITO",
    ".png": "maps",
    ".svg": "maps",
    ".pdf": "maps",
    ".csv": "series",
}


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--replica", type=click.IntRange(min=0), default=0, show_default=True, help="Which replica.")
@click.option("--rung", type=int, default=0, show_default=True, help="Which rung of a replica exchange, from 0.")
@click.option("--snapshot", type=int, help="Which snapshot maps show, from 0; the last state by default.")
@click.option("--cut", help="Plane of a 3-D crystal in movies and maps, e.g. 'z = 8'; the middle by default.")
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), default=12.0, show_default=True)
@as_json
@reported
def export(
    directory: Path,
    files: tuple[Path, ...],
    replica: int,
    rung: int,
    snapshot: int | None,
    cut: str | None,
    fps: float,
    as_json: bool,
) -> None:
    """Write a finished run as movie, maps or data, by the ending of each of FILES.

    .gif .webp .mp4: movie of the snapshots; .vtkhdf: ParaView; .xyz: OVITO; .png .svg .pdf: maps of one configuration;
    .csv: the series of all replicas.
    """
    from mcsco import campaign

    for file in files:
        if file.suffix.lower() not in KINDS:
            raise InputError(f"{file}: ends in '{file.suffix}'; known endings are {', '.join(KINDS)}")
    dataset = campaign.RunDirectory(directory).result()
    written = [str(_write(dataset, file, replica, rung, snapshot, cut, fps)) for file in files]
    if as_json:
        click.echo(json.dumps({"files": written}, ensure_ascii=False, indent=2))
        return
    for name, file in zip(written, files, strict=True):
        click.echo(f"{KINDS[file.suffix.lower()]:<10}{name}")


def _write(  # type: ignore[no-untyped-def]
    dataset, file: Path, replica: int, rung: int, snapshot: int | None, cut: str | None, fps: float
) -> Path:
    from mcsco import campaign, observables, report

    kind = KINDS[file.suffix.lower()]
    if "rung" in dataset.dims and file.suffix.lower() != ".csv":
        dataset = observables.at_rung(dataset, rung)
    if kind == "movie":
        return report.write_movie(dataset, file, replica, fps=fps, cut=cut)
    if kind == "ParaView":
        return report.write_vtkhdf(dataset, file, replica)
    if kind == "OVITO":
        return report.write_extended_xyz(dataset, file, replica)
    if kind == "maps":
        return report.save_maps(_maps(dataset, replica, snapshot, cut), file)
    table = dataset[["gamma", "q", "eta", "energy"]].to_dataframe().reset_index()
    table.columns = [_with_unit(dataset, name) for name in table.columns]
    with campaign.replaced(file) as temporary:
        table.to_csv(temporary, index=False)
    return file


def _maps(dataset, replica: int, snapshot: int | None, cut: str | None) -> Figure:  # type: ignore[no-untyped-def]
    from mcsco import report
    from mcsco.model import Model, State

    if replica >= dataset.sizes["replica"]:
        raise InputError(f"replica = {replica}: must be below {dataset.sizes['replica']}")
    chosen, prefix, where = dataset.isel(replica=replica), "", dataset.isel(step=-1)
    if snapshot is not None:
        n = dataset.sizes.get("snapshot", 0)
        if not -n <= snapshot < n:
            raise InputError(f"snapshot = {snapshot}: the run has {n}; ask for more with snapshots in [run]")
        chosen, prefix, where = chosen.isel(snapshot=snapshot), "snapshot_", dataset.isel(snapshot=snapshot)
    model = Model.from_dict(json.loads(dataset.attrs["model"]))
    state = State(*(chosen[f"{prefix}{name}"].values for name in ("spin", "distortion")))
    T, pressure = (float(where[f"{prefix}{name}"]) for name in ("temperature", "pressure"))
    return report.draw_maps(model, state, pressure=pressure, cut=cut, title=f"{T:.1f} K")


def _with_unit(dataset, name: str) -> str:  # type: ignore[no-untyped-def]
    unit = dataset[name].attrs.get("units", "1") if name in dataset.variables else "1"
    return name if unit == "1" else f"{name} ({unit})"
