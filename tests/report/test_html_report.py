"""The report page: complete, self-contained, safe, and the same for the same result."""

import csv
import json
import math
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from mcsco import campaign, report
from mcsco.cli import main
from mcsco.observables import Estimate
from mcsco.report.html import to_html, write_report
from mcsco.report.html_parts import Cell, Page, Table, deviation, number, reference_cell, tone_of, with_error

EVIL = "<script>alert(1)</script> & \"quoted\" 'title' </title><img src=x onerror=alert(2)>"
MODEL = 'preset = "pmpea"\nshape = [8, 8]'
ELASTIC = """
shape = [16, 16]
spin = { enthalpy = 8.0, entropy = 66.5 }
distortion = { kind = "order-disorder" }
[[model.interactions]]
kind = "elasticity"
stiffness = [12.0, 4.2, 3.5]
site_volume = 970.0
spin_strain = 0.03
distortion_strain = 0.02704
[[model.interactions]]
kind = "nearest-neighbours"
distortion = "76 K"
"""
LOOP = 'kind = "thermal-cycle"\ntemperature = [180, 280]\nsweeps_per_kelvin = 4\nmeasure_every = 8'
REFERENCES = """
[landau]
set = "source-paper"
[measured]
source = "χT, DOI 10.1039/d4mh01318b"
T_up = 235.0
T_down = 219.0
"""
GRID = """
[campaign]
[campaign.grid]
"model.interactions.0.spin" = [1.0, 1.3]
"protocol.sweeps_per_kelvin" = [2, 4]
"""


def text_of(protocol, *, model=MODEL, run="replicas = 3\nseed = 2", title="a crystal", rest=""):
    return f"title = {json.dumps(title)}\n[model]\n{model}\n[protocol]\n{protocol}\n[run]\n{run}\n{rest}"


RUNS = {
    "loop": text_of(LOOP, title=EVIL, rest=REFERENCES),
    "hold": text_of('kind = "hold"\ntemperature = [200, 250]\nsweeps = 400\nmeasure_every = 2'),
    "short": text_of('kind = "hold"\ntemperature = [230]\nsweeps = 3\nmeasure_every = 1', run="replicas = 1"),
    "quench": text_of(
        'kind = "quench"\ntemperature = 200\nsweeps = 60',
        model=ELASTIC,
        run='replicas = 2\nstart = "HS"\nsnapshots = 6\nseed = 1',
    ),
}


def run_directory(path, text):
    config = campaign.parse_config(text)
    directory = campaign.RunDirectory(path)
    directory.save(config, campaign.execute(config, threads=1), path)
    return path


def stopped_directory(path, text):
    """A run that was stopped after a part of its sweeps and kept a checkpoint."""
    config = campaign.parse_config(text)
    directory = campaign.RunDirectory(path)
    directory.begin(config, path)
    journey = campaign.make_journey(config, threads=1)
    half = campaign.total_updates(config) * 2 // 5
    done = []
    assert not journey.run(lambda: sum(done) >= half, done.append)
    directory.checkpoint(config).save(journey)
    return path


