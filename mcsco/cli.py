"""The command line. Heavy imports stand inside the commands, so that ``--help`` answers at once."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import mcsco
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import RunDirectory

INTERRUPTED = 130
log = logging.getLogger("mcsco")


def _reported(command: Callable[..., Any]) -> Callable[..., Any]:
    """One line for a user's mistake (exit 2) or an interrupt (exit 130), never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except InputError as error:
            click.echo(f"mcsco: {error}", err=True)
            sys.exit(2)
        except MemoryError as error:
            click.echo(f"mcsco: not enough memory ({error}); reduce shape, replicas or measurements", err=True)
            sys.exit(2)
        except BrokenPipeError:  # e.g. `mcsco presets | head -1`; click ends quietly
            raise
        except OSError as error:
            click.echo(f"mcsco: {error.filename or 'file'}: {error.strerror or error}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("mcsco: interrupted; results are written only when they are complete", err=True)
            sys.exit(INTERRUPTED)

    return run


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


as_json = click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON instead of text.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory of the run.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads; the result does not depend on it.")
@click.option("--force", is_flag=True, help="Replace the result of another run in the output directory.")
@as_json
@_reported
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
        with _progress(campaign.total_updates(config), "sweeps") as advance:
            dataset = campaign.execute(config, threads, advance)
        directory.save(config, dataset, file.parent)
    _show(directory, as_json)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
@as_json
@_reported
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
                    "provenance": {key: _plain(value) for key, value in dataset.attrs.items()},
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


@main.command()
@click.option("--set", "name", default="source-paper", show_default=True, help="Parameter set.")
@click.option("--entropy", default=66.5, show_default=True, help="ΔS(LS → HS) in J/(mol K) for the unit of energy.")
@as_json
@_reported
def landau(name: str, entropy: float, as_json: bool) -> None:
    """Print what the Landau potential of the source paper says."""
    from mcsco import landau as theory
    from mcsco.errors import check_real

    check_real("entropy", entropy, above=0.0, unit="J/(mol K)")
    given = theory.get(name)
    potential = given.potential
    T_down, T_up = potential.spinodals()
    T_maxwell = potential.maxwell_temperature()
    barriers = potential.barriers(T_maxwell)
    unit = potential.unit(entropy)
    numbers: dict[str, Any] = {
        "T_up": T_up,
        "T_down": T_down,
        "T_maxwell": T_maxwell,
        "barrier_LH": barriers[0],
        "barrier_HL": barriers[1],
        "latent_heat": potential.latent_heat(),
        "T_HShs": potential.paraelastic_temperature(),
        "phase_sequence": potential.phase_sequence(),
        "unit_K": unit.kelvin,
        "unit_J_per_mol": unit.joule_per_mole,
    }
    if as_json:
        click.echo(
            json.dumps({"set": name, **{k: _plain(v) for k, v in numbers.items()}}, ensure_ascii=False, indent=2)
        )
        return
    click.echo(f"{given.summary}\n{given.source}\n")
    for key, label in (
        ("T_up", "T_up, K"),
        ("T_down", "T_down, K"),
        ("T_maxwell", "T_Maxwell, K"),
        ("barrier_LH", "barrier LS → HS at T_Maxwell"),
        ("barrier_HL", "barrier HS → LS at T_Maxwell"),
        ("latent_heat", "latent heat at T_Maxwell"),
        ("T_HShs", "HSls → HShs, K"),
        ("unit_K", "unit of energy, K/molecule"),
        ("unit_J_per_mol", "unit of energy, J/mol"),
    ):
        click.echo(f"{label:<32}{'–' if math.isnan(numbers[key]) else format(numbers[key], '14.6f')}")
    click.echo(f"{'phase sequence on heating':<32}{numbers['phase_sequence']}")


@main.command()
@as_json
@_reported
def presets(as_json: bool) -> None:
    """List the ready models and Landau parameter sets."""
    from mcsco import landau as theory
    from mcsco.model import presets as models

    found: list[tuple[str, models.Preset | theory.ParameterSet]] = [
        *(("model", models.get(name)) for name in models.names()),
        *(("landau", theory.get(name)) for name in theory.names()),
    ]
    if as_json:
        entries = [{"kind": k, "name": p.name, "summary": p.summary, "source": p.source} for k, p in found]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
        return
    for kind, entry in found:
        click.echo(f"{entry.name:<16}{kind:<8}{entry.summary}")


@contextmanager
def _progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar with ETA on a terminal, a log line every ten seconds elsewhere; may be advanced from any thread."""
    lock = threading.Lock()
    if sys.stderr.isatty():
        from tqdm import tqdm

        # tqdm shows nothing on a terminal that was given no size, as in many containers.
        size = {"ncols": os.get_terminal_size(sys.stderr.fileno()).columns or 80, "nrows": 20}
        bar_format = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        with tqdm(total=total, desc="simulating ", bar_format=bar_format, mininterval=0.1, **size) as bar:

            def advance_bar(n: int) -> None:
                with lock:
                    bar.update(n)

            yield advance_bar
        return
    done, last = 0, time.monotonic()

    def advance(n: int) -> None:
        nonlocal done, last
        with lock:
            done += n
            now = time.monotonic()
            if now - last > 10 or done == total:
                last = now
                log.info("simulated %d of %d %s (%d %%)", done, total, unit, 100 * done // total)

    yield advance


def _plain(value: Any) -> Any:
    """A JSON value; NaN becomes None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
