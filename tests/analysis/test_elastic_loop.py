"""The study of an elastic loop: its command on a small crystal, and what it counts at walls."""

import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from analysis import elastic_loop
from mcsco import campaign
from mcsco.observables import Estimate
from mcsco.report import Row

RUN = Path(__file__).parents[2] / "runs" / "elastic" / "loop.toml"


def test_ls_at_walls_against_a_count_site_by_site():
    rng = np.random.default_rng(3)
    u = np.where(np.arange(12)[:, None] < 6, 1, -1) * np.ones((12, 12), dtype=np.int8)
    spin = np.where(rng.random((12, 12)) < 0.3, -1, 1).astype(np.int8)
    u = np.where(spin > 0, u, 0)
    ls = {"between": [], "within": []}
    for y, x in np.ndindex(12, 12):
        around = [u[(y + i) % 12, (x + j) % 12] for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        kinds = {int(v) for v in around if v}
        if kinds:
            ls["between" if len(kinds) == 2 else "within"].append(spin[y, x] < 0)
    expected = np.mean(ls["between"]) / np.mean(ls["within"])
    assert elastic_loop.ls_at_walls(spin, u) == pytest.approx(expected)
    assert math.isnan(elastic_loop.ls_at_walls(spin, np.abs(u)))


def test_diagonals_of_ls_molecules():
    """LS in pairs along (1, −1) in +η and along (1, 1) in −η; turned over, they lie along the other diagonals."""
    u = np.ones((40, 40), dtype=np.int8)
    u[20:] = -1
    spin = np.ones((40, 40), dtype=np.int8)
    for y, x in ((5, 5), (6, 4), (10, 30), (11, 29), (28, 8), (29, 9), (33, 25), (34, 26)):
        spin[y, x], u[y, x] = -1, 0
    fraction = 4 / 800
    along, across = elastic_loop.ls_along_diagonals(spin, u)
    # Every LS molecule has one LS neighbour along its diagonal, half of which lie in the direction that is looked at.
    assert along == pytest.approx(0.5 / fraction, rel=0.15)  # rows at walls are inside of neither
    assert across == 0.0
    turned = elastic_loop.ls_along_diagonals(spin[:, ::-1], u[:, ::-1])
    assert turned == pytest.approx((0.0, along))


def test_the_looks_lie_about_the_transitions():
    rows = [
        Row(f"{name} (q)", "K", Estimate(T, 0.1), *[math.nan] * 3) for name, T in (("T_up", 235.2), ("T_down", 220.3))
    ]
    T = elastic_loop.transitions([*rows, Row("width (q)", "K", Estimate(15.0, 0.1), *[math.nan] * 3)])
    assert T == {"T_up": 235.2, "T_down": 220.3}
    grid = np.arange(200.5, 255.1, 0.5)
    up, down = (
        elastic_loop.Branch(name, grid[::step], *[None] * 6) for name, step in (("heating", 1), ("cooling", -1))
    )
    looks = elastic_loop.chosen(up, down, T)
    assert [(branch.name, float(branch.temperature[j])) for branch, j in looks] == [
        ("heating", 233.5), ("heating", 236.5), ("heating", 255.0),
        ("cooling", 223.5), ("cooling", 220.5), ("cooling", 217.5),
    ]  # fmt: skip


@pytest.fixture
def small(tmp_path):
    """A loop without elasticity, which switches as a single domain."""
    source = tmp_path / "loop.toml"
    source.write_text(
        f"""output = "{tmp_path / "loop"}"
model = {{preset = "pmpea", shape = [32, 32]}}
protocol = {{kind = "thermal-cycle", temperature = [200.0, 255.0], sweeps_per_kelvin = 100}}
run = {{replicas = 3, snapshots = 110, seed = 4}}
""",
        encoding="utf-8",
    )
    return source


def test_the_command_on_a_small_crystal(small, tmp_path):
    answer = CliRunner().invoke(elastic_loop.main, [str(small), "--rate", "40", "--figure", str(tmp_path / "loop.png")])
    assert answer.exit_code == 0, answer.output
    rows = [line.split() for line in answer.output.splitlines() if line.startswith(("heating", "cooling"))]
    gamma = [float(row[2]) for row in rows]
    assert [row[0] for row in rows] == ["heating"] * 3 + ["cooling"] * 3
    assert gamma[2] > 0.9
    assert gamma[5] < 0.2
    size = [float(row[8]) for row in rows]
    assert size[2] > 10 * size[5]
    assert (tmp_path / "loop.png").stat().st_size > 10_000


def test_the_run_file_is_valid():
    config = campaign.read_config(RUN)
    assert (config.output, config.protocol.kind, config.run.snapshots) == ("results/elastic/loop", "thermal-cycle", 110)
    assert config.model.build().lattice.n_dimensions == 2


def test_other_runs_are_refused(tmp_path):
    other = tmp_path / "hold.toml"
    other.write_text(
        'model.preset = "pmpea"\nmodel.shape = [8, 8]\nprotocol = {kind = "hold", temperature = [250], sweeps = 20}\n'
        'output = "%s"\n' % (tmp_path / "out"), encoding="utf-8"
    )  # fmt: skip
    answer = CliRunner().invoke(elastic_loop.main, [str(other)])
    assert answer.exit_code == 2
    assert "must be a thermal cycle" in answer.stderr
