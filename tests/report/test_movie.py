"""Movies of a dataset: frames in order, the pixels of the domains, curves that grow, and one colour table."""

import json

import numpy as np
import pytest
import xarray
from matplotlib.colors import to_rgb
from PIL import Image

import mcsco
from mcsco.model import Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.report import movie, snapshots, write_movie
from mcsco.report.maps import HS, LS, MINUS, PLUS, domain_codes
from mcsco.report.snapshots import make_cut

COLOURS = np.round(255 * np.array([to_rgb(colour) for colour in (LS, PLUS, MINUS, HS)])).astype(int)


def make_dataset(shape=(12, 10), T=(200.0, 250.0), n=5, distorts=True, kept=True, first=10):
    """Two replicas of a run with 20 measurements and `n` snapshots: heating, or at one temperature."""
    rng = np.random.default_rng(6)
    model = Model(Lattice(shape), SpinCrossover(10.0, 60.0), OrderDisorder() if distorts else None,
                  (NearestNeighbours(0.1, 0.2 * distorts),))  # fmt: skip
    spin = rng.choice([-1, 1], size=(2, n, *shape)).astype(np.int8)
    u = (rng.choice([-1, 1], size=spin.shape) * (spin > 0) * distorts).astype(np.int8)
    gamma = np.sort(rng.uniform(0.1, 0.9, size=(2, 20)), axis=1)
    steps, at = np.linspace(*T, 20), np.linspace(*T, n)
    sites = ("z", "y", "x")[-len(shape) :]
    variables = {
        "gamma": (("replica", "step"), gamma),
        "eta": (("replica", "step"), -0.7 * gamma * distorts),
        "spin": (("replica", *sites), spin[:, -1]),
        "distortion": (("replica", *sites), u[:, -1]),
    }
    sweeps, pictured = np.linspace(first, 1000, 20).astype(int), np.linspace(1000 / n, 1000, n).astype(int)
    coordinates = {"sweep": ("step", sweeps), "temperature": ("step", steps)}
    coordinates |= {name: ("step", np.full(20, 0.25 * i)) for i, name in enumerate(("pressure", "field"))}
    if kept:
        dims = ("replica", "snapshot", *sites)
        variables |= {"snapshot_spin": (dims, spin), "snapshot_distortion": (dims, u)}
        coordinates |= {"snapshot_sweep": ("snapshot", pictured), "snapshot_temperature": ("snapshot", at)}
        coordinates |= {f"snapshot_{name}": ("snapshot", np.full(n, 0.5)) for name in ("pressure", "field")}
    return xarray.Dataset(variables, coordinates, {"model": json.dumps(model.to_dict())})


def frames_of(path):
    with Image.open(path) as opened:
        return [np.asarray(opened.convert("RGB")) for i in range(opened.n_frames) if opened.seek(i) is None]


def crystal(frame, shape):
    """The codes of the molecules, read from the middle of their pixels."""
    zoom = round(440 / max(shape))
    # The crystal stands on the space of 52 pixels below it, plus one where the height was made even.
    high = 40 + max(zoom * shape[0], 260) + 52
    rows = high - 52 - zoom * np.arange(shape[0]) - zoom // 2 - 1
    columns = 16 + zoom * np.arange(shape[1]) + zoom // 2
    seen = frame[np.ix_(rows, columns)].astype(int)
    distance = np.abs(seen[..., None, :] - COLOURS).sum(axis=-1)
    assert distance.min(axis=-1).max() <= 3
    return distance.argmin(axis=-1)


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("replica", [0, 1])
def test_every_snapshot_is_a_frame(tmp_path, kind, replica):
    dataset = make_dataset()
    path = write_movie(dataset, tmp_path / f"a.{kind}", replica)
    frames = frames_of(path)
    assert len(frames) == 5
    for frame, snapshot in zip(frames, snapshots(dataset, replica), strict=True):
        assert np.array_equal(crystal(frame, (12, 10)), domain_codes(snapshot.state))
        assert np.all(frame[2, 2] == 255)  # the paper is white
    with Image.open(path) as opened:
        assert opened.info["loop"] == 0
        assert not any(extent % 2 for extent in opened.size)
    assert [path.name for path in tmp_path.iterdir()] == [f"a.{kind}"]


