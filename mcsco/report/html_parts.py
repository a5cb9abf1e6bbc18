"""What a report page is made of: cells with verdicts, tables, figures as inline SVG, sentences."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcsco.observables import Estimate
from mcsco.report.row import Row
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from matplotlib.figure import Figure

AGREES, DIFFERS = 2.0, 3.0
"""Standard errors up to which a value agrees with a reference, and from which it differs from it."""

VIEWS = {"mean_field": "mean field", "landau": "Landau", "measured": "measured"}
"""What a simulation is compared with, and its heading."""


SOURCE_CHANGED = "The source of the program had been changed since its commit when this was simulated."
FINITE_ETA = (
    "The mean of |η| is positive in every finite crystal, also where η of an infinite one is zero; it shrinks with the "
    "number N of molecules as 1/√N."
)


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    note: str = ""
    """Second line, such as a verdict."""
    tone: str = ""
    """``agrees``, ``near`` or ``differs``."""
    order: float | None = None
    """Number to sort by."""


@dataclass(frozen=True)
class Table:
    """A table whose first `n_heads` columns name its rows."""

    caption: str
    head: list[str]
    rows: list[list[Cell]]
    n_heads: int = 1
    is_sortable: bool = False

    @property
    def is_judged(self) -> bool:
        """Whether any cell has a verdict."""
        return any(cell.note for row in self.rows for cell in row)


@dataclass(frozen=True)
class Drawing:
    """A figure in the page."""

    svg: str
    label: str
    """What it shows, for those who cannot see it."""
    caption: str
    is_wide: bool = False


@dataclass
class Page:
    """All that a page says; `records` are the numbers of its table in full precision."""

    kind: str
    title: str
    state: str
    share: float
    """Part of the work that is done, 0 to 1."""
    summary: str
    table: Table | None
    records: list[dict[str, Any]]
    drawings: list[Drawing]
    notes: list[str]
    provenance: dict[str, Any]
    config: str
    config_hash: str = ""
    failures: dict[str, str] = field(default_factory=dict)


def deviation(simulation: Estimate, reference: float) -> float:
    """(simulation − reference) in standard errors of the simulation; NaN where one of the three is missing."""
    error = simulation.error
    if not (math.isfinite(error) and error > 0 and math.isfinite(simulation.value)):
        return math.nan
    return (simulation.value - reference) / error


def tone_of(z: float) -> str:
    """The verdict on a deviation in standard errors; empty for NaN."""
    if math.isnan(z):
        return ""
    return "agrees" if abs(z) <= AGREES else "near" if abs(z) <= DIFFERS else "differs"


def number(value: float, unit: str = "") -> str:
    """A reference value as the table prints it."""
    return "–" if math.isnan(value) else f"{value:.{2 if unit else 4}f}".replace("-", "−")


def with_error(estimate: Estimate, unit: str = "") -> str:
    """A value ± its error, both to the digits that the error allows."""
    if math.isnan(estimate.value):
        return "–"
    if math.isnan(estimate.error):
        return f"{number(estimate.value, unit)} ± –"
    return str(estimate).partition(" (")[0].replace("-", "−")


def in_errors(z: float) -> str:
    """A deviation: ``+1.2 s.e.``."""
    return f"{z:+.1f} s.e.".replace("-", "−") if abs(z) < 1000 else "over 1000 s.e."


def in_words(z: float) -> str:
    """A deviation as a sentence has it: ``+1.2 standard errors``."""
    return in_errors(z).replace("s.e.", "standard errors")


def reference_cell(simulation: Estimate, reference: float, unit: str) -> Cell:
    """A reference with the verdict on it."""
    z = deviation(simulation, reference)
    tone = tone_of(z)
    order = None if math.isnan(reference) else reference
    return Cell(number(reference, unit), f"{'borderline' if tone == 'near' else tone} {in_errors(z)}" if tone else "",
                tone, order)  # fmt: skip


def run_table(rows: Sequence[Row], caption: str) -> Table:
    """Simulation beside everything that it can be compared with."""
    shown = [view for view in VIEWS if any(not math.isnan(getattr(row, view)) for row in rows)]
    body = []
    for row in rows:
        name = row.quantity + (f", {row.unit}" if row.unit else "")
        cells = [Cell(name), Cell(with_error(row.simulation, row.unit), order=row.simulation.value)]
        body.append([*cells, *(reference_cell(row.simulation, getattr(row, view), row.unit) for view in shown)])
    return Table(caption, ["quantity", "simulation", *(VIEWS[view] for view in shown)], body)


def run_records(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows as plain data, with the deviations in standard errors and the verdicts."""
    records = []
    for row in rows:
        record = row.to_dict()
        for view in VIEWS:
            z = deviation(row.simulation, getattr(row, view))
            record |= {f"{view}_deviation": none_for_nan(z), f"{view}_verdict": tone_of(z) or None}
        records.append(record)
    return records


