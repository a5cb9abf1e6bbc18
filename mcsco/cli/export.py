"""Write what a run has seen in forms that other programs show."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mcsco.cli.terminal import as_json, reported
from mcsco.errors import InputError

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
@click.option("--cut", help="Plane of a 3-D crystal in movies and maps, e.g. 'z = 8'; the middle by default.")
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), default=12.0, show_default=True)
@as_json
@reported
def export(directory: Path, files: tuple[Path, ...], replica: int, cut: str | None, fps: float, as_json: bool) -> None:
    """Write a finished run as movie, maps or data, by the ending of each of FILES.

    .gif .webp .mp4: movie of the snapshots; .vtkhdf: ParaView; .xyz: OVITO; .png .svg .pdf: maps of the final state;
    .csv: the series of all replicas.
    """
    from mcsco import campaign

    for file in files:
        if file.suffix.lower() not in KINDS:
            raise InputError(f"{file}: ends in '{file.suffix}'; known endings are {', '.join(KINDS)}")
    dataset = campaign.RunDirectory(directory).result()
    written = [str(_write(dataset, file, replica, cut, fps)) for file in files]
    if as_json:
        click.echo(json.dumps({"files": written}, ensure_ascii=False, indent=2))
        return
    for name, file in zip(written, files, strict=True):
        click.echo(f"{KINDS[file.suffix.lower()]:<10}{name}")


def _write(dataset, file: Path, replica: int, cut: str | None, fps: float) -> Path:  # type: ignore[no-untyped-def]
    from mcsco import campaign, report
    from mcsco.model import Model, State

    kind = KINDS[file.suffix.lower()]
    if kind == "movie":
        return report.write_movie(dataset, file, replica, fps=fps, cut=cut)
    if kind == "ParaView":
        return report.write_vtkhdf(dataset, file, replica)
    if kind == "OVITO":
        return report.write_extended_xyz(dataset, file, replica)
    if kind == "maps":
        if replica >= dataset.sizes["replica"]:
            raise InputError(f"replica = {replica}: must be below {dataset.sizes['replica']}")
        model = Model.from_dict(json.loads(dataset.attrs["model"]))
        state = State(*(dataset[name].values[replica] for name in ("spin", "distortion")))
        return report.save_maps(report.draw_maps(model, state, pressure=float(dataset.pressure[-1]), cut=cut), file)
    table = dataset[["gamma", "q", "eta", "energy"]].to_dataframe().reset_index()
    table.columns = [_with_unit(dataset, name) for name in table.columns]
    with campaign.replaced(file) as temporary:
        table.to_csv(temporary, index=False)
    return file


def _with_unit(dataset, name: str) -> str:  # type: ignore[no-untyped-def]
    unit = dataset[name].attrs.get("units", "1") if name in dataset.variables else "1"
    return name if unit == "1" else f"{name} ({unit})"
