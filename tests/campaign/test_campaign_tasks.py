"""Tasks of a campaign: what is varied, how tasks are named and seeded, and that results are those of single runs."""

import itertools
import json
import math
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from mcsco import InputError, campaign
from mcsco.campaign.work import as_share, work

BASE = """
title = "small"
model = {preset = "pmpea", shape = [4, 4]}
protocol = {kind = "hold", temperature = [225.0, 235.0], sweeps = 12, measure_every = 3}
run = {replicas = 3, seed = 5}
"""
GRID = (
    BASE
    + """
[campaign]
repeats = 2
[campaign.grid]
"protocol.pressure" = [0.0, 0.1]
"model.interactions.0.spin" = [1.0, 1.2, "170 K"]
"""
)


def tasks_of(text):
    return campaign.make_tasks(campaign.parse_config(text))


def test_a_grid_is_every_combination():
    tasks = tasks_of(GRID)
    assert campaign.n_points(campaign.parse_config(GRID)) == 6
    expected = itertools.product([0.0, 0.1], [1.0, 1.2, "170 K"], range(2))
    assert [(*t.point.values(), t.repeat) for t in tasks] == list(expected)
    assert len({t.name for t in tasks}) == len({t.config.run.seed for t in tasks}) == 12
    for t in tasks:
        assert t.config.protocol.pressure == t.point["protocol.pressure"]
        assert t.config.campaign is None
    assert tasks[4].config.model.interactions[0].spin == pytest.approx(1.41346, rel=1e-4)


def test_points_and_groups_that_vary_together():
    text = BASE + (
        '[campaign]\npoints = [{"run.replicas" = 2}, {"run.replicas" = 3}]\n'
        '[[campaign.zip]]\n"protocol.pressure" = [0.0, 0.1, 0.2]\n"protocol.sweeps" = [12, 15, 18]\n'
    )
    pairs = [
        (t.point["run.replicas"], t.point["protocol.pressure"], t.point["protocol.sweeps"]) for t in tasks_of(text)
    ]
    assert pairs == [(r, P, s) for r in (2, 3) for P, s in ((0.0, 12), (0.1, 15), (0.2, 18))]


def test_names_and_seeds_do_not_depend_on_what_else_is_varied():
    first = {t.name: t.config for t in tasks_of(GRID)}
    more = {
        t.name: t.config
        for t in tasks_of(GRID.replace("[0.0, 0.1]", "[0.2, 0.1, 0.0]").replace("repeats = 2", "repeats = 3"))
    }
    assert set(first) < set(more)
    assert all(more[name] == config for name, config in first.items())
    other = {t.name for t in tasks_of(GRID.replace("seed = 5", "seed = 6"))}
    assert not other & set(first)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"protocol.presure" = [1]', "protocol.presure"),
        ('"protocol.pressure" = [0.0, 0.0]', "is the same run as"),
        ('"protocol.pressure" = []', "campaign.grid"),
        ('"run.seed" = [1, 2]', "seeds follow from the task"),
        ('"title" = ["a", "b"]', "must be a dotted key below"),
        ('"protocol.pressure" = ["1 J", 2]', "unit 'J' does not fit"),
        ('"protocol.sweeps" = [12, -1]', "protocol.sweeps = -1"),
        ("", "nothing varies"),
        ("x.y = 1", "campaign.grid"),
    ],
)
def test_mistakes_are_found_before_anything_runs(text, message):
    with pytest.raises(InputError) as error:
        tasks_of(f"{BASE}[campaign.grid]\n{text}\n")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def run(tmp_path, text, workers=2, **options):
    directory = campaign.CampaignDirectory(tmp_path)
    status = campaign.run_campaign(directory, campaign.parse_config(text), campaign.LocalProcesses(workers), **options)
    return directory, status


