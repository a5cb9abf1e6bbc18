"""The file of a batch system: what is read, what is refused, and that its page says the same."""

import math
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco import InputError
from mcsco.campaign.batch_system import BatchSystem, read_batch_system
from mcsco.campaign.checkpoint import Intervals
from mcsco.campaign.durations import clock, parse_duration

PAGE = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text(encoding="utf-8")
SHORTEST = 'kind = "pbs"\njobs = 2\nmemory = "2 GB"\nwalltime = "1h"\n'


def read(tmp_path, text):
    (tmp_path / "cluster.toml").write_text(text, encoding="utf-8")
    return read_batch_system(tmp_path / "cluster.toml")


def test_the_example_of_the_page_is_valid_and_its_table_whole(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    system = read(tmp_path, example)
    assert (system.kind, system.jobs, system.cores, system.walltime, system.wait) == ("slurm", 8, 32, 14400.0, 43200.0)
    assert (system.submit_command, system.cancel_command) == ("sbatch", "scancel")
    for key in BatchSystem.model_fields:
        assert f"| `{key}` |" in PAGE, key


def test_defaults(tmp_path):
    system = read(tmp_path, SHORTEST)
    assert (system.cores, system.queue, system.directives, system.wait) == (1, None, (), 3600.0)
    assert (system.submit_command, system.cancel_command) == ("qsub", "qdel")
    assert system.lifetime == 3420.0
    assert read(tmp_path, SHORTEST.replace("1h", "60")).lifetime == 48.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"pbs"', '"sge"', "kind = 'sge': must be 'slurm' or 'pbs'"),
        ("jobs = 2", "jobs = 0", "jobs = 0: must be at least 1"),
        ("jobs = 2\n", "", "jobs: is missing"),
        ("jobs = 2", "job = 2\njobs = 2", "job: unknown key; did you mean 'jobs'?"),
        ("jobs = 2", "jobs = true", "jobs = True: must be"),
        ("2 GB", "2 gigabytes", "memory = '2 gigabytes': must be an amount of memory such as '64 GB'"),
        ("2 GB", "0 GB", "must be an amount of memory"),
        ("1h", "soon", "walltime = 'soon': 'soon' is not a time; give seconds or e.g. 90s"),
        ("1h", "59s", "walltime"),
        ("1h", "nan", "is not a time"),
        ("jobs = 2", 'jobs = 2\nqueue = "a b"', "queue = 'a b': must be one word"),
        ("jobs = 2", 'jobs = 2\ninterface = "lo;rm"', "must be one word"),
        ("jobs = 2", 'jobs = 2\ndirectives = ["-m n\\nrm -r x"]', "must be one line of text"),
        ("jobs = 2", 'jobs = 2\nprologue = "module load x"', "prologue = 'module load x': must be"),
        ("jobs = 2", "jobs = [", "is not valid TOML"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, old, new, said):
    with pytest.raises(InputError) as caught:
        read(tmp_path, SHORTEST.replace(old, new))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "cluster.toml"))
    assert len(message.splitlines()) == 1
    assert said in message


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_batch_system(tmp_path / "nowhere.toml")
    (tmp_path / "cluster.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a text file"):
        read_batch_system(tmp_path / "cluster.toml")


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.data())
def test_edited_files(tmp_path_factory, data):
    text = SHORTEST + 'queue = "q"\ndirectives = ["-m n"]\nwait = 3\n'
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 12)))
    tokens = ["", "nan", "1e999", "9" * 5000, '"', "[", "{", "=", "\n", "\0", "[" * 3000, "1979-05-27", "true", "-1"]
    new = data.draw(st.sampled_from(tokens) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
    path = tmp_path_factory.mktemp("edited") / "cluster.toml"
    path.write_text(text[:begin] + new + text[end:], encoding="utf-8")
    try:
        system = read_batch_system(path)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert "\n" not in "".join((system.memory, system.queue or "", *system.directives, *system.prologue))
        assert 0 < system.lifetime < system.walltime
    assert len(message.splitlines()) <= 1


def test_times():
    times = ["90s", "1.5 min", "2h", "1d", "12", "04:00:00", "2-01:00:30", "100:00:00"]
    assert [parse_duration(text) for text in times] == [90.0, 90.0, 7200.0, 86400.0, 12.0, 14400.0, 176430.0, 360000.0]
    assert [clock(seconds) for seconds in (60, 14400, 176430, 360000)] == [
        "00:01:00", "04:00:00", "49:00:30", "100:00:00"
    ]  # fmt: skip
    for text in ("", "h", "1:2:3", "00:60:00", "-1h", "inf", "nan", "1e999"):
        with pytest.raises(ValueError, match="is not a time"):
            parse_duration(text)


def test_first_checkpoints_come_early():
    intervals = Intervals(60.0)
    assert [next(intervals) for _ in range(7)] == [3.75, 7.5, 15.0, 30.0, 60.0, 60.0, 60.0]
    assert next(Intervals(math.inf)) == math.inf


CAMPAIGN = """
model = {preset = "pmpea", shape = [4, 4]}
protocol = {kind = "hold", temperature = 225.0, sweeps = 12}
[campaign]
repeats = 2
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cluster", "none.toml"), "none.toml: cannot be read"),
        (("--cluster", "cluster.toml", "--workers", "2"), "the file of --cluster says how many"),
        (("--cluster", "cluster.toml", "--scheduler", "host:1"), "give one of them"),
        (("--cluster", "bad.toml"), "jobs: is missing"),
        (("--cluster", "cluster.toml", "--tls-ca", "ca.pem"), "give all three or none"),
    ],
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_options_that_do_not_go_together(mcsco, tmp_path, options, said, dry):
    (tmp_path / "cluster.toml").write_text(SHORTEST)
    (tmp_path / "bad.toml").write_text(SHORTEST.replace("jobs = 2\n", ""))
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    answer = mcsco("run", "c.toml", "-o", "out", *options, *dry)
    assert answer.code == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_single_run_has_no_jobs(mcsco, tmp_path):
    (tmp_path / "cluster.toml").write_text(SHORTEST)
    (tmp_path / "r.toml").write_text(CAMPAIGN.partition("[campaign]")[0])
    answer = mcsco("run", "r.toml", "--cluster", "cluster.toml")
    assert answer.code == 2
    assert "--cluster: shares the tasks of a campaign" in answer.err


def test_dask_is_not_installed(mcsco, tmp_path, monkeypatch):
    (tmp_path / "cluster.toml").write_text(SHORTEST)
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    answer = mcsco("run", "c.toml", "-o", "out", "--cluster", "cluster.toml")
    assert answer.code == 2
    assert "pip install 'mcsco[" in answer.err
    assert not (tmp_path / "out").exists()