def campaign_directory(path, text, only=lambda _: True):
    config = campaign.parse_config(text)
    directory = campaign.CampaignDirectory(path)
    campaign.run_campaign(directory, config, campaign.LocalProcesses(1), only=only)
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A directory of every kind, each with its report."""
    root = tmp_path_factory.mktemp("reports")
    made = {name: run_directory(root / name, text) for name, text in RUNS.items()}
    # More sweeps than one call of the kernel makes, so that it can be stopped between two calls.
    long = text_of('kind = "quench"\ntemperature = 240\nsweeps = 20000', run="replicas = 2\nseed = 4\nsnapshots = 12")
    made["stopped"] = stopped_directory(root / "stopped", long)
    started = RUNS["loop"].replace("sweeps_per_kelvin = 4", "sweeps_per_kelvin = 40")
    made["stopped loop"] = stopped_directory(root / "stopped-loop", started)
    grid = text_of(LOOP, title=EVIL, rest=GRID)
    made["campaign"] = campaign_directory(root / "campaign", grid)
    made["unfinished"] = campaign_directory(
        root / "unfinished", grid, lambda task: task.point["protocol.sweeps_per_kelvin"] == 2
    )
    _fail_one(made["unfinished"])
    made["empty"] = campaign_directory(root / "empty", grid, lambda _: False)
    for path in made.values():
        write_report(path)
    return made


def _fail_one(path):
    directory = campaign.CampaignDirectory(path)
    left = next(t for t in campaign.make_tasks(directory.config()) if t.name not in directory.parts.names())
    directory.write_progress({left.name: "MemoryError: <b>too</b> large"}, 1e6)


ALL = [*RUNS, "stopped", "stopped loop", "campaign", "unfinished", "empty"]


class Reader(HTMLParser):
    """Checks that tags are balanced, and collects what is in the page."""

    VOID = ("meta", "link", "br", "img", "input", "wbr")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.words, self.rows = [], [], [], []

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        """An element without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """An element ends: the one that began last."""
        assert self.open, f"</{tag}> without a start"
        assert self.open[-1] == tag
        self.open.pop()

    def handle_data(self, data):
        """Text; of cells also by row."""
        self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def read(path):
    reader = Reader()
    reader.feed((path / "report.html").read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", ALL)
def test_the_page_is_balanced_accessible_and_loads_nothing(folders, name):
    page = read(folders[name])
    assert page.tags[0] == ("html", {"lang": "en"})
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "foreignobject")
        assert not any(key.startswith("on") for key in attrs)
        for key, value in attrs.items():
            if key in ("src", "href"):
                assert value.startswith(("#", "data:image/png", "https://doi.org/10.")), (tag, key, value)
            assert "url(http" not in (value or "")
            for target in re.findall(r"url\(#([^)]+)\)", value or ""):
                assert target in ids
        if tag == "th":
            assert attrs["scope"] in ("row", "col")
        if tag == "svg":
            assert attrs["role"] == "img"
            assert len(attrs["aria-label"]) > 20
        if tag == "use" and "href" in attrs:
            assert attrs["href"][1:] in ids
    text = (folders[name] / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^/\"'\s]+", text)) <= {"https://doi.org"}
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


@pytest.mark.parametrize("name", ["loop", "stopped loop", "campaign", "unfinished", "empty"])
def test_a_title_is_text(folders, name):
    page = read(folders[name])
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in [tag for tag, _ in page.tags]
    assert EVIL in page.words
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def table_of(path):
    """Rows of the first table under the name of the row."""
    return {row[0]: row[1:] for row in read(path).rows}


