"""Commands about runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcsco.cli.terminal import as_json, log, plain, progress, reported

if TYPE_CHECKING:
    from mcsco.campaign import RunDirectory


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory of the run.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads; the result does not depend on it.")
@click.option("--force", is_flag=True, help="Replace the result of another run in the output directory.")
@as_json
@reported
def run(file: Path, output: Path | None, threads: int | None, force: bool, as_json: bool) -> None:
    """Simulate what FILE.toml describes; write data, figure and table into a directory."""
    from mcsco import campaign

    config = campaign.read_config(file)
    campaign.measured_curve(config, file.parent)  # an unreadable file is found before the simulation, not after
    directory = campaign.output_directory(config, file, output)
    existing = None if force else directory.existing()
    if existing is not None:
        campaign.check_same(config, existing, directory.path)
        directory.describe(config, file.parent)  # title, measured curve and Landau set may have changed
        log.info("%s is done already; --force repeats it", directory.path)
    else:
        directory.check_writable()
        campaign.check_memory(config)
        with progress(campaign.total_updates(config), "sweeps") as advance:
            dataset = campaign.execute(config, threads, advance)
        directory.save(config, dataset, file.parent)
    _show(directory, as_json)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@as_json
@reported
def show(directory: Path, as_json: bool) -> None:
    """Print the table of a finished run and draw its figure again."""
    from mcsco import campaign

    _show(campaign.RunDirectory(directory), as_json)


def _show(directory: RunDirectory, as_json: bool) -> None:
    from mcsco import campaign, report

    config, dataset = directory.config(), directory.result()
    measured = campaign.measured_curve(config, directory.path)
    figures = report.save_run_figure(directory, config, dataset, measured)
    rows = report.compare(config, dataset)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "title": config.title,
                    "directory": str(directory.path),
                    "config_hash": config.fingerprint,
                    "protocol": config.protocol.kind,
                    "table": [row.to_dict() for row in rows],
                    "figures": [str(path) for path in figures],
                    "provenance": {key: plain(value) for key, value in dataset.attrs.items()},
                },
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    click.echo(f"\n{config.title}\n")
    click.echo(report.to_text(rows))
    rate = float(dataset.attrs["site_updates_per_s"]) / 1e6
    click.echo(f"\nsimulated in {dataset.attrs['wall_time_s']:.1f} s, {rate:.0f} million site updates/s")
    for path in figures:
        click.echo(f"figure  {path}")
    click.echo(f"data    {directory.path / 'result.nc'}")
