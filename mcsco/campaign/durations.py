"""Times as people write them: ``90s``, ``10min``, ``3.5h``, ``2d``, ``04:00:00``."""

from __future__ import annotations

import math
import re

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_CLOCK = re.compile(r"(?:(\d{1,3})-)?(\d{1,4}):([0-5]\d):([0-5]\d)")


def parse_duration(text: str) -> float:
    """Seconds of a time with a unit, of a clock ``[days-]hours:minutes:seconds``, or of a bare number of seconds.

    Raises
    ------
    ValueError
        If it is none of these, or not finite, or negative.
    """
    text = text.strip()
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((24 * days + hours) * 60 + minutes) * 60 + seconds)
    unit = next((u for u in ("min", "s", "h", "d") if text.endswith(u)), "")
    try:
        value = float(text.removesuffix(unit)) * _UNITS.get(unit, 1.0)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"'{text}' is not a time; give seconds or e.g. 90s, 10min, 3.5h, 2d, 04:00:00")
    return value


def clock(seconds: float) -> str:
    """Hours, minutes and seconds as batch systems want them."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
