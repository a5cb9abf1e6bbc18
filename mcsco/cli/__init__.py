"""The command line. Heavy imports stand inside the commands, so that ``--help`` answers at once."""

from __future__ import annotations

import io
import logging
import sys

import click

import mcsco
from mcsco.cli.calibrate import calibrate
from mcsco.cli.campaigns import status
from mcsco.cli.export import export
from mcsco.cli.fit import fit
from mcsco.cli.report import report
from mcsco.cli.runs import rerun, resume, run, show
from mcsco.cli.terminal import log
from mcsco.cli.theory import landau, presets


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(mcsco.__version__, prog_name="mcsco")
def main() -> None:
    """Monte Carlo of spin-crossover lattices, held against mean field and Landau theory."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters is no reason to fail
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


for command in (run, resume, rerun, status, show, report, export, calibrate, fit, landau, presets):
    main.add_command(command)
