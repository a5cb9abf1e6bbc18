"""How far the simulated loop lies from the mean field, the Landau potential and the measurement, in standard errors.

python -m analysis.against_landau [RUN_DIRECTORY] [--json]
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.report import Row

DEFAULT = Path("results/pmpea/thermal_loop")
AGREES = 3.0
"""Standard errors within which two values are called equal."""

ABOUT_MEAN_FIELD = {
    (-1, 1): "Both jumps come before the spinodals: fluctuations, of order 1/√N, carry a finite crystal over a barrier "
    "that has not vanished yet, and outweigh the delay that a finite rate brings. Larger crystals close the gap.",
    (1, -1): "Both jumps come after the spinodals: the temperature moves on while the unstable branch is being left, "
    "and this outweighs the early jump of a finite crystal. Slower rates close the gap.",
}
"""By the sign of the shift of T_up and of T_down; see `docs/validation/spinodals.md` for how both scale."""

NO_PATTERN = (
    "The early jump of a finite crystal (fluctuations of order 1/√N) and the delay at a finite rate shift a transition "
    "in opposite directions, and at this size and rate neither outweighs the other on both branches."
)
ABOUT_LANDAU = (
    "The potential is a fit of smooth polynomials with the order parameters clipped at saturation, the lattice has "
    "mixing entropy: only temperatures may be compared, not coefficients. Its spinodals, too, are those of an "
    "infinite crystal at infinitely slow rate."
)
ABOUT_MEASURED = (
    "The couplings were calibrated on the measured loop through the mean field, so that this is no prediction."
)


@dataclass(frozen=True)
class Verdict:
    """One quantity of the simulation against one reference."""

    quantity: str
    unit: str
    against: str
    difference: float
    """Simulation − reference."""
    error: float
    """Standard error of the simulation; references are taken as exact. NaN if unknown."""

    @property
    def z(self) -> float:
        """Difference in standard errors."""
        return self.difference / self.error if self.error > 0 else math.nan

    def __str__(self) -> str:
        """The verdict in words."""
        gap = f"{abs(self.difference):.2f} {self.unit}"
        if math.isnan(self.z):
            return f"{gap} from {self.against}; no error, so no verdict"
        side = "above" if self.difference > 0 else "below"
        if abs(self.z) <= AGREES:
            return f"agrees with {self.against}: {gap} {side}, {abs(self.z):.1f} standard errors"
        return f"differs from {self.against}: {gap} {side}, {abs(self.z):.0f} standard errors"


def verdicts(rows: list[Row]) -> list[Verdict]:
    """Every row against every view that it has, row by row."""
    found = []
    for row in rows:
        for against, reference in (
            ("mean field", row.mean_field), ("Landau", row.landau), ("measured", row.measured)
        ):  # fmt: skip
            difference = row.simulation.value - reference
            if math.isfinite(difference):
                found.append(Verdict(row.quantity, row.unit, against, difference, row.simulation.error))
    return found


def explanation(found: list[Verdict]) -> list[str]:
    """Why the simulation is not expected to meet the references exactly; about those that occur only."""
    shift = {v.quantity: v for v in found if v.against == "mean field"}
    sides = _side(shift.get("T_up (q)")), _side(shift.get("T_down (q)"))
    texts = {
        "mean field": ABOUT_MEAN_FIELD.get(sides, NO_PATTERN),
        "Landau": ABOUT_LANDAU,
        "measured": ABOUT_MEASURED,
    }
    seen = {v.against for v in found}
    return [f"{name}: {text}" for name, text in texts.items() if name in seen]


def _side(v: Verdict | None) -> int:
    """Sign of a significant difference, else 0."""
    return int(math.copysign(1, v.difference)) if v is not None and abs(v.z) > AGREES else 0


def loop_rows(path: Path) -> list[Row]:
    """T_up, T_down and width of a finished run, in all views.

    Raises
    ------
    InputError
        If the directory holds no finished thermal cycle.
    """
    from mcsco.campaign import RunDirectory
    from mcsco.report import compare

    if not (path / "result.nc").is_file():
        command = f"python -m mcsco run runs/pmpea/thermal_loop.toml -o {path}"
        raise InputError(f"{path}: holds no finished run; make one with `{command}`")
    directory = RunDirectory(path)
    config = directory.config()
    if config.protocol.kind != "thermal-cycle":
        raise InputError(f"{path}: is a run of kind {config.protocol.kind!r}; give one of kind 'thermal-cycle'")
    return compare(config, directory.result())


def to_dict(rows: list[Row], found: list[Verdict]) -> dict[str, Any]:
    """Plain data; NaN becomes None."""
    plain = [asdict(v) | {"z": v.z, "verdict": str(v)} for v in found]
    return {
        "table": [row.to_dict() for row in rows],
        "verdicts": [
            {k: None if isinstance(x, float) and math.isnan(x) else x for k, x in entry.items()} for entry in plain
        ],
        "explanation": explanation(found),
    }


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON instead of text.")
def main(directory: Path, as_json: bool) -> None:
    """Hold the loop of a finished run against mean field, Landau potential and measurement."""
    from mcsco.report import to_text

    try:
        rows = loop_rows(directory)
    except InputError as error:
        click.echo(f"against_landau: {error}", err=True)
        sys.exit(2)
    found = verdicts(rows)
    if as_json:
        click.echo(json.dumps(to_dict(rows, found), ensure_ascii=False, indent=2))
        return
    click.echo(to_text(rows) + "\n")
    for verdict in found:
        click.echo(f"{verdict.quantity:<12}{verdict}")
    click.echo("\n" + "\n\n".join(explanation(found)))


if __name__ == "__main__":
    main()
