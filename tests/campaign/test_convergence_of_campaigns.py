"""Verdicts of a campaign, longer runs of what has not converged, and grids that refine themselves."""

import json

import numpy as np
import pytest
import tomli_w

from mcsco import campaign
from mcsco.campaign.parts import Parts
from mcsco.campaign.refine import _distance
from mcsco.campaign.reruns import Reruns
from mcsco.observables import loop

HOLDS = """
title = "holds"
model = {preset = "pmpea", shape = [4, 4]}
protocol = {kind = "hold", temperature = 245.0, sweeps = 300, measure_every = 3}
run = {replicas = 3, seed = 5}
[campaign]
repeats = 2
[campaign.grid]
"protocol.sweeps" = [36, 3000]
"""


def run(path, text, **options):
    directory = campaign.CampaignDirectory(path)
    config = campaign.parse_config(text)
    return directory, campaign.run_campaign(directory, config, campaign.LocalProcesses(1), **options)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A campaign of two points, of which one is too short, in one directory that nobody changes."""
    return run(tmp_path_factory.mktemp("holds") / "c", HOLDS)[0]


def copy(directory, path):
    for file in directory.path.rglob("*"):
        if file.is_file():
            target = path / file.relative_to(directory.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return campaign.CampaignDirectory(path)


def test_verdicts_point_by_point(done):
    short, long = campaign.point_verdicts(sorted(done.verdicts(), key=lambda v: v.point["protocol.sweeps"]))
    assert short.point == {"protocol.sweeps": 36}
    assert (short.n_tasks, short.n_converged) == (2, 0)
    assert short.verdict == "too few effective samples"
    assert long.n_converged == 2
    assert "independent measurements" in long.reason
    assert long.verdict == "converged"


def test_the_verdicts_are_those_of_the_single_runs(done):
    stored = {v.name: v for v in done.verdicts()}
    for task in done.tasks(done.config()):
        from mcsco.sampling import verdicts_of

        ((_, alone),) = verdicts_of(campaign.execute(task.config, threads=1))
        assert (stored[task.name].verdict, stored[task.name].reason) == (alone.verdict, alone.reason)
    whole = campaign.open_campaign(done.path)
    ((T, judged),) = verdicts_of(campaign.task_dataset(whole, 0))
    assert T == 245.0
    assert judged.reason == stored[str(whole["task"].values[0])].reason


def test_what_has_not_converged_is_run_longer(done, tmp_path):
    directory = copy(done, tmp_path / "c")
    config = directory.config()
    before = {path.name: path.read_bytes() for path in directory.parts.files()}
    old = campaign.open_campaign(directory.path)
    planned = campaign.run_longer(directory, config, 20.0)
    assert [rerun.values for rerun in planned] == [{"protocol.sweeps": 720}] * 2
    assert all(rerun.reason.startswith("too few effective samples: ") for rerun in planned)
    directory.prepare(config, directory.tasks(config))
    status = directory.status()
    assert (status.n_tasks, status.n_done, status.n_reruns) == (4, 2, 2)
    assert campaign.open_campaign(directory.path).identical(old)  # the old results stand until the new ones are there
    told = []
    _, status = run(directory.path, HOLDS, progress=told.append)
    assert told[0] == 2  # what had converged is not computed again
    assert (status.n_tasks, status.n_done, status.n_reruns) == (4, 4, 0)
    after = {path.name: path.read_bytes() for path in directory.parts.files()}
    assert {name: after[name] for name in before} == before
    whole = campaign.open_campaign(directory.path)
    assert whole.sizes["task"] == 4
    again = {rerun.name for rerun in planned}
    for i, name in enumerate(whole["task"].values.astype(str)):
        one = campaign.task_dataset(whole, i)
        assert (one.sizes["step"] == 240) == (name in again)
        task = campaign.parse_config(one.attrs["config"])
        assert task.protocol.sweeps == (720 if name in again else 3000)
        alone = campaign.execute(task, threads=1)
        np.testing.assert_array_equal(alone["gamma"], one["gamma"])
    assert len({str(seed) for seed in whole["seed"].values}) == 4
    campaign.run_longer(directory, config, 20.0)
    names = [entry.name for entries in Reruns(directory.path).read().values() for entry in entries]
    assert len(names) == len(set(names))


def test_rerun_on_the_command_line(done, tmp_path, mcsco):
    copy(done, tmp_path / "c")
    told = mcsco("status", "c")
    assert "points: 1 converged, 1 too few effective samples" in told.out
    assert "sweeps = 36: too few effective samples (2 of 2 tasks)" in told.out
    assert "mcsco rerun c --unconverged" in told.err
    dry = mcsco("rerun", "c", "--unconverged", "--dry-run", "--json")
    assert json.loads(dry.out)["unconverged"] == 2
    assert not (tmp_path / "c" / "reruns.json").exists()
    answer = mcsco("rerun", "c", "--unconverged", "--factor", "50", "--workers", "1", "--json")
    assert answer.code == 0, answer.err
    points = json.loads(answer.out)["points"]
    assert [point["verdict"] for point in points] == ["converged", "converged"]
    again = mcsco("rerun", "c", "--unconverged")
    assert (again.code, again.out) == (0, "no task to run again\n")
    assert mcsco("rerun", "c", "--failed").out == "no task to run again\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("c",), "say what, --unconverged or --failed"),
        (("c", "--unconverged", "--factor", "1"), "--factor"),
        (("nowhere", "--failed"), "is not the directory of a campaign"),
        (("c", "--failed", "--threads", "2"), "use --workers"),
    ],
)
def test_wrong_reruns(done, tmp_path, mcsco, arguments, says):
    copy(done, tmp_path / "c")
    answer = mcsco("rerun", *arguments)
    assert answer.code == 2
    assert says in answer.err
    assert not (tmp_path / "c" / "reruns.json").exists()


def test_failed_tasks_alone_are_run_again(done, tmp_path, mcsco):
    directory = copy(done, tmp_path / "c")
    names = sorted(directory.parts.names())
    for path in directory.parts.files():
        path.unlink()
    directory.write_progress({names[0]: "MemoryError: no"}, 1.0)
    answer = mcsco("rerun", "c", "--failed", "--workers", "1")
    assert answer.code == 0, answer.err
    assert "1 of 4 tasks done" in answer.out
    assert directory.parts.names() == {names[0]}


@pytest.mark.parametrize("content", ["", "[]", '{"reruns": {"a": [{"x": 1}]}}', '{"reruns": 3}', "\\x00"])
def test_a_damaged_list_of_reruns(done, tmp_path, mcsco, content):
    copy(done, tmp_path / "c")
    (tmp_path / "c" / "reruns.json").write_text(content)
    for command in (("status", "c"), ("resume", "c"), ("rerun", "c", "--unconverged")):
        answer = mcsco(*command)
        assert answer.code == 2
        assert "reruns.json: is damaged" in answer.err


def test_ramps_are_not_judged(tmp_path):
    text = HOLDS.replace(
        'kind = "hold", temperature = 245.0, sweeps = 300', 'kind = "ramp", temperature = [200.0, 250.0]'
    )
    text = text.replace('"protocol.sweeps" = [36, 3000]', '"protocol.sweeps_per_kelvin" = [1, 2]')
    directory, _ = run(tmp_path / "c", text)
    assert {verdict.verdict for verdict in directory.verdicts()} == {"not judged"}
    assert campaign.run_longer(directory, directory.config(), 4.0) == []


def test_holds_of_many_lengths_lie_in_few_files(tmp_path, monkeypatch):
    """Every hold ends when it is precise enough, most of them at another sweep."""
    monkeypatch.setattr("mcsco.campaign.campaign._EVERY", 0.0)
    text = HOLDS.replace("sweeps = 300, measure_every = 3", "sweeps = 20000, measure_every = 2, precision = 0.1")
    grid = {
        "protocol.temperature": [210.0, 215.0, 220.0, 225.0, 230.0, 235.0, 240.0, 245.0],
        "run.start": ["LS", "HS+"],
    }
    text = text.partition("[campaign]")[0] + tomli_w.dumps({"campaign": {"grid": grid}})
    directory, status = run(tmp_path / "c", text)
    assert status.n_done == 16
    whole = campaign.open_campaign(directory.path)
    tasks = {task.name: task for task in directory.tasks(directory.config())}
    lengths = set()
    for i, name in enumerate(whole["task"].values.astype(str)):
        one = campaign.task_dataset(whole, i)
        alone = campaign.execute(tasks[name].config, threads=1)
        lengths.add(one.sizes["step"])
        for variable in ("gamma", "eta", "energy", "sweep", "temperature", "leg"):
            np.testing.assert_array_equal(one[variable], alone[variable])
    assert len(lengths) >= 3
    files = len(directory.parts.files())
    monkeypatch.setattr("mcsco.campaign.parts._MANY", 0)
    directory.parts._join()
    assert len(directory.parts.files()) <= min(files, 2 + max(lengths).bit_length())
    joined = campaign.open_campaign(directory.path)
    assert np.array_equal(joined["gamma"], whole["gamma"], equal_nan=True)
    assert {v.name for v in directory.verdicts()} == set(tasks)
    assert isinstance(directory.parts, Parts)


REFINED = """
title = "refined"
model = {preset = "pmpea", shape = [16, 16]}
protocol = {kind = "hold", temperature = 200.0, sweeps = 200, measure_every = 4, equilibration = 200}
run = {replicas = 2, seed = 2}
[campaign.grid]
"protocol.temperature" = [200.0, 220.0, 240.0]
"run.start" = ["LS", "HS+"]
[campaign.refine]
of = "protocol.temperature"
step = 0.3
smallest = 3.0
"""


def test_a_refined_grid_finds_both_transitions(tmp_path, mcsco):
    (tmp_path / "c.toml").write_text(REFINED)
    answer = mcsco("run", "c.toml", "-o", "c", "--workers", "1", "--json")
    assert answer.code == 0, answer.err
    assert "the grid is refined by" in answer.err
    directory = campaign.CampaignDirectory(tmp_path / "c")
    n_tasks = json.loads(answer.out)["n_tasks"]
    assert n_tasks <= 6 + 2 * 2 * 3  # 34 on a uniform grid of the same resolution
    whole = campaign.open_campaign(directory.path)
    found = {}
    for start in ("LS", "HS+"):
        branch = whole.isel(task=whole["run.start"].values == start)
        T = branch["protocol.temperature"].values
        order = np.argsort(T)
        assert np.all(np.diff(T[order]) > 0)
        q = branch["q"].mean(("replica", "step")).values[order]
        at = int(np.argmax(np.abs(np.diff(q))))
        assert T[order][at + 1] - T[order][at] == 2.5  # 20 K halved down
        found[start] = T[order][at]
    assert found["LS"] > found["HS+"] + 2  # heating and cooling branch, each with its own transition
    before = sorted(directory.parts.names())
    assert mcsco("resume", "c").code == 0
    assert sorted(directory.parts.names()) == before
    # Without the section the points it has added are no part of the campaign any more.
    (tmp_path / "plain.toml").write_text(REFINED.partition("[campaign.refine]")[0])
    assert json.loads(mcsco("run", "plain.toml", "-o", "c", "--json").out)["n_tasks"] == 6


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('of = "protocol.temperature"', 'of = "protocol.pressure"', "must be a key of grid"),
        ("step = 0.3", "step = 0", "campaign.refine.step"),
        ('of = "protocol.temperature"', 'of = "run.start"', "is not one number"),
        ('kind = "hold", temperature = 200.0, sweeps = 200, measure_every = 4, equilibration = 200',
         'kind = "quench", temperature = 200.0, sweeps = 100', "needs a protocol of kind 'hold' or 'thermal-cycle'"),
        ("step = 0.3", 'quantity = "width"\nstep = 0.3', "must be a mean (gamma, q, eta, energy) of holds"),
        ('kind = "hold", temperature = 200.0, sweeps = 200, measure_every = 4, equilibration = 200',
         'kind = "thermal-cycle", temperature = [200.0, 240.0]', "T_up, T_down or width of thermal cycles"),
    ],
)  # fmt: skip
def test_what_cannot_be_refined(tmp_path, mcsco, old, new, says):
    (tmp_path / "c.toml").write_text(REFINED.replace(old, new))
    answer = mcsco("run", "c.toml", "-o", "c", "--dry-run")
    assert answer.code == 2
    assert says in answer.err


LOOPS = """
title = "where the loop opens"
model = {preset = "pmpea", shape = [16, 16]}
protocol = {kind = "thermal-cycle", temperature = [190.0, 260.0], sweeps_per_kelvin = 8, measure_every = 4}
run = {replicas = 3, seed = 2}
[campaign.grid]
"model.interactions.0.spin" = [0.1, 0.7, 1.3]
[campaign.refine]
of = "model.interactions.0.spin"
quantity = "width"
step = 3.0
smallest = 0.2
"""


def test_a_refined_grid_of_loops(tmp_path, mcsco):
    """Points come where the width changes, and where there is a loop on one side only, and nowhere else."""
    (tmp_path / "c.toml").write_text(LOOPS)
    answer = mcsco("run", "c.toml", "-o", "c", "--workers", "1", "--json")
    assert answer.code == 0, answer.err
    whole = campaign.open_campaign(tmp_path / "c")
    order = np.argsort(whole["model.interactions.0.spin"].values)
    values = whole["model.interactions.0.spin"].values[order]
    widths = np.array([loop(campaign.task_dataset(whole, i)).width.value for i in order])
    assert 3 < values.size < 9  # nine on a grid that is as fine everywhere
    wide = np.diff(values) > 0.2
    assert wide.any()
    step = np.abs(np.diff(widths))
    assert np.all(step[wide & np.isfinite(step)] <= 3.0)
    known = np.isfinite(widths)
    assert not np.any(wide & (known[1:] != known[:-1]))


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [([1.0, 5.0], [2.0, 2.0], 3.0), ([np.nan], [np.nan], 0.0), ([np.nan], [1.0], np.inf), ([1.0], [np.nan], np.inf)],
)
def test_what_is_known_on_one_side_only_is_far_away(a, b, distance):
    assert _distance(np.array(a), np.array(b)) == distance


def test_a_single_run_tells_its_verdict(tmp_path, mcsco):
    text = HOLDS.partition("[campaign]")[0].replace(
        "sweeps = 300", "sweeps = 3000, precision = {q = 0.05, energy = 1.0}"
    )
    (tmp_path / "r.toml").write_text(text)
    assert mcsco("run", "r.toml", "-o", "r").code == 0
    told = mcsco("status", "r")
    assert "245 K: converged;" in told.out
    (hold,) = json.loads(mcsco("status", "r", "--json").out)["holds"]
    assert hold["verdict"] == "converged"
