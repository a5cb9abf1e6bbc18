"""The package's exceptions, and the checks that raise them.

A message names the value, the rule it broke and the remedy, on one line, so that the command line can
print it as it is.
"""

import math
import operator
from typing import SupportsFloat, SupportsIndex


class McscoError(Exception):
    """Base class of every error that mcsco raises on purpose."""


class InputError(McscoError, ValueError):
    """A value given by the user breaks a rule (exit status 2 on the command line)."""


class StateError(McscoError, RuntimeError):
    """The simulation contradicts itself, e.g. a running sum differs from its recount: a bug, not a user's mistake."""


def check_real(
    name: str, value: SupportsFloat, *, above: float | None = None, minimum: float | None = None, unit: str = ""
) -> float:
    """Return `value` as a finite float, or raise `InputError`.

    Parameters
    ----------
    name : str
        How the user knows the value, e.g. ``"temperature"``.
    value : float
        What the user gave. Booleans and strings are refused.
    above, minimum : float, optional
        Exclusive and inclusive lower bound.
    unit : str
        Unit for the message.
    """
    shown = f"{name} = {value!r}" + (f" {unit}" if unit else "")
    if isinstance(value, bool | str | bytes):
        raise InputError(f"{shown}: must be a number; write it without quotes" + (f", in {unit}" if unit else ""))
    try:
        x = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{shown}: must be a number" + (f" in {unit}" if unit else "")) from None
    if not math.isfinite(x):
        raise InputError(f"{shown}: must be finite; check the input for NaN or infinity")
    if above is not None and not x > above:
        raise InputError(f"{shown}: must be greater than {above:g}")
    if minimum is not None and not x >= minimum:
        raise InputError(f"{shown}: must be at least {minimum:g}")
    return x


def check_integer(name: str, value: SupportsIndex, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return `value` as an int within the inclusive bounds, or raise `InputError`."""
    shown = f"{name} = {value!r}"
    try:
        if isinstance(value, bool):
            raise TypeError
        i = operator.index(value)
    except TypeError:
        raise InputError(f"{shown}: must be a whole number") from None
    if minimum is not None and i < minimum:
        raise InputError(f"{shown}: must be at least {minimum}")
    if maximum is not None and i > maximum:
        raise InputError(f"{shown}: must be at most {maximum}")
    return i
