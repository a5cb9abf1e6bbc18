"""The table: for a terminal, as Markdown, as plain data."""

from __future__ import annotations

import math
import re
import textwrap
from collections import Counter

from analysis.source_documents.claim import Claim, Mark

HEADS = ("claim", "compound", "source", "quantity", "printed", "Landau", "mean field", "simulation", "verdict")
SIGNS: dict[Mark, str] = {"yes": " ✓", "no": " ✗", "unsure": " ?", "": ""}
OUTCOMES = ("reproduced", "differs", "undecided", "not computed", "input datum", "context")


def number(x: float, digits: int) -> str:
    """A number with so many decimals, a dash if there is none."""
    if math.isnan(x):
        return "–"
    text = f"{x:.{digits}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    return "never" if math.isinf(x) else text.replace("-", "−")


def with_minus(text: str) -> str:
    """Hyphens before numbers as minus signs."""
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)


def cells(claim: Claim) -> tuple[str, ...]:
    """The row, one text a column."""
    marks = claim.marks()
    unit = f" ({claim.unit})" if claim.unit else ""
    return (
        claim.label,
        claim.compound,
        claim.source,
        claim.quantity + unit,
        with_minus(claim.printed.text),
        number(claim.landau, claim.digits) + SIGNS[marks["landau"]],
        number(claim.mean_field, claim.digits) + SIGNS[marks["mean_field"]],
        simulated(claim),
        with_minus(claim.verdict),
    )


def simulated(claim: Claim) -> str:
    """Simulation with its error, or the value of a formula."""
    if claim.simulation is None:
        if math.isnan(claim.formula):
            return "–"
        return f"{number(claim.formula, claim.digits)}{SIGNS[claim.marks()['formula']]} (formula)"
    value, error = claim.simulation.value, claim.simulation.error
    if math.isnan(value):
        return "–"
    if error == 0.0:
        text = number(value, claim.digits)
    elif math.isnan(error):
        text = f"{number(value, claim.digits)} ± –"
    else:
        text = str(claim.simulation).partition(" (")[0].replace("-", "−")
        if "e" in text or (error > abs(value) and error > 10):
            text = f"{number(value, claim.digits)} ± {number(error, claim.digits)}"
    return text + SIGNS[claim.marks()["simulation"]]


def summary(claims: list[Claim]) -> str:
    """How many rows came out how."""
    counts = Counter(claim.outcome for claim in claims)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])


def to_markdown(claims: list[Claim], full: bool) -> str:
    """The table with a head that says how it was made."""
    command = "python -m analysis.source_documents" + (" --full" if full else "")
    lines = [
        "# The source documents, row by row",
        "",
        f"Made by `{command}`: {len(claims)} rows of {len({claim.number for claim in claims})} statements; "
        f"{summary(claims)}.",
        "",
        "| " + " | ".join(HEADS) + " | run files |",
        "|" + "---|" * (len(HEADS) + 1),
    ]
    for claim in claims:
        files = ", ".join(f"`{name}`" for name in claim.runs) or "–"
        lines.append("| " + " | ".join(text.replace("|", "\\|") for text in (*cells(claim), files)) + " |")
    return "\n".join(lines) + "\n"


_COLUMNS = (("claim", 6), ("quantity", 47), ("printed", 20), ("simulation", 24), ("Landau", 13), ("mean field", 13),
            ("outcome", 24))  # fmt: skip


def to_text(claims: list[Claim]) -> str:
    """The table for a terminal: a block a row, with remarks below."""
    rule = "─" * sum(width for _, width in _COLUMNS)
    lines = [_line([head for head, _ in _COLUMNS]), rule]
    compound = ""
    for claim in claims:
        if claim.compound != compound:
            compound = claim.compound
            lines += ["", compound]
        lines += _block(claim)
    return "\n".join([*lines, "", rule, summary(claims)])


def _block(claim: Claim) -> list[str]:
    label, _, _, quantity, printed, landau, theory, simulation, _ = cells(claim)
    texts = (label, quantity, printed, simulation, landau, theory, claim.words)
    wrapped = [textwrap.wrap(text, width - 1) for text, (_, width) in zip(texts, _COLUMNS, strict=True)]
    lines = [
        _line([part[i] if i < len(part) else "" for part in wrapped]) for i in range(max(len(part) for part in wrapped))
    ]
    indent = " " * (_COLUMNS[0][1] + 2)
    return lines + textwrap.wrap(with_minus(claim.remarks), 120, initial_indent=indent, subsequent_indent=indent)


def _line(texts: list[str]) -> str:
    return "".join(text.ljust(width) for text, (_, width) in zip(texts, _COLUMNS, strict=True)).rstrip()
