"""A seal at the end of a file, proven before HDF5 sees the file: some damage makes the HDF5 library loop for ever.

The seal lies behind what HDF5 calls the end of the file, where no reader of HDF5 or netCDF looks.
"""

from __future__ import annotations

import hashlib
import math
import os
from pathlib import Path

_MARK = b"\nmcsco sealed\n\0\0"
_LENGTH = len(_MARK) + hashlib.sha256().digest_size
# The first version of HDF5's superblock, which is what is written, with its own idea of where the file ends.
_SUPERBLOCK, _END = b"\x89HDF\r\n\x1a\n\0", slice(40, 48)


def sealed(content: bytes) -> bytes:
    """The bytes of a file with their seal."""
    return content + _MARK + hashlib.sha256(content).digest()


def check_seal(path: Path, largest: float = math.inf) -> None:
    """Find damage without reading the file as HDF5.

    A file without a seal comes from an earlier version, or another program has changed it; then it has to end where
    HDF5 says, and what is in it is proven by what reads it. Of more than `largest` bytes only the end is read.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not as it was written.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(_END.stop)
        file.seek(max(0, size - _LENGTH))
        tail = file.read()
        if not tail.startswith(_MARK):
            if head.startswith(_SUPERBLOCK) and int.from_bytes(head[_END], "little") != size:
                raise ValueError("its end is missing")
            return
        if size > largest:
            return
        digest, rest = hashlib.sha256(), size - _LENGTH
        file.seek(0)
        while rest:
            piece = file.read(min(rest, 2**20))
            digest.update(piece)
            rest -= len(piece)
    if digest.digest() != tail[len(_MARK) :]:
        raise ValueError("its bytes are not what was written")