def test_webp_is_without_loss(tmp_path):
    dataset = make_dataset()
    gif, webp = (frames_of(write_movie(dataset, tmp_path / f"a.{kind}")) for kind in ("gif", "webp"))
    assert all(np.array_equal(a, b) for a, b in zip(gif, webp, strict=True))


@pytest.mark.parametrize("T", [(200.0, 250.0), (250.0, 200.0), (230.0, 230.0)], ids=["up", "down", "quench"])
def test_curves_grow_until_the_time_of_the_frame(T):
    dataset = make_dataset(T=T)
    frames = snapshots(dataset, 1)
    plane = make_cut((12, 10))
    stage = movie._set_stage(dataset, 1, frames, plane)
    constant = T[0] == T[1]
    expected = dataset["sweep" if constant else "temperature"].values
    assert [line.get_label() for line, _ in stage.lines] == ["γ", "|η|"]
    for frame in frames:
        movie._move(stage, frame, plane)
        until = int((dataset["sweep"].values <= frame.sweep).sum())
        for (line, _), name in zip(stage.lines, ("gamma", "eta"), strict=True):
            assert line.get_xdata() == pytest.approx(expected[:until])
            assert line.get_ydata() == pytest.approx(np.abs(dataset[name].values[1, :until]))
        assert stage.text.get_text() == f"T = {frame.temperature:.1f} K, {frame.sweep} MCS"
    axes = stage.figure.axes[0]
    assert axes.get_xlabel() == ("time (MCS)" if constant else "temperature (K)")


@pytest.mark.parametrize(("first", "scale"), [(1, "log"), (50, "linear")])
def test_long_quenches_have_a_logarithmic_time(first, scale):
    dataset = make_dataset(T=(200.0, 200.0), first=first)
    stage = movie._set_stage(dataset, 0, snapshots(dataset), make_cut((12, 10)))
    assert stage.figure.axes[0].get_xscale() == scale


def test_without_distortion_and_without_snapshots(tmp_path):
    dataset = make_dataset(distorts=False, kept=False)
    (frame,) = frames_of(write_movie(dataset, tmp_path / "a.gif"))
    assert np.array_equal(crystal(frame, (12, 10)), np.where(dataset["spin"].values[0] > 0, 3, 0))


def test_planes_in_three_dimensions(tmp_path):
    dataset = make_dataset((4, 6, 8))
    frames = frames_of(write_movie(dataset, tmp_path / "a.webp", cut="y = 5"))
    for frame, snapshot in zip(frames, snapshots(dataset), strict=True):
        assert np.array_equal(crystal(frame, (4, 8)), domain_codes(snapshot.state)[:, 5])


def test_mistakes(tmp_path, monkeypatch):
    dataset = make_dataset()
    for name, options, match in (
        ("a.avi", {}, "must end in"),
        ("no/a.gif", {}, "is not a directory"),
        ("a.gif", {"fps": 0}, "fps = 0"),
        ("a.gif", {"replica": 2}, "replica = 2"),
        ("a.gif", {"cut": "z = 0"}, "is a plane itself"),
    ):
        with pytest.raises(mcsco.InputError, match=match):
            write_movie(dataset, tmp_path / name, **options)
    monkeypatch.setattr("matplotlib.animation.FFMpegWriter.isAvailable", lambda: False)
    with pytest.raises(mcsco.InputError, match=r"ffmpeg.*write \.webp or \.gif"):
        write_movie(dataset, tmp_path / "a.mp4")
    with pytest.raises(mcsco.InputError, match="has no 'spin'"):
        write_movie(dataset.drop_vars(["spin", "snapshot_spin"]), tmp_path / "a.gif")
    with pytest.raises(mcsco.InputError, match="no attribute 'model'"):
        write_movie(dataset.drop_attrs(), tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_mp4_where_ffmpeg_is(tmp_path):
    from matplotlib.animation import FFMpegWriter

    if not FFMpegWriter.isAvailable():
        pytest.skip("no ffmpeg")
    path = write_movie(make_dataset(), tmp_path / "a.mp4")
    assert path.read_bytes()[4:8] == b"ftyp"
