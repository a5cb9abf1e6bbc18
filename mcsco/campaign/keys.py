"""Dotted keys: values anywhere in a run file, by the path that error messages use."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from typing import Any

from mcsco.campaign.config import RunConfig, parse_config
from mcsco.errors import InputError

FREE = ("model", "protocol", "run", "kinetics")
"""Tables that decide the numbers of a run."""


def look_up(config: RunConfig, key: str) -> Any:
    """The value of a key of the complete configuration, in public units.

    Raises
    ------
    InputError
        If there is no such key.
    """
    container, last = _parent(tomllib.loads(config.to_toml()), key)
    return container[last]


def with_values(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """The same run with some of its values replaced, validated again.

    Raises
    ------
    InputError
        If a key does not exist, or the run with the new values breaks a rule.
    """
    import tomli_w

    data = copy.deepcopy(tomllib.loads(config.to_toml()))
    for key, value in values.items():
        place(data, key, value)
    return parse_config(tomli_w.dumps(data), " and ".join(f"{key} = {value!r}" for key, value in values.items()))


def place(data: dict[str, Any], key: str, value: Any) -> None:
    """Set the value of a dotted key in the plain data of a complete run file."""
    container, last = _parent(data, key, new=True)
    container[last] = value


def _parent(data: Any, key: str, *, new: bool = False) -> tuple[Any, Any]:
    """The table or list that holds the value of a key, and its name or index there.

    A `new` key need not be there yet, as long as its table is: defaults may not have been written out.
    """
    path = key.split(".")
    if path[0] not in FREE or len(path) < 2:
        raise InputError(f"{key!r}: must be a dotted key below {', '.join(FREE)}, e.g. 'model.spin.enthalpy'")
    here = data
    for depth, part in enumerate(path):
        where = ".".join(path[:depth]) or "the file"
        last = depth == len(path) - 1
        if isinstance(here, list):
            if not part.isdecimal() or int(part) >= len(here):
                raise InputError(f"{key!r}: {where} is a list of {len(here)}; count its entries from 0")
            if last:
                return here, int(part)
            here = here[int(part)]
        elif isinstance(here, dict):
            if part not in here and not (last and new):
                known = ", ".join(here)
                raise InputError(f"{key!r}: {where} has no '{part}'; it has {known}")
            if last:
                return here, part
            here = here[part]
        else:
            raise InputError(f"{key!r}: {where} is a value, not a table")
    raise AssertionError("a path has at least two parts")