def none_for_nan(value: float) -> float | None:
    """The value, with None for NaN and infinity, which JSON does not have."""
    return value if math.isfinite(value) else None


def agreement(pairs: Sequence[tuple[str, float]], reference: str) -> str:
    """How many quantities agree with a reference, in a sentence; `pairs` are names and deviations."""
    known = [(name, z) for name, z in pairs if not math.isnan(z)]
    if not known:
        return ""
    n = sum(abs(z) <= AGREES for _, z in known)
    name, z = max(known, key=lambda pair: abs(pair[1]))
    some = f"{n} of {len(known)} quantities agree" if len(known) > 1 else f"{'it' if n else 'no quantity'} agrees"
    return f"With {reference} {some} within two standard errors; the largest difference is {in_words(z)} of {name}."


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """A figure as an ``<svg>`` element for an HTML page.

    Letters are outlines, so that the figure needs no font; every id begins with `name`, so that several figures do not
    take each other's clips and markers; comments, metadata and namespaces are left out. The same figure gives
    the same text.
    """
    from xml.etree import ElementTree

    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({**STYLE, "svg.fonttype": "path", "svg.hashsalt": f"mcsco-{name}", "savefig.dpi": 200}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        _make_plain(element, name)
    root.attrib.pop("version", None)
    root.attrib |= {"role": "img", "aria-label": label, "focusable": "false"}
    return ElementTree.tostring(root, encoding="unicode")


def _make_plain(element: Element, name: str) -> None:
    """Names as HTML has them, and ids that no other figure has."""
    element.tag = element.tag.removeprefix(_SVG)
    if _LINK in element.attrib:
        element.attrib["href"] = element.attrib.pop(_LINK)
    for key, value in element.attrib.items():
        if key == "id":
            element.attrib[key] = f"{name}-{value}"
        elif key == "href" and value.startswith("#"):
            element.attrib[key] = f"#{name}-{value[1:]}"
        else:
            element.attrib[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    element.text = (element.text or "").strip() or None
    element.tail = None


_PROVENANCE = {
    "mcsco_version": "mcsco version",
    "mcsco_commit": "commit",
    "replicas": "replicas",
    "start": "start",
    "dynamics": "dynamics",
    "kernel": "kernel",
    "threads": "threads",
    "python_version": "Python",
    "packages": "packages",
    "host": "host",
    "machine": "machine",
    "command": "command",
    "started": "started (UTC)",
    "ended": "ended (UTC)",
    "wall_time_s": "wall time (s)",
    "site_updates": "attempted site updates",
    "site_updates_per_s": "site updates per second",
    "content_sha256": "checksum of the result",
}


def provenance_of(attrs: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a result that say where it comes from, by names for people."""
    found: dict[str, Any] = {}
    for key, name in _PROVENANCE.items():
        if key in attrs:
            value = attrs[key]
            value = value.item() if hasattr(value, "item") else value
            if attrs.get("kernel") == "n-fold way":  # which attempts nothing
                name = {"site_updates": "jumps", "site_updates_per_s": "jumps per second"}.get(key, name)
            found[name] = float(f"{value:.3g}") if key == "site_updates_per_s" else value
    return found
