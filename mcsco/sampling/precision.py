"""How precise the means of a hold shall be."""

from collections.abc import Mapping
from typing import Any

from mcsco.errors import InputError, check_real

QUANTITIES = ("gamma", "q", "eta", "energy")
"""What a precision may be asked for; of η its magnitude, of the energy kJ/mol per molecule."""

Precision = tuple[tuple[str, float], ...]
"""Largest standard errors by quantity."""


def as_precision(given: Any, of: str | None) -> Precision | None:
    """Requests by quantity, in one order, from what `Hold` takes."""
    if given is None:
        if of is not None:
            raise InputError(f"of = {of!r}: names the quantity of a precision; give precision too")
        return None
    if isinstance(given, Mapping | tuple | list):
        if of is not None:
            raise InputError(f"of = {of!r}: the precision names its quantities itself; leave one of them out")
        wanted = dict(given)
    else:
        wanted = {"q" if of is None else of: given}
    for name in wanted:
        if name not in QUANTITIES:
            raise InputError(f"precision of {name!r}: must be of one of {', '.join(QUANTITIES)}")
    if not wanted:
        raise InputError("precision = {}: must name at least one quantity, e.g. {'q': 0.01}")
    return tuple((n, check_real(f"precision of {n}", wanted[n], above=0.0)) for n in QUANTITIES if n in wanted)