def test_a_campaign_is_its_single_runs(tmp_path):
    directory, status = run(tmp_path / "all", GRID)
    assert (status.n_tasks, status.n_done, status.failures) == (12, 12, {})
    whole = campaign.open_campaign(directory.path)
    assert dict(whole.sizes) == {"task": 12, "replica": 3, "step": 8, "hold": 2}
    for i, name in enumerate(whole["task"].values):
        task = next(t for t in tasks_of(GRID) if t.name == name)
        alone = campaign.execute(task.config, threads=1)
        here = campaign.task_dataset(whole, i)
        for variable in ("gamma", "q", "eta", "energy", "temperature", "leg"):
            np.testing.assert_array_equal(here[variable], alone[variable])
        assert campaign.parse_config(here.attrs["config"]).fingerprint == task.config.fingerprint
        assert whole["protocol.pressure"].values[i] == task.point["protocol.pressure"]
        assert int(whole["repeat"][i]) == task.repeat
    assert whole["model.interactions.0.spin"].dtype.kind == "U"  # one of the values is text


def test_adding_values_computes_only_what_is_new(tmp_path):
    directory, _ = run(tmp_path / "c", GRID)
    before = {path.name: path.read_bytes() for path in directory.parts.files()}
    more = GRID.replace("[0.0, 0.1]", "[0.0, 0.1, 0.3]")
    told = []
    _, status = run(tmp_path / "c", more, progress=told.append)
    assert told[0] == 12
    assert sum(told) == status.n_tasks == status.n_done == 18
    after = {path.name: path.read_bytes() for path in directory.parts.files()}
    assert {name: after[name] for name in before} == before
    assert run(tmp_path / "c", GRID)[1].n_done == 12  # and fewer values later count for themselves


def test_different_shapes_and_lengths_in_one_campaign(tmp_path):
    text = (
        BASE.replace("run = {", "run = {snapshots = 1, ")
        + '[campaign]\nstates = true\n[campaign.grid]\n"protocol.sweeps" = [6, 12]\n"model.shape" = [[4, 4], [4, 6]]\n'
    )
    directory, _ = run(tmp_path / "c", text, workers=1)
    whole = campaign.open_campaign(directory.path)
    assert whole.sizes["task"] == 4
    assert whole.sizes["step"] == 8
    short = [i for i in range(4) if whole["protocol.sweeps"].values[i] == 6]
    assert campaign.task_dataset(whole, short[0]).sizes["step"] == 4
    assert np.isnan(whole.gamma[short[0], :, 4:]).all()
    assert sorted(set(whole["model.shape"].values)) == ["[4, 4]", "[4, 6]"]


def test_files_that_were_joined_twice_double_nothing(tmp_path, monkeypatch):
    """As after a kill between the writing of a joined file and the removal of its parts."""
    monkeypatch.setattr("mcsco.campaign.campaign._EVERY", math.inf)  # one file, however slow the machine is
    directory, _ = run(tmp_path / "c", GRID, workers=1)
    expected = campaign.open_campaign(directory.path)
    (joined,) = directory.parts.read()
    for half in (slice(0, 6), slice(6, 12)):
        directory.parts._save(joined.isel(task=half))
    assert len(directory.parts.files()) == 3
    directory.parts._join()
    assert len(directory.parts.files()) == 1
    assert campaign.open_campaign(directory.path).gamma.equals(expected.gamma)
    assert directory.status().n_done == 12


def test_a_task_that_fails_is_told_and_tried_again(tmp_path, monkeypatch):
    config = campaign.parse_config(GRID)
    tasks = campaign.make_tasks(config)
    broken = tasks[3].name

    class Faulty(campaign.LocalProcesses):
        def run(self, shares, idle):
            for share in shares:
                yield [o if o.name != broken else type(o)(broken, reason="MemoryError: no") for o in work(share)]

    directory = campaign.CampaignDirectory(tmp_path / "c")
    status = campaign.run_campaign(directory, config, Faulty(1))
    assert (status.n_done, status.failures) == (11, {broken: "MemoryError: no"})
    assert directory.status() == status
    assert run(tmp_path / "c", GRID)[1].failures == {}


