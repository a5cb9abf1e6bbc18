"""The report of a run or a campaign: one HTML page that needs nothing else, and its numbers as JSON and CSV."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.report.html_campaign import campaign_page
from mcsco.report.html_parts import Page
from mcsco.report.html_run import run_page

_SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.tHead.querySelectorAll("th").forEach((th, column) => {
    const button = document.createElement("button");
    button.append(...th.childNodes); th.append(button);
    button.addEventListener("click", () => {
      const up = th.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = row => { const c = row.cells[column], n = parseFloat(c.dataset.order); return isNaN(n) ? c.textContent : n; };
      const rows = [...body.rows].sort((a, b) => { const x = key(a), y = key(b);
        return (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y))) * (up ? 1 : -1); });
      body.append(...rows);
    });
  });
}
"""  # noqa: E501

_DOI = re.compile(r"10\.\d{4,9}/[A-Za-z0-9._;()/:+-]*[A-Za-z0-9]")


def write_report(path: Path, output: Path | None = None) -> tuple[dict[str, Any], list[Path]]:
    """Write the report of a run or a campaign, finished or not.

    Parameters
    ----------
    path : Path
        Directory of the run or campaign.
    output : Path, optional
        The page, ending in ``.html``; by default ``report.html`` in the directory. JSON and CSV stand beside it under
        the same name.

    Returns
    -------
    data : dict
        Content of the JSON file.
    files : list of Path
        Page, JSON and CSV, each written whole or not at all. The same result gives the same bytes.

    Raises
    ------
    InputError
        If the directory holds neither a run nor a campaign, a file is damaged, or `output` cannot be written to.
    """
    target = path / "report.html" if output is None else output
    if target.suffix.lower() != ".html":
        raise InputError(f"output = {str(target)!r}: must end in .html")
    whole = campaign.CampaignDirectory(path)
    page = campaign_page(whole) if whole.is_campaign() else run_page(campaign.RunDirectory(path))
    if not target.parent.is_dir():
        raise InputError(f"output = {str(target)!r}: {target.parent} is not a directory; make it first")
    files = [target, target.with_suffix(".json"), target.with_suffix(".csv")]
    data = to_data(page)
    texts = [
        to_html(page, files[1].name, files[2].name),
        json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n",
        to_csv(page.records),
    ]
    for file, text in zip(files, texts, strict=True):
        with campaign.replaced(file) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
    return data, files


def to_html(page: Page, json_name: str = "report.json", csv_name: str = "report.csv") -> str:
    """The page as text. Everything but the figures, which are drawn here, is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    import mcsco

    environment = Environment(
        loader=PackageLoader("mcsco.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"dois": _with_links, "grouped": _grouped, "breakable": _breakable}
    # Only this script may run, whatever a title or a reason of an error contains.
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        page=page,
        version=mcsco.__version__,
        script=_SCRIPT,
        script_hash=f"sha256-{digest}",
        json_name=json_name,
        csv_name=csv_name,
    )


def _with_links(text: Any) -> Any:
    """Escaped text with links behind the DOIs in it."""
    from markupsafe import Markup, escape

    return Markup(_DOI.sub(lambda m: f'<a href="https://doi.org/{m[0]}">{m[0]}</a>', str(escape(text))))


def _breakable(text: str) -> Any:
    """A dotted key that may be broken behind its dots."""
    from markupsafe import Markup, escape

    return Markup(str(escape(text)).replace(".", ".<wbr>"))


def _grouped(value: Any) -> Any:
    """Digits of large numbers in groups of three."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 1e4:
        return f"{value:,.0f}".replace(",", "\u202f")
    return value


def to_data(page: Page) -> dict[str, Any]:
    """What the JSON file holds."""
    return {
        "format_version": 1,
        "kind": page.kind,
        "title": page.title,
        "state": page.state,
        "done": page.share,
        "summary": page.summary,
        "table": page.records,
        "notes": page.notes,
        "failures": page.failures,
        "provenance": page.provenance,
        "config_hash": page.config_hash,
        "config": page.config,
    }


def to_csv(records: list[dict[str, Any]]) -> str:
    """The records as a table for spreadsheets; nested names are joined by a blank, missing numbers are empty."""
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in record.items()} for record in flat)
    return text.getvalue()


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    """Nested names in one; a value stands under the name of its quantity alone."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if not isinstance(value, dict):
            flat[name] = value
            continue
        inner = _flat(value)
        for key, inner in _flat(value).items():
            flat[key if name in ("point", "measured") else f"{name} {key}".removesuffix(" value")] = inner
    return flat