@pytest.mark.parametrize("name", RUNS)
def test_all_numbers_of_a_run_are_there(folders, name):
    directory = campaign.RunDirectory(folders[name])
    rows = report.compare(directory.config(), directory.result())
    data = json.loads((folders[name] / "report.json").read_text(encoding="utf-8"))
    with (folders[name] / "report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    shown = table_of(folders[name])
    assert len(rows) == len(data["table"]) == len(lines)
    for row, record, line in zip(rows, data["table"], lines, strict=True):
        cells = shown[row.quantity + (f", {row.unit}" if row.unit else "")]
        assert cells[0] == with_error(row.simulation, row.unit)
        for key in ("simulation", "error", "mean_field", "landau", "measured"):
            assert record[key] == row.to_dict()[key]
            assert line[key] == ("" if record[key] is None else str(record[key]))
        for value in (row.mean_field, row.landau, row.measured):
            assert math.isnan(value) or any(cell.startswith(number(value, row.unit)) for cell in cells[1:])
        if row.simulation.error > 0 and not math.isnan(row.mean_field):
            z = (row.simulation.value - row.mean_field) / row.simulation.error
            assert record["mean_field_deviation"] == pytest.approx(z)
            assert f"{z:+.1f} s.e.".replace("-", "−") in cells[1] or abs(z) >= 1000
            assert record["mean_field_verdict"] in ("agrees", "near", "differs")
        if row.simulation.reason:
            assert any(row.simulation.reason in note for note in data["notes"])


def test_provenance_and_configuration_of_a_run(folders):
    result = campaign.RunDirectory(folders["loop"]).result()
    page = " ".join(read(folders["loop"]).words)
    for key in ("mcsco_version", "mcsco_commit", "packages", "machine", "host", "started", "config_hash"):
        assert str(result.attrs[key]) in page
    data = json.loads((folders["loop"] / "report.json").read_text(encoding="utf-8"))
    assert data["config"] in page
    again = campaign.parse_config(data["config"])
    assert again.fingerprint == data["config_hash"] == result.attrs["config_hash"]
    assert data["state"] == "finished"
    assert "https://doi.org/10.1039/d4mh01318b" in [attrs.get("href") for _, attrs in read(folders["loop"]).tags]


def n_figures(path):
    return [tag for tag, _ in read(path).tags].count("svg")


def test_figures(folders):
    assert n_figures(folders["quench"]) == 2  # series and maps
    assert n_figures(folders["campaign"]) == 1
    assert n_figures(folders["empty"]) == 0
    for name in ("loop", "hold", "stopped", "stopped loop", "unfinished"):
        assert n_figures(folders[name]) >= 1


def test_a_stopped_run_shows_what_it_has(folders):
    for name in ("stopped", "stopped loop"):
        data = json.loads((folders[name] / "report.json").read_text(encoding="utf-8"))
        assert data["state"].startswith("unfinished, 4")
        assert 0.4 <= data["done"] < 0.5
        assert "mcsco version" not in data["provenance"]  # that of the simulation is not known yet
        assert "Partial result." in read(folders[name]).words
        assert any(record["simulation"] is not None for record in data["table"])
    assert not (folders["stopped"] / "result.nc").exists()


def test_a_stopped_run_tells_the_same_as_the_finished_one_did_at_that_time(folders):
    """Nothing beyond the checkpoint, which would be memory that was never written, is read."""
    directory = campaign.RunDirectory(folders["stopped"])
    whole = campaign.execute(directory.config(), threads=1)
    data = json.loads((folders["stopped"] / "report.json").read_text(encoding="utf-8"))
    row = data["table"][0]
    sweep = int(re.search(r"after (\d+) MCS", row["quantity"])[1])
    assert 0 < sweep < 20000
    # The first replica is simulated before the second, which has not begun.
    assert "So far from 1 of 2 replicas, the most advanced." in data["notes"]
    assert row["simulation"] == whole["gamma"].values[0, whole["sweep"].values == sweep]


def test_a_campaign(folders):
    data = json.loads((folders["campaign"] / "report.json").read_text(encoding="utf-8"))
    whole = campaign.open_campaign(folders["campaign"])
    rows = report.campaign_rows(whole, ["model.interactions.0.spin", "protocol.sweeps_per_kelvin"])
    cells = [cell for row in read(folders["campaign"]).rows for cell in row]
    assert [record["point"] for record in data["table"]] == [row.point for row in rows]
    for row, record in zip(rows, data["table"], strict=True):
        theory = report.comparison.MeanField(_model(record["point"]["model.interactions.0.spin"]))
        for name, estimate in row.measured.items():
            assert with_error(estimate, "K") in cells
            assert record["measured"][name]["value"] == (None if math.isnan(estimate.value) else estimate.value)
        assert record["measured"]["T_up"]["mean_field"] == theory.spinodals()[1]
        assert any(cell.startswith(number(theory.spinodals()[0], "K")) for cell in cells)
    assert data["done"] == 1.0
    with (folders["campaign"] / "report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["T_up"]) for line in lines] == [row.measured["T_up"].value for row in rows]


def _model(spin):
    return campaign.with_values(campaign.parse_config(text_of(LOOP)), {"model.interactions.0.spin": spin}).model.build()


def test_a_scan_of_holds_has_one_column_for_each_quantity(tmp_path):
    rest = '[campaign.grid]\n"protocol.temperature" = [[200.0], [250.0]]\n'
    hold = 'kind = "hold"\ntemperature = [200]\nsweeps = 400\nmeasure_every = 2'
    data, _ = write_report(campaign_directory(tmp_path / "scan", text_of(hold, rest=rest)))
    for record, T in zip(data["table"], (200.0, 250.0), strict=True):
        q, eta = report.comparison.MeanField(_model(1.227)).equilibrium(T)
        assert set(record["measured"]) == {"gamma", "eta"}
        assert record["measured"]["gamma"]["mean_field"] == pytest.approx((1 + q) / 2, abs=2e-3)
        assert record["measured"]["eta"]["mean_field"] == pytest.approx(abs(eta), abs=2e-3)
    assert data["table"][0]["measured"]["gamma"]["value"] < 0.1 < 0.8 < data["table"][1]["measured"]["gamma"]["value"]


def test_an_unfinished_campaign(folders):
    data = json.loads((folders["unfinished"] / "report.json").read_text(encoding="utf-8"))
    page = read(folders["unfinished"])
    assert data["state"].startswith("unfinished, 2 of 4 tasks done")
    assert [record["tasks"] for record in data["table"]] == [1, 1, 0, 0]
    assert {record["remark"] for record in data["table"][2:]} == {"not done yet"}
    assert "Partial result." in page.words
    assert "MemoryError: <b>too</b> large" in page.words
    assert "b" not in [tag for tag, _ in page.tags]
    empty = json.loads((folders["empty"] / "report.json").read_text(encoding="utf-8"))
    assert empty["done"] == 0.0
    assert len(empty["table"]) == 4
    assert "No task is done yet." in empty["summary"]


@pytest.mark.parametrize("name", ["loop", "quench", "stopped", "campaign"])
def test_the_same_result_gives_the_same_bytes(folders, name):
    files = [folders[name] / f"report.{ending}" for ending in ("html", "json", "csv")]
    before = [file.read_bytes() for file in files]
    _, written = write_report(folders[name])
    assert written == files
    assert [file.read_bytes() for file in files] == before


@pytest.mark.parametrize(
    ("z", "tone"), [(2.0, "agrees"), (-2.1, "near"), (3.0, "near"), (3.1, "differs"), (-9, "differs")]
)
def test_verdicts(z, tone):
    simulation = Estimate(100.0 + 0.5 * z, 0.5)
    assert deviation(simulation, 100.0) == pytest.approx(z)
    assert tone_of(z) == tone
    cell = reference_cell(simulation, 100.0, "K")
    assert cell.text == "100.00"
    assert cell.tone == tone
    assert cell.note.endswith(f"{z:+.1f} s.e.".replace("-", "−"))


@pytest.mark.parametrize("error", [math.nan, 0.0])
def test_no_error_no_verdict(error):
    assert math.isnan(deviation(Estimate(1.0, error), 2.0))
    assert reference_cell(Estimate(1.0, error), 2.0, "K") == Cell("2.00", order=2.0)


def test_everything_in_a_page_is_escaped():
    bad = "<i>x</i>"
    table = Table(bad, [bad, bad], [[Cell(bad), Cell(bad, bad)]])
    page = Page("run", bad, bad, 0.5, bad, table, [], [], [bad], {bad: bad}, bad, bad, {bad: bad})
    text = to_html(page, bad, bad)
    assert "<i>" not in text
    assert text.count("&lt;i&gt;") >= 14


def test_command(folders, tmp_path):
    other = tmp_path / "supplement.html"
    done = CliRunner().invoke(main, ["report", str(folders["hold"]), "-o", str(other), "--json"])
    assert done.exit_code == 0
    data = json.loads(done.stdout)
    assert data["files"] == [str(tmp_path / f"supplement.{ending}") for ending in ("html", "json", "csv")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["supplement.csv", "supplement.html", "supplement.json"]
    assert "supplement.json" in other.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "is not the directory of a run"),
        (["{hold}", "-o", "page.pdf"], "must end in .html"),
        (["{hold}", "-o", "nowhere/page.html"], "is not a directory"),
    ],
)
def test_mistakes(folders, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["report", *(a.format(hold=folders["hold"]) for a in arguments)])
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
