"""What is wrong in a run file, in words: path, value, rule, remedy."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

_UNIONS = ("protocol", "model")
"""Tables in which pydantic puts the chosen kind into the path of an error."""

_KINDS = (
    *("ramp", "thermal-cycle", "hold", "quench", "pressure-ramp", "pressure-cycle", "field-cycle", "reversal-curves"),
    "replica-exchange",
    *("nearest-neighbours", "infinite-range", "elasticity", "long-range"),
)

_LONGEST = 60


def explain(error: Mapping[str, Any], known: Collection[str]) -> str:
    """One line for one of pydantic's errors; `known` are all keys that a file may have."""
    path = _path(error["loc"])
    where, kind = ".".join(path), error["type"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), sorted(known), n=1)
        return f"{where}: unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    if kind == "missing":
        return f"{where}: is missing"
    if kind == "union_tag_not_found":
        return f"{where}.kind: is missing"
    if kind == "union_tag_invalid":
        return f"{where}.kind = {_short(error['ctx']['tag'])}: must be one of {error['ctx']['expected_tags']}"
    return _one_line(where + _given(error) + (": " if where else "") + _rule(error))


def _path(location: tuple[str | int, ...]) -> list[str]:
    """Keys and indices as the user wrote them, without the name of a chosen kind."""
    path: list[str] = []
    for i, part in enumerate(location):
        is_kind = i > 0 and location[0] in _UNIONS and (i == 1 if location[0] == "protocol" else i == 3)
        if is_kind and part in _KINDS:
            continue
        path.append(part if isinstance(part, str) and re.fullmatch(r"[\w-]+", part) else json.dumps(part))
    return path


def _given(error: Mapping[str, Any]) -> str:
    given = error.get("input")
    return f" = {_short(given)}" if isinstance(given, int | float | str | bool) else ""


def _rule(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    for theirs, ours in (
        ("Input should be ", "must be "),
        ("Input should have ", "must have "),
        ("Tuple should have ", "must have "),
        ("String should have ", "must have "),
        (" after validation, not ", ", not "),
        ("greater than or equal to", "at least"),
        ("less than or equal to", "at most"),
        ("a valid ", "a "),
        ("a integer", "a whole number"),
        ("a array", "a list"),
        ("an object", "a table"),
    ):
        message = message.replace(theirs, ours)
    return message


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
