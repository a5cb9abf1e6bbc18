"""The command that writes the report page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mcsco.cli.terminal import as_json, reported


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Page to write; by default report.html in DIRECTORY."
)
@as_json
@reported
def report(directory: Path, output: Path | None, as_json: bool) -> None:
    """Write one HTML page about a run or a campaign, finished or not, with its numbers as JSON and CSV."""
    from mcsco.report.html import write_report

    data, files = write_report(directory, output)
    if as_json:
        click.echo(json.dumps(data | {"files": [str(file) for file in files]}, ensure_ascii=False, indent=2))
        return
    click.echo(f"{data['title']}: {data['state']}")
    for name, file in zip(("page", "json", "table"), files, strict=True):
        click.echo(f"{name:<7} {file}")
