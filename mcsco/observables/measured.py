"""Measured χT(T) curves from two-column text files."""

import codecs
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.legs import monotone_legs
from mcsco.units import CURIE

JITTER = 0.02
"""Part of the temperature range by which a thermometer may run back without the sweep having turned."""

COMMENT = ("#", "%", "!", "//", "*")
DELIMITERS = {"tab": r"\t", "semicolon": ";", "comma": ",", "blanks": r"\s+"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MISSING = re.compile(r"[+-]?(nan|na|n/a|inf|infinity)|--?", re.IGNORECASE)


class Measured(NamedTuple):
    """A measured curve, in the order of the file."""

    temperature: npt.NDArray[np.float64]
    """K, shape (point,)."""
    chi_t: npt.NDArray[np.float64]
    """χT, cm3 K/mol, shape (point,)."""
    leg: npt.NDArray[np.int64]
    """Index of the heating or cooling sweep that the point belongs to, shape (point,)."""
    direction: tuple[int, ...]
    """+1 (heating) or −1 (cooling) for each leg."""


QUANTITIES = ("chi_t", "chi", "mu_eff")
"""What the second column may be: χT, χ, or μ_eff in Bohr magnetons."""

SI = 4e-6 * math.pi
"""One cm3/mol of the cgs system in m3/mol."""


def read_measured(path: str | Path, quantity: str = "chi_t", si: bool = False) -> Measured:
    """Read temperature (K) and χT (cm3 K/mol), or another susceptibility, from a text file of two columns.

    Columns are separated by tabs, semicolons, commas or blanks; numbers have a decimal point or a decimal comma. Lines
    that begin with # % ! // or *, and lines without a number, are skipped, and so is everything before the first
    row of numbers. Heating and cooling may follow one another: a new leg begins where the temperature turns by more
    than 2 % of its range.

    Parameters
    ----------
    path : str or Path
    quantity : str
        What the second column is: ``"chi_t"`` (cm3 K/mol), ``"chi"`` (cm3/mol) or ``"mu_eff"`` (Bohr magnetons).
    si : bool
        Whether χT or χ is in m3 K/mol or m3/mol.

    Raises
    ------
    InputError
        If the file is missing, not text, has not two columns, or contains a value that is not a finite number.
    """
    path = Path(path)
    if quantity not in QUANTITIES:
        raise InputError(f"quantity = {quantity!r}: must be one of {', '.join(QUANTITIES)}")
    rows = _rows(path, _text(path))
    T, second = rows.T
    chi_t = {"chi_t": second, "chi": second * T, "mu_eff": CURIE * second**2}[quantity]
    chi_t = chi_t / SI if si and quantity != "mu_eff" else chi_t
    if T.min() <= 0:
        raise InputError(f"{path}: temperature {T.min():g} K: must be greater than 0; the first column is T in kelvin")
    leg = np.zeros(T.size, dtype=np.int64)
    legs = monotone_legs(T, JITTER * float(np.ptp(T)))
    for i, part in enumerate(legs):
        leg[part.steps] = i
    return Measured(T, chi_t, leg, tuple(part.direction for part in legs))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    unicode = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(unicode)
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if any(ord(c) < 32 and c not in "\t\n\r\f\v\x1a" for c in text):
        raise InputError(f"{path}: is not a text file; export the curve as two columns, T in K and chi T in cm3 K/mol")
    return text


def _rows(path: Path, text: str) -> npt.NDArray[np.float64]:
    """The numbers, shape (point, 2), read in the way that understands most lines."""
    lines = [(i, s) for i, line in enumerate(text.splitlines(), 1) if (s := line.strip(" \t\f\v\x1a"))]
    lines = [(i, s) for i, s in lines if not s.startswith(COMMENT)]
    ways = [(d, c) for d in DELIMITERS for c in (".", ",") if (d, c) != ("comma", ",")]
    counts = [sum(_numbers(_fields(s, *way)) is not None for _, s in lines) for way in ways]
    way = ways[int(np.argmax(counts))]
    if max(counts) < 2:
        raise InputError(
            f"{path}: no two columns of numbers; give T in K and chi T in cm3 K/mol, separated by tab, comma, "
            "semicolon or blanks"
        )
    rows: list[tuple[float, float]] = []
    for i, s in lines:
        fields = _fields(s, *way)
        row = _numbers(fields)
        if row is not None:
            rows.append(row)
        elif (fields and all(MISSING.fullmatch(f) or NUMBER.fullmatch(f) for f in fields)) or (rows and _is_data(s)):
            raise InputError(f"{path}, line {i}: {s[:60]!r} is not two finite numbers; correct or remove the line")
    return np.array(rows)


def _fields(line: str, delimiter: str, decimal: str) -> list[str]:
    """The fields of a line, with decimal points; trailing empty ones dropped."""
    fields = [f.strip().strip('"') for f in re.split(DELIMITERS[delimiter], line)]
    while fields and not fields[-1]:
        fields.pop()
    if decimal == ",":
        # A point next to decimal commas would be a thousands separator: not a number here.
        fields = [f.replace(".", "?").replace(",", ".") for f in fields]
    return fields


def _numbers(fields: list[str]) -> tuple[float, float] | None:
    """Two finite numbers, or None."""
    if len(fields) != 2 or not all(NUMBER.fullmatch(f) for f in fields):
        return None
    x, y = (float(f) for f in fields)
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _is_data(line: str) -> bool:
    """Whether a line was meant as data: it begins with a number, or with what stands for a missing one."""
    first = re.split(r"[\t;\s]", line)[0].strip('",').replace(",", ".")
    return bool(NUMBER.fullmatch(first) or MISSING.fullmatch(first))
