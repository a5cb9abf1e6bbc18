"""A statement of a source document beside its numbers, and the verdict that follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from mcsco.observables import Estimate

ERRORS = 2.0
"""Standard errors by which a simulated value may lie outside the interval of a row."""
SURE = 3.0
"""Standard errors by which it has to lie inside an interval with a sign to prove."""

Kind = Literal["claim", "input", "context"]
Mark = Literal["yes", "no", "unsure", ""]


@dataclass(frozen=True)
class Printed:
    """What a source says, and the interval of values that count as the same."""

    text: str
    low: float = math.nan
    high: float = math.nan
    strict: bool = False
    """Whether a simulated value has to be inside beyond its error, as for the sign of a difference."""
    errors: float = ERRORS
    """Standard errors by which a value may lie outside."""
    resolution: float = math.nan
    """Standard error above which nothing is decided; by default half of the interval."""

    def mark(self, value: float, error: float = 0.0) -> Mark:
        """Whether a value is the printed one; "unsure" if its error does not allow to say."""
        if math.isnan(value) or (math.isnan(self.low) and math.isnan(self.high)):
            return ""
        if math.isnan(error):
            return "unsure"
        low = -math.inf if math.isnan(self.low) else self.low
        high = math.inf if math.isnan(self.high) else self.high
        if self.strict:
            inside = min(value - low, high - value)
            return "yes" if inside >= SURE * error else "no" if inside < -SURE * error else "unsure"
        outside = max(low - value, value - high)
        if outside > self.errors * error:
            return "no"
        resolution = (high - low) / 2 if math.isnan(self.resolution) else self.resolution
        return "yes" if error <= resolution else "unsure"


def near(value: float, tolerance: float, text: str | None = None) -> Printed:
    """A printed number that is meant within `tolerance`."""
    return Printed(f"{value:g}" if text is None else text, value - tolerance, value + tolerance)


def between(low: float, high: float, text: str, strict: bool = False) -> Printed:
    """A printed statement in words that stands for an interval."""
    return Printed(text, low, high, strict)


@dataclass(frozen=True)
class Claim:
    """One row."""

    number: int
    part: str
    """``"a"``, ``"b"``, … or empty if the statement has one row."""
    compound: str
    source: str
    """Document and place in it."""
    quantity: str
    unit: str
    printed: Printed
    landau: float = math.nan
    """Of the potential of the source paper, eq. (4)."""
    mean_field: float = math.nan
    """Of the model that is simulated."""
    simulation: Estimate | None = None
    formula: float = math.nan
    """Value of a formula of the source, where there is nothing to simulate."""
    kind: Kind = "claim"
    calibrated: bool = False
    """Whether a parameter of the model was chosen for this value."""
    reason: str = ""
    """Why it differs, shown if it does; of other kinds, what the statement is for."""
    note: str = ""
    """Shown with every verdict."""
    runs: tuple[str, ...] = ()
    """Run files behind the simulation, below `runs/`."""
    digits: int = 2

    @property
    def label(self) -> str:
        """Number and part."""
        return f"{self.number}{self.part}"

    def marks(self) -> dict[str, Mark]:
        """Of every view that has a value, whether it is the printed one."""
        found = {
            "landau": self.printed.mark(self.landau),
            "mean_field": self.printed.mark(self.mean_field),
            "formula": self.printed.mark(self.formula),
        }
        if self.simulation is not None:
            found["simulation"] = self.printed.mark(self.simulation.value, self.simulation.error)
        return found

    @property
    def judged(self) -> str:
        """The view that the verdict is about: the simulation, or else the theory of the model."""
        marks = self.marks()
        return next((view for view in ("simulation", "formula", "mean_field", "landau") if marks.get(view)), "")

    @property
    def outcome(self) -> str:
        """One of "reproduced", "differs", "undecided", "input datum", "context" and "not computed"."""
        if self.kind != "claim":
            return {"input": "input datum", "context": "context"}[self.kind]
        if not self.judged:
            return "not computed"
        return {"yes": "reproduced", "no": "differs", "unsure": "undecided"}[self.marks()[self.judged]]

    @property
    def words(self) -> str:
        """The outcome, by which view, and whether the model was calibrated on it."""
        if self.outcome != "reproduced":
            return self.outcome
        by = {"mean_field": " by mean field", "landau": " by Landau theory"}.get(self.judged, "")
        return self.outcome + by + (" (calibrated)" if self.calibrated else "")

    @property
    def remarks(self) -> str:
        """The reason of an outcome other than "reproduced", why a value is missing, and the note."""
        reason = "" if self.outcome == "reproduced" else self.reason
        return "; ".join(part for part in (reason, self._why_no_value(), self.note) if part)

    @property
    def verdict(self) -> str:
        """The outcome in words, with what has to be known about it."""
        return ": ".join(part for part in (self.words, self.remarks) if part)

    def _why_no_value(self) -> str:
        simulation = self.simulation
        if simulation is None or (math.isfinite(simulation.value) and math.isfinite(simulation.error)):
            return ""
        return simulation.reason

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what is not known is None."""
        simulation = self.simulation or Estimate(math.nan, math.nan)
        plain = {
            "claim": self.label, "compound": self.compound, "source": self.source, "quantity": self.quantity,
            "unit": self.unit, "printed": self.printed.text, "low": self.printed.low, "high": self.printed.high,
            "landau": self.landau, "mean_field": self.mean_field, "simulation": simulation.value,
            "error": simulation.error, "formula": self.formula, "marks": self.marks(), "outcome": self.outcome,
            "verdict": self.verdict, "runs": [f"runs/{name}.toml" for name in self.runs],
        }  # fmt: skip
        return {key: _plain(value) for key, value in plain.items()}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def context(number: int, compound: str, source: str, quantity: str, text: str, why: str, **values: Any) -> Claim:
    """A statement that no model of this kind has a number for."""
    part = values.pop("part", "")
    unit = values.pop("unit", "")
    return Claim(number, part, compound, source, quantity, unit, Printed(text), kind="context", reason=why, **values)
