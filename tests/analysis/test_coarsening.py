"""The coarsening study from run file to verdict, on a small crystal and on lengths whose law is known."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from analysis import coarsening, walls
from mcsco import InputError, campaign

RUNS = Path(__file__).parents[2] / "runs" / "quench"
TIMES = np.unique(np.geomspace(1, 1000, 25).round())


def growth(R_exponent=0.5, w_exponent=0.5, is_elastic=False, bend=0.0, noise=0.01, replicas=6):
    """Power laws with noise that differs between replicas and, with a `bend`, an exponent that changes with time."""
    rng = np.random.default_rng(7)
    factor = np.exp(noise * rng.normal(size=(replicas, 1)) + 0.2 * noise * rng.normal(size=(replicas, TIMES.size)))
    x = np.log(TIMES)
    R = 4 * np.exp(R_exponent * x + bend * x**2) * factor
    w = 2 * np.exp(w_exponent * x + bend * x**2) * factor
    half = np.full(R.shape, 0.5)
    return coarsening.Growth(
        "Quench, made", 600, is_elastic, TIMES, R, w, half, half, np.ones((TIMES.size, 8, 8), dtype=np.int8)
    )


def test_the_window_ends_where_the_first_replica_feels_the_crystal():
    made = growth()
    first, last = made.window(30.0)
    assert first == 30.0
    end = int(np.searchsorted(TIMES, last))
    assert (made.R[:, : end + 1] <= 100).all()
    assert (made.R[:, end + 1] > 100).any()


def test_verdicts():
    assert "compatible with 1/2" in coarsening.verdict(growth())
    assert "NOT" not in coarsening.verdict(growth())
    assert "NOT compatible with 1/2" in coarsening.verdict(growth(R_exponent=1 / 3))
    assert "no power of time: the exponent of R changes" in coarsening.verdict(growth(bend=0.02))
    assert "NOT compatible" in coarsening.verdict(growth(w_exponent=0.25, is_elastic=True))
    assert "NOT" not in coarsening.verdict(growth(w_exponent=0.25))  # w is no witness without elasticity
    assert "no verdict" in coarsening.verdict(growth(replicas=1))
    assert "too few snapshots" in coarsening.verdict(growth(), first=900.0)


def test_neighbours_from_the_run_file_to_the_verdict(tmp_path):
    arguments = [str(RUNS / "neighbours.toml"), "--extent", "256", "--sweeps", "150", "--replicas", "6"]
    answer = CliRunner().invoke(coarsening.main, [*arguments, "--first", "20", "--figure", str(tmp_path / "c.png")])
    assert answer.exit_code == 0, answer.output
    assert "256 × 256, 6 replicas" in answer.output
    assert "compatible with 1/2" in answer.output
    assert "NOT" not in answer.output
    assert (tmp_path / "c.png").stat().st_size > 10_000


def test_a_result_is_stored_once_and_read_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (RUNS / "walls-neighbours.toml").read_text(encoding="utf-8")
    for old, new in (("[256, 256]", "[32, 32]"), ("sweeps = 5000 ", "sweeps = 60 "), ("replicas = 3", "replicas = 2")):
        assert old in text
        text = text.replace(old, new)
    source = tmp_path / "small.toml"
    source.write_text(text, encoding="utf-8")
    config, dataset = coarsening.finished_run(source)
    monkeypatch.setattr(campaign, "execute", lambda config: pytest.fail("simulated again"))
    _, again = coarsening.finished_run(source)
    assert again["snapshot_distortion"].equals(dataset["snapshot_distortion"])
    _, directly = coarsening.finished_run(tmp_path / config.output)
    assert directly["gamma"].equals(dataset["gamma"])
    source.write_text(text.replace("seed = 1", "seed = 2"), encoding="utf-8")
    with pytest.raises(InputError, match="another configuration"):
        coarsening.finished_run(source)


def test_what_is_no_quench_is_refused():
    config = campaign.read_config(RUNS.parent / "pmpea" / "thermal_loop.toml")
    with pytest.raises(InputError, match="must be a quench"):
        coarsening.measure(config, None)
    biased = campaign.with_values(campaign.read_config(RUNS / "shear.toml"), {"run.start": "HS+"})
    with pytest.raises(InputError, match="without a preferred variant"):
        coarsening.measure(biased, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shear", "axes"),
        ("deviatoric", "diagonals"),
        ("neighbours", None),
        ("spin-crossover", "axes"),
        ("walls-shear", "axes"),
        ("walls-deviatoric", "diagonals"),
        ("walls-neighbours", None),
    ],
)
def test_every_run_file_of_a_quench_is_valid(name, expected):
    config = campaign.read_config(RUNS / f"{name}.toml")
    assert config.output == f"results/quench/{name}"
    assert walls.preferred_walls(config.model.build()) == expected


def test_neighbours_of_the_study_of_walls_carry_the_mean_field_of_the_shear():
    shear, near = (campaign.read_config(RUNS / f"walls-{name}.toml").model.build() for name in ("shear", "neighbours"))
    J = shear.interactions[1].kernel((256, 256))[..., 1, 1]
    expected = shear.interactions[0].distortion + (J[0, 0] - J.mean()) / 4
    assert near.interactions[0].distortion == pytest.approx(expected, rel=1e-3)


def test_walls_without_elasticity_on_a_small_crystal(tmp_path):
    arguments = ["--extent", "64", "--sweeps", "300", "--replicas", "2", "--figure", str(tmp_path / "w.png")]
    answer = CliRunner().invoke(walls.main, [str(RUNS / "walls-neighbours.toml"), *arguments])
    assert answer.exit_code == 0, answer.output
    assert [line.split()[2] for line in answer.output.splitlines()[1:-1]] == ["17", "35", "72", "147", "300"]
    assert (tmp_path / "w.png").stat().st_size > 10_000


@pytest.mark.validate
def test_walls_of_both_strains_on_a_small_crystal():
    files = [str(RUNS / f"walls-{name}.toml") for name in ("shear", "deviatoric")]
    answer = CliRunner().invoke(walls.main, [*files, "--extent", "64", "--sweeps", "300", "--replicas", "2"])
    assert answer.exit_code == 0, answer.output
    rows = [line.split() for line in answer.output.splitlines()]
    shares = {row[0]: (float(row[6]), float(row[9])) for row in rows if row[2:3] == ["35"]}  # along the axes, at 45°
    assert shares["shear"][0] > 2 * shares["shear"][1]
    assert shares["deviatoric"][1] > 2 * shares["deviatoric"][0]
