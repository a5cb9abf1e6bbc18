"""Kinds of values in a run file: numbers with units and limits, tensors, texts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from mcsco.units import QUANTITIES, parse_quantity


def _from_text(quantity: str) -> BeforeValidator:
    """Turn a string with a unit into a number."""
    return BeforeValidator(lambda value: parse_quantity(value, quantity) if isinstance(value, str) else value)


def _field(quantity: str, **rules: Any) -> Any:
    return Field(json_schema_extra={"unit": next(iter(QUANTITIES[quantity]))}, **rules)


def _tensor(quantity: str | None, *, number: bool = False, limit: float) -> BeforeValidator:
    """A row or a matrix of numbers, or one `number`, each at most `limit` and with a unit if there is a quantity."""

    def entry(value: Any) -> float:
        if isinstance(value, str) and quantity is not None:
            value = parse_quantity(value, quantity)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"'{value}' must be a number")
        if not -limit <= value <= limit:
            raise ValueError(f"{value:g} must lie between {-limit:g} and {limit:g}")
        return float(value)

    def whole(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            if number:
                return entry(value)
            raise ValueError("must be a list of numbers or of rows")
        if not any(isinstance(row, list | tuple) for row in value):
            return tuple(entry(x) for x in value)
        if len({len(row) if isinstance(row, list | tuple) else 0 for row in value}) != 1:
            raise ValueError("must have rows of one length")
        return tuple(tuple(entry(x) for x in row) for row in value)

    return BeforeValidator(whole)


def _plain_text(value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("must be one line of text, without control characters")
    return value


def _ladder(quantity: str, low: float, high: float, *, above: bool = False) -> Any:
    """One value for all rungs of a ladder, or a list with a value for every rung or for its two ends."""

    def entry(value: Any) -> float:
        number = parse_quantity(value, quantity) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"'{value}' must be a number")
        if not low <= number <= high or (above and number == low):
            least = f"greater than {low:g}" if above else f"at least {low:g}"
            raise ValueError(f"{number:g} must be {least} and at most {high:g}")
        return float(number)

    def whole(value: Any) -> Any:
        return tuple(entry(x) for x in value) if isinstance(value, list | tuple) else entry(value)

    return Annotated[Any, BeforeValidator(whole), _field(quantity)]


# Upper bounds lie far beyond any crystal: they catch a forgotten prefix, and numbers that no sum survives.
Energy = Annotated[float, _from_text("energy"), _field("energy", ge=-1e4, le=1e4)]
Entropy = Annotated[float, _from_text("entropy"), _field("entropy", ge=0, le=1e3)]
Temperature = Annotated[float, _from_text("temperature"), _field("temperature", gt=0, le=1e5)]
TemperatureDifference = Annotated[float, _from_text("temperature"), Field(gt=0, le=100)]
Pressure = Annotated[float, _from_text("pressure"), _field("pressure", ge=-1e3, le=1e3)]
Temperatures = _ladder("temperature", 0.0, 1e5, above=True)
Pressures = _ladder("pressure", -1e3, 1e3)
Energies = _ladder("energy", -1e4, 1e4)
Volume = Annotated[float, _from_text("volume"), _field("volume", ge=-1e4, le=1e4)]
SiteVolume = Annotated[float, _from_text("site volume"), _field("site volume", gt=0, le=1e6)]
Stiffness = Annotated[Any, _tensor("stiffness", limit=1e4), _field("stiffness")]
Stress = Annotated[Any, _tensor("stiffness", limit=1e3), _field("stiffness")]
Strain = Annotated[Any, _tensor(None, number=True, limit=1.0)]
Offset = tuple[Annotated[int, Field(ge=-(10**6), le=10**6)], ...]
Extent = Annotated[int, Field(ge=2)]
Sweeps = Annotated[int, Field(ge=1, le=10**12)]
Rate = Annotated[float, Field(gt=0, le=1e9)]
Text = Annotated[str, AfterValidator(_plain_text)]
FilePath = Annotated[Text, Field(min_length=1)]