def test_a_worker_that_dies_is_replaced(tmp_path):
    """The first worker to see the file removes it and dies."""
    config = campaign.parse_config(GRID)
    tasks = [(t.name, t.config) for t in campaign.make_tasks(config)]
    share = as_share(tasks, folder=str(tmp_path), stop_file=str(tmp_path / "stop"), states=False)
    (tmp_path / "mine").touch()

    class Deadly(campaign.LocalProcesses):
        def _pool(self):
            pool = super()._pool()
            if (tmp_path / "mine").exists():
                (tmp_path / "mine").unlink()
                pool.submit(__import__("os")._exit, 9)
            return pool

    outcomes = [o for outcomes in Deadly(1).run([share], lambda: None) for o in outcomes]
    assert sorted(o.name for o in outcomes) == sorted(name for name, _ in tasks)
    assert all(o.is_done for o in outcomes)


def test_a_share_that_a_broken_pool_refuses_is_not_lost(tmp_path):
    """The pool breaks when the second share is handed in."""
    tasks = [(t.name, t.config) for t in campaign.make_tasks(campaign.parse_config(GRID))]
    rest = {"folder": str(tmp_path), "stop_file": str(tmp_path / "stop"), "states": False}
    shares = [as_share([task], **rest) for task in tasks[:4]]
    refused = []

    class Breaking(campaign.LocalProcesses):
        def _pool(self):
            pool = super()._pool()
            submit = pool.submit

            def once(*arguments):
                if len(refused) < 2:
                    refused.append(arguments)
                    if len(refused) == 2:
                        raise BrokenProcessPool
                return submit(*arguments)

            pool.submit = once
            return pool

    outcomes = [o for outcomes in Breaking(1).run(shares, lambda: None) for o in outcomes]
    assert sorted(o.name for o in outcomes) == sorted(name for name, _ in tasks[:4])
    assert all(o.is_done for o in outcomes)


def test_the_commands(mcsco, tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    plan = json.loads(mcsco("run", "grid.toml", "--dry-run", "--json").out)
    assert (plan["points"], plan["tasks"], plan["site_updates"]) == (6, 12, 12 * 3 * 16 * 24)
    assert [path.name for path in tmp_path.iterdir()] == ["grid.toml"]
    answer = mcsco("run", "grid.toml", "-o", "out", "--workers", "1", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["n_done"] == 12
    assert "12 of 12 tasks done" in mcsco("status", "out").out
    assert mcsco("resume", "out", "--workers", "1").code == 0
    shown = json.loads(mcsco("show", "out", "--json").out)
    assert len(shown["rows"]) == 6
    assert all(row["tasks"] == 2 for row in shown["rows"])
    table = (tmp_path / "out" / "campaign.csv").read_text().splitlines()
    assert table[0].startswith("protocol.pressure,model.interactions.0.spin,tasks,")
    assert len(table) == 7
    assert "--force" in mcsco("run", "grid.toml", "-o", "out", "--force").err
    (tmp_path / "alone.toml").write_text(BASE)
    assert "holds other files" in mcsco("run", "alone.toml", "-o", "out").err


@pytest.mark.parametrize("damage", ["cut", "zeros", "text", "flip"])
def test_damaged_parts_are_refused(tmp_path, damage):
    directory, _ = run(tmp_path / "c", GRID, workers=1)
    path = directory.parts.files()[0]
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "zeros":
        content[100:] = bytes(len(content) - 100)
    elif damage == "text":
        content = bytearray(b"no results here")
    else:
        at = content.index(np.float64(225.0).tobytes())
        content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="remove it and resume the campaign"):
        campaign.open_campaign(directory.path)
    path.unlink()
    assert run(tmp_path / "c", GRID)[1].n_done == 12
