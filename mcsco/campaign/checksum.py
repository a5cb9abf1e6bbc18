"""The checksum that a result carries: a damaged file that still opens is told from a sound one."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

CHECKSUM = "content_sha256"
"""Name of the attribute."""


def checksum(dataset: xarray.Dataset) -> str:
    """SHA-256 of all attributes and variables, with their names, dimensions and types, but not of the checksum itself.

    It does not depend on how the values are laid out in a file.
    """
    total = hashlib.sha256(_text({k: v for k, v in dataset.attrs.items() if k != CHECKSUM}))
    for name in sorted(map(str, dataset.variables)):
        variable = dataset.variables[name]
        values = variable.values
        if values.dtype.kind in "OSTU":  # texts, which come back from a file as objects
            kind, content = "text", json.dumps(values.astype(str).tolist()).encode()
        else:
            values = values.astype(values.dtype.newbyteorder("<"))
            kind, content = values.dtype.str, values.tobytes()
        total.update(_text([name, *variable.dims, list(variable.shape), kind]) + _text(variable.attrs))
        total.update(content)
    return total.hexdigest()


def _text(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    """What NumPy made of a number on its way through a file."""
    return value.item() if getattr(value, "ndim", None) == 0 else repr(value)
