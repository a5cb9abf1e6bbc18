"""The run directory: atomic files, complete provenance, and a result that can be repeated."""

import signal
import subprocess
import sys

import numpy as np
import pytest
import xarray

from mcsco import campaign
from mcsco.campaign.checksum import CHECKSUM, checksum
from mcsco.campaign.files import replaced
from mcsco.errors import InputError

SERIES = ("gamma", "q", "eta", "energy")


def names(path):
    return sorted(item.name for item in path.iterdir())


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        campaign.RunDirectory(tmp_path).write("data.txt", fail)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["data.txt"]


def test_a_new_file_appears_whole_and_with_usual_permissions(tmp_path):
    path = tmp_path / "data.txt"
    with replaced(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == tmp_path  # a rename is atomic on one file system only
    (tmp_path / "other").write_text("")
    assert path.read_text() == "new"
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    assert names(tmp_path) == ["data.txt", "other"]


KILLED = """
import sys, time
from pathlib import Path
from mcsco.campaign import RunDirectory

def writer(path):
    path.write_text("half")
    print("half", flush=True)
    time.sleep(60)

RunDirectory(Path(sys.argv[1])).write("result.nc", writer)
"""


@pytest.mark.parametrize("before", [None, "old"])
def test_kill_while_writing(tmp_path, before):
    if before:
        (tmp_path / "result.nc").write_text(before)
    with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    if before:
        assert (tmp_path / "result.nc").read_text() == "old"
    else:
        assert not (tmp_path / "result.nc").exists()
        assert campaign.RunDirectory(tmp_path).existing() is None  # what is left does not block a repetition


def test_the_result_is_written_last(finished, tmp_path, monkeypatch):
    config, dataset = finished
    directory = campaign.RunDirectory(tmp_path / "run")
    directory.save(config, dataset, tmp_path)
    other = config.model_copy(update={"run": config.run.model_copy(update={"seed": 99})})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match="No space"):
        directory.save(other, dataset, tmp_path)
    # Never the new configuration beside the old result; what is left can be repeated.
    assert names(directory.path) == ["config.toml"]
    assert directory.existing().fingerprint == other.fingerprint
    assert not directory.is_finished


def test_what_is_saved_is_what_is_read(finished, directory):
    config, dataset = finished
    found = directory.result()
    assert found.drop_attrs().identical(dataset.drop_attrs())
    assert {key: found.attrs[key] for key in dataset.attrs} == dataset.attrs
    assert directory.config().fingerprint == config.fingerprint
    assert directory.existing().fingerprint == config.fingerprint


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_any_netcdf_library_opens_a_result(finished, directory, engine):
    _, dataset = finished
    with xarray.open_dataset(directory.path / "result.nc", engine=engine) as opened:
        found = opened.load()
    assert found.sizes == {"replica": 3, "step": 100, "y": 6, "x": 6}
    units = {name: variable.attrs["units"] for name, variable in found.variables.items() if name != "replica"}
    assert units == {
        "gamma": "1",
        "q": "1",
        "eta": "1",
        "energy": "kJ/mol",
        "spin": "1",
        "distortion": "1",
        "temperature": "K",
        "pressure": "GPa",
        "field": "kJ/mol",
        "sweep": "1",
        "leg": "1",
    }
    assert all(found[name].attrs["long_name"] for name in units)
    for name in dataset.variables:
        np.testing.assert_array_equal(found[name].values, dataset[name].values)
        assert found[name].dtype == dataset[name].dtype


def test_provenance(finished, directory):
    attrs = directory.result().attrs
    assert attrs["title"] == "a few molecules"
    assert attrs["format_version"] == 1
    assert attrs["seed"] == "3"
    assert attrs["config_hash"] == finished[0].fingerprint
    assert attrs["n_sites"] == 36
    assert attrs["site_updates"] == 3 * 36 * 400
    for key in ("mcsco_version", "mcsco_commit", "python_version", "packages", "host", "command", "started", "ended"):
        assert attrs[key]
    assert attrs["wall_time_s"] >= 0


def test_the_result_alone_is_enough_to_repeat_the_run(directory):
    first = directory.result()
    again = campaign.execute(campaign.parse_config(first.attrs["config"]), threads=2)
    for name in (*SERIES, "spin", "distortion", "temperature", "sweep"):
        np.testing.assert_array_equal(again[name].values, first[name].values)
    assert again.attrs["config_hash"] == first.attrs["config_hash"]


def test_another_seed_is_another_run(finished):
    config, dataset = finished
    other = config.model_copy(update={"run": config.run.model_copy(update={"seed": 4})})
    assert not np.array_equal(campaign.execute(other, threads=1)["gamma"].values, dataset["gamma"].values)


def test_checksum_sees_every_part(finished):
    _, dataset = finished
    sound = checksum(dataset)
    assert checksum(dataset.assign_attrs({CHECKSUM: "anything"})) == sound
    changed = dataset["gamma"].values.copy()
    changed[1, 7] = np.nextafter(changed[1, 7], 2)
    for other in (
        dataset.assign(gamma=(("replica", "step"), changed, dataset["gamma"].attrs)),
        dataset.assign(gamma=dataset["gamma"].astype(np.float32)),
        dataset.assign(gamma=dataset["gamma"].assign_attrs(units="K")),
        dataset.rename(gamma="delta"),
        dataset.drop_vars("spin"),
        dataset.assign_attrs(seed="4"),
        dataset.drop_attrs(deep=False),
    ):
        assert checksum(other) != sound


def test_a_measured_file_is_copied(finished, tmp_path):
    config, dataset = finished
    (tmp_path / "config.toml").write_text("100 0.1\n300 3.4\n")  # even under a name that the directory itself uses
    measured = config.measured.model_copy(update={"file": "config.toml"})
    directory = campaign.RunDirectory(tmp_path / "run")
    directory.save(config.model_copy(update={"measured": measured}), dataset, tmp_path)
    assert names(directory.path) == ["config.toml", "measured.toml", "result.nc"]
    curve = campaign.measured_curve(directory.config(), directory.path)
    np.testing.assert_array_equal(curve.chi_t, [0.1, 3.4])


def test_where_a_run_goes(run_file, tmp_path):
    config = campaign.parse_config(run_file)
    named = config.model_copy(update={"output": "results/here"})
    source = tmp_path / "my run.toml"
    assert str(campaign.output_directory(config, source, None).path) == "results/my run"
    assert str(campaign.output_directory(named, source, None).path) == "results/here"
    assert campaign.output_directory(named, source, tmp_path).path == tmp_path


def test_another_configuration_is_refused_with_the_difference(run_file, tmp_path):
    existing = campaign.parse_config(run_file)
    config = campaign.parse_config(run_file.replace("seed = 3", "seed = 4").replace("180.0", "170.0"))
    campaign.check_same(existing, existing, tmp_path)
    with pytest.raises(InputError) as caught:
        campaign.check_same(config, existing, tmp_path)
    message = str(caught.value)
    assert "protocol.temperature = [170.0, 280.0] here, [180.0, 280.0] there; run.seed = 4 here, 3 there" in message
    assert "--force" in message
    other = campaign.parse_config(run_file.replace('"pmpea"', '"fe2co"').replace("seed = 3", "start = 'random'"))
    with pytest.raises(InputError, match=r"model\.distortion\.kind = nothing here, 'order-disorder' there"):
        campaign.check_same(other, existing, tmp_path)
