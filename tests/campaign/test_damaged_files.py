"""Damaged files of every kind end in one line that says so, or in the truth; never in a traceback, a hang or a lie."""

import contextlib
import faulthandler
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from mcsco import campaign
from mcsco.campaign.checkpoint import CheckpointFile
from mcsco.campaign.files import read_dataset
from mcsco.campaign.seal import sealed
from mcsco.errors import InputError

SECONDS = 30  # for one reading

TEXT = """
title = "holds"
model = {preset = "pmpea", shape = [4, 4]}
protocol = {kind = "hold", temperature = [225.0, 245.0], sweeps = 60, measure_every = 3}
run = {replicas = 3, seed = 5, snapshots = 1}
[campaign]
repeats = 2
[campaign.grid]
"protocol.sweeps" = [60, 90]
"""


@pytest.fixture
def n_files(request):
    """How many damaged files of each kind."""
    return 1000 if request.config.getoption("--validate") else 21


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A result, a checkpoint and a campaign, and what they say."""
    folder = tmp_path_factory.mktemp("sound")
    whole = campaign.parse_config(TEXT)
    config = whole.model_copy(update={"campaign": None})
    directory = campaign.RunDirectory(folder / "run")
    directory.save(config, campaign.execute(config, threads=1), folder)
    journey = campaign.make_journey(config, threads=1)
    calls = iter([False] * 20)
    journey.run(lambda: next(calls, True))
    checkpoint = CheckpointFile(folder / "checkpoint.nc", config.fingerprint)
    checkpoint.save(journey)
    many = campaign.CampaignDirectory(folder / "campaign")
    campaign.run_campaign(many, whole, campaign.LocalProcesses(1))
    return config, directory, checkpoint, many


@contextlib.contextmanager
def in_time():
    """A reading that hangs ends the tests with its traceback: it hangs in C, where no exception reaches it."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def bits(content, rng, path):
    damaged = bytearray(content)
    for place in rng.integers(0, len(damaged), int(rng.integers(1, 5))):
        damaged[place] ^= int(rng.integers(1, 256))
    path.write_bytes(damaged)


def cut(content, rng, path):
    path.write_bytes(content[: int(rng.integers(0, len(content)))])


def blanked(content, rng, path):
    begin = int(rng.integers(0, len(content)))
    n = int(rng.integers(1, 5000))
    path.write_bytes(content[:begin] + bytes(len(content[begin : begin + n])) + content[begin + n :])


def moved(content, rng, path):
    """Two stretches of the file change places."""
    a, b = sorted(rng.integers(0, len(content), 2).tolist())
    n = int(rng.integers(1, 2000))
    path.write_bytes(content[:a] + content[b : b + n] + content[a:b] + content[b + n :])


def foreign(content, rng, path):
    texts = [
        b"",
        b"not a file of mcsco",
        rng.bytes(3000),
        b"\x89HDF\r\n\x1a\n" + rng.bytes(2000),
        b"CDF\x01" + rng.bytes(99),
    ]
    path.write_bytes(texts[int(rng.integers(0, len(texts)))])


def other_hdf5(content, rng, path):
    with h5py.File(path, "w") as file:
        for name in ("gamma", "task", "x", "point"):
            if rng.random() < 0.7:
                file[name] = rng.random((2, 3)) if rng.random() < 0.5 else "text"


def edited(content, rng, path):
    """A valid HDF5 file: one of its variables renamed, swapped, removed or changed, or one of its attributes."""
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        names = [name for name in file if isinstance(file[name], h5py.Dataset)]
        a, b = rng.choice(names, 2, replace=False)
        kind = int(rng.integers(0, 6))
        if kind == 0:
            file.move(a, "here")
            file.move(b, a)
            file.move("here", b)
        elif kind == 1:
            del file[a]
        elif kind == 2:
            file.move(a, f"{a}_")
        elif kind == 3 and file[a].dtype.kind in "if" and file[a].size:
            values = file[a][()]
            values = np.asarray(values) + np.asarray(1, values.dtype)
            file[a][()] = values
        elif kind == 4:
            file.attrs["config_hash"] = "0123456789abcdef"
        else:
            file.create_group("more")["x"] = 1.0
            file[a].attrs["units"] = "furlongs"


DAMAGES = [bits, cut, blanked, moved, foreign, other_hdf5, edited]


def damaged_files(content, path, n, seed):
    """So many times: damage the file, and yield what was done."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        damage = DAMAGES[i % len(DAMAGES)]
        damage(content, rng, path)
        yield f"{damage.__name__}, number {i}"


def refused(read, what):
    """What a reading returns, or None if it says in one line that the file is no good."""
    try:
        with in_time():
            return read()
    except InputError as error:
        message = str(error)
    assert len(message.splitlines()) == 1, what
    return None


def test_results(sound, tmp_path, n_files):
    _, directory, _, _ = sound
    truth, content = directory.result(), (directory.path / "result.nc").read_bytes()
    shutil.copytree(directory.path, tmp_path / "run")
    copy = campaign.RunDirectory(tmp_path / "run")
    n_refused = 0
    for what in damaged_files(content, copy.path / "result.nc", n_files, seed=1):
        found = refused(copy.result, what)
        n_refused += found is None
        assert found is None or found.identical(truth), what
    assert n_refused > 0.8 * n_files


READ = """
import sys
from pathlib import Path
from mcsco.campaign.files import read_dataset
from mcsco.errors import InputError
try:
    read_dataset(Path(sys.argv[1]), "remove it")
