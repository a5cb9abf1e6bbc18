"""Command line of the study."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import click


class Numbers(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """Statements as ``1-6,17``."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """The numbers, in order."""
        if isinstance(value, list):
            return value
        found: set[int] = set()
        for part in str(value).split(","):
            match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 1 <= first <= last <= 40:
                self.fail(f"'{part}' is no statement; give numbers from 1 to 40, e.g. 1-6,17")
            found.update(range(first, last + 1))
        return sorted(found)


@click.command()
@click.option("--full", is_flag=True, help="The run files as they are; default: small trials of them, in minutes.")
@click.option("--only", type=Numbers(), default="1-40", show_default=True, help="Statements, e.g. 1-6,17.")
@click.option("--table", type=click.Path(path_type=Path), help="Write the table as Markdown to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--figure", type=click.Path(path_type=Path), help="Write three figures into this directory.")
def main(full: bool, only: list[int], table: Path | None, as_json: bool, figure: Path | None) -> None:
    """Every quantitative statement of the source documents, with a number beside the printed one.

    Run it from the root of the repository. What has a result in results/ is not simulated again.
    """
    from analysis.source_documents.rows import make_claims
    from analysis.source_documents.runs import Runs
    from analysis.source_documents.table import to_markdown, to_text
    from mcsco.campaign import StoppedError
    from mcsco.errors import InputError

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    runs = Runs(full)
    try:
        claims = make_claims(runs, only)
        if figure is not None:
            from analysis.source_documents.figures import save_all

            for path in save_all(runs, figure):
                click.echo(f"figure  {path}", err=True)
    except InputError as error:
        click.echo(f"source_documents: {error}", err=True)
        sys.exit(2)
    except StoppedError as stop:
        click.echo(f"source_documents: {stop}; the same command goes on", err=True)
        sys.exit(stop.code)
    if table is not None:
        table.write_text(to_markdown(claims, full), encoding="utf-8")
    if as_json:
        click.echo(json.dumps([claim.to_dict() for claim in claims], ensure_ascii=False, indent=2))
    else:
        click.echo(to_text(claims))


if __name__ == "__main__":
    main()
