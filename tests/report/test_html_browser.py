"""The report page in a real browser, at the widths of a telephone and of a desk."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_html_report import GRID, LOOP, RUNS, campaign_directory, n_figures, run_directory, text_of

from mcsco.report.html import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Runs inside a page that holds the report in a frame of the wanted width, and reports what was laid out there.
PROBE = """<!DOCTYPE html><iframe id="f" style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{ const d = document.getElementById("f").contentDocument;
 const sizes = [...d.querySelectorAll("svg")].map(s => {{ const r = s.getBoundingClientRect(); return [r.width, r.height]; }});
 const out = {{sizes, page: d.documentElement.scrollWidth, buttons: d.querySelectorAll("th button").length}};
 document.title = "measured"; const p = document.createElement("p"); p.id = "out";
 p.textContent = JSON.stringify(out); document.body.append(p); }});
</script>"""  # noqa: E501


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A run with wide figures, and a campaign with a wide table."""
    root = tmp_path_factory.mktemp("pages")
    grid = text_of(LOOP, title="a long title of a campaign " * 4, rest=GRID)
    made = {
        "quench": run_directory(root / "quench", RUNS["quench"]),
        "unfinished": campaign_directory(
            root / "unfinished", grid, lambda task: task.point["protocol.sweeps_per_kelvin"] == 2
        ),
    }
    for path in made.values():
        write_report(path)
    return made


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["quench", "unfinished"])
def test_layout(pages, tmp_path, name, width):
    text = (pages[name] / "report.html").read_text(encoding="utf-8")
    probe = tmp_path / "probe.html"
    escaped = text.replace("&", "&amp;").replace('"', "&quot;")
    probe.write_text(PROBE.format(width=width, page=escaped), encoding="utf-8")
    out, err = browse(probe, tmp_path / "profile")
    found = json.loads(re.search(r'<p id="out">(.*?)</p>', out)[1])
    assert "CONSOLE" not in err
    assert len(found["sizes"]) == n_figures(pages[name]) > 0
    assert all(w > 200 and h > 100 for w, h in found["sizes"])
    assert found["page"] == width  # nothing runs over the side; tables scroll inside their box
    assert (found["buttons"] > 0) == (name == "unfinished")


def browse(page, profile):
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={profile}", "--enable-logging=stderr", "--window-size=1400,1000",
        "--virtual-time-budget=5000", "--dump-dom", Path(page).as_uri(),
    ]  # fmt: skip
    environment = os.environ | {"HOME": str(profile)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    return done.stdout, done.stderr