except InputError as error:
    print(error)
"""


def test_damage_that_makes_hdf5_loop_for_ever(sound, tmp_path):
    """Zeros in the heap where HDF5 keeps texts."""
    _, directory, _, _ = sound
    content = (directory.path / "result.nc").read_bytes()
    at = content.index(b"GCOL") + 512
    (tmp_path / "r.nc").write_bytes(content[:at] + bytes(3000) + content[at + 3000 :])
    read = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "r.nc")], capture_output=True, text=True, timeout=SECONDS
    )
    assert "its bytes are not what was written" in read.stdout


def test_the_seal(sound, tmp_path):
    _, directory, _, _ = sound
    content = (directory.path / "result.nc").read_bytes()
    path = tmp_path / "r.nc"
    truth = directory.result()

    def read(bytes_):
        path.write_bytes(bytes_)
        return read_dataset(path, "remove it")

    unsealed = content[:-48]
    assert sealed(unsealed) == content
    assert read(unsealed).identical(truth)  # as earlier versions wrote them
    with pytest.raises(InputError, match="its end is missing"):
        read(content[:-48] + bytes(48))
    for wrong in (content[:-1], unsealed[:-1], content + b"\n"):
        with pytest.raises(InputError, match="its end is missing"):
            read(wrong)
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:  # another program that changes it leaves no seal
        file["gamma"].attrs["units"] = "1"
    assert read_dataset(path, "remove it").identical(truth)


def test_checkpoints(sound, tmp_path, n_files):
    config, _, checkpoint, _ = sound
    journey = campaign.make_journey(config, threads=1)
    checkpoint.load(journey)
    truth, content = journey.memory(), checkpoint.path.read_bytes()
    copy = CheckpointFile(tmp_path / "checkpoint.nc", config.fingerprint)
    n_refused = 0
    for what in damaged_files(content, copy.path, n_files, seed=2):
        journey = campaign.make_journey(config, threads=1)
        if refused(lambda journey=journey: copy.load(journey), what) is None:
            n_refused += 1
            continue
        found = journey.memory()
        assert found.keys() == truth.keys(), what
        for name, array in truth.items():
            np.testing.assert_array_equal(found[name], array, err_msg=what)
    assert n_refused > 0.8 * n_files


def test_parts_of_a_campaign(sound, tmp_path, n_files):
    *_, many = sound
    truth, verdicts, names = campaign.open_campaign(many.path), many.verdicts(), many.parts.names()
    shutil.copytree(many.path, tmp_path / "campaign")
    copy = campaign.CampaignDirectory(tmp_path / "campaign")
    part = max(copy.parts.files(), key=lambda path: path.stat().st_size)
    n_refused = 0
    for what in damaged_files(part.read_bytes(), part, n_files, seed=3):
        found = refused(lambda: campaign.open_campaign(copy.path), what)
        n_refused += found is None
        assert found is None or found.identical(truth), what
        assert refused(copy.parts.names, what) in (None, names), what
        assert refused(copy.verdicts, what) in (None, verdicts), what
        refused(copy.status, what)
    assert n_refused > 0.8 * n_files


def test_texts_of_a_campaign(sound, tmp_path, n_files):
    """Nothing but one line, whatever stands in the small files."""
    *_, many = sound
    shutil.copytree(many.path, tmp_path / "campaign")
    copy = campaign.CampaignDirectory(tmp_path / "campaign")
    copy.reruns.write({name: [] for name in copy.parts.names()})
    (copy.path / "refined.json").write_text('{"format_version": 1, "rounds": [[{"protocol.sweeps": 70}]]}')
    whole = (copy.path / "campaign.toml").read_text()
    (copy.path / "campaign.toml").write_text(whole.partition("[campaign]")[0])  # valid, but of a single run
    with pytest.raises(InputError, match=r"its section \[campaign\] is missing"):
        copy.config()
    (copy.path / "campaign.toml").write_text(whole)
    rng = np.random.default_rng(4)
    for name in ("campaign.toml", "manifest.json", "failures.json", "reruns.json", "refined.json"):
        content = (copy.path / name).read_bytes()
        texts = [b"[]", b"null", b"{}", b"[" * 20_000, b'{"updates": 3, "failures": [1], "reruns": null, "rounds": {}}']
        for i in range(n_files // 4):
            if i < len(texts):
                (copy.path / name).write_bytes(texts[i])
            else:
                (bits, cut, blanked, moved)[i % 4](content, rng, copy.path / name)
            refused(copy.status, name)
            refused(copy.verdicts, name)
            refused(lambda: copy.tasks(copy.config()), name)
        (copy.path / name).write_bytes(content)


def test_a_task_with_a_damaged_checkpoint_begins_again(sound, tmp_path):
    """Among thousands of tasks nobody looks for the one whose checkpoint a crash of the machine has damaged."""
    config = campaign.parse_config(TEXT)
    directory = campaign.CampaignDirectory(tmp_path / "c")
    directory.checkpoints.mkdir(parents=True)
    (directory.path / "campaign.toml").write_text(config.to_toml())
    for task in campaign.make_tasks(config):
        (directory.checkpoints / f"{task.name}.nc").write_bytes(b"no checkpoint")
    status = campaign.run_campaign(directory, config, campaign.LocalProcesses(1))
    assert (status.n_done, status.failures) == (4, {})
    *_, many = sound
    found, truth = (campaign.open_campaign(path)["gamma"].values for path in (directory.path, many.path))
    np.testing.assert_array_equal(found, truth)
