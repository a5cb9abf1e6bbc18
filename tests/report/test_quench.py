"""Table and figure of quenches: with and without snapshots, distortions and a third dimension."""

import warnings

import numpy as np
import pytest

from mcsco import campaign
from mcsco.observables import snapshot_lengths, snapshot_statistics
from mcsco.report import compare, draw_quench
from mcsco.report.quench import domain_lengths, growth_of

QUENCH = """
[model]
shape = {shape}
spin = {{enthalpy = {enthalpy}, entropy = 66.5}}
{distortion}
[[model.interactions]]
kind = "nearest-neighbours"
{coupling} = 1.0
[protocol]
kind = "quench"
temperature = {temperature}
sweeps = {sweeps}
[run]
replicas = 3
start = "{start}"
snapshots = {snapshots}
"""

PLAIN = {
    "shape": [64, 64],
    "enthalpy": 4.0,
    "distortion": 'distortion = {kind = "order-disorder"}',
    "coupling": "distortion",
    "temperature": 180.0,
    "sweeps": 60,
    "start": "HS",
    "snapshots": 8,
}


@pytest.fixture(scope="module")
def run():
    """Configuration and dataset of a quench that differs from `PLAIN` by the given values."""

    def make(**changes):
        config = campaign.parse_config(QUENCH.format(**PLAIN | changes))
        return config, campaign.execute(config, threads=1)

    return make


def test_rows_are_the_domains_of_the_last_snapshot(run):
    config, dataset = run()
    rows = {row.quantity: row for row in compare(config, dataset)}
    end = snapshot_statistics(dataset).isel(snapshot=-1).sel(field="eta")
    R = snapshot_lengths(dataset, "eta", "none")[:, -1]
    for name, values in {
        "γ after 60 MCS": dataset["gamma"].values[:, -1],
        "|η| after 60 MCS": np.abs(dataset["eta"].values[:, -1]),
        "R (η) after 60 MCS": R,
        "wall length (η) per molecule": end["wall_length"].values,
        "walls along the axes (η), to 10°": end["wall_share"].values.sum(axis=-1),
    }.items():
        assert rows[name].simulation.value == pytest.approx(values.mean())
        assert rows[name].simulation.error == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert not any("(γ)" in name for name in rows)  # HS throughout: spins have no domains


def test_without_snapshots_only_the_series_is_left(run):
    config, dataset = run(snapshots=0)
    assert [row.quantity for row in compare(config, dataset)] == ["γ after 60 MCS", "|η| after 60 MCS"]
    assert len(draw_quench(config, dataset).axes) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"snapshots": 1},
        {"shape": [16, 16, 16], "temperature": 300.0},
        {"distortion": "", "coupling": "spin", "start": "random", "enthalpy": 13.0},
        {"enthalpy": 13.0, "start": "random"},
        {"start": "HS+"},
        {"temperature": 20.0, "sweeps": 400, "shape": [8, 8]},
        {"start": "LS", "enthalpy": 40.0},
    ],
    ids=["domains", "one snapshot", "3-D", "plain spins", "mixed", "one variant", "one domain", "all LS"],
)
def test_every_kind_of_quench_is_drawn(run, changes, tmp_path):
    config, dataset = run(**changes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_quench(config, dataset).savefig(tmp_path / "quench.png", dpi=40)
        rows = compare(config, dataset)
    assert (tmp_path / "quench.png").stat().st_size > 1000
    assert rows[0].quantity.startswith("γ after")


def test_a_preferred_variant_takes_the_mean_off(run):
    """Else R of a single domain would be that of its mean, far beyond the crystal."""
    config, dataset = run(start="HS+")
    R = domain_lengths(config, dataset, "eta")
    np.testing.assert_allclose(R, snapshot_lengths(dataset, "eta", "each"))
    config, dataset = run()
    np.testing.assert_allclose(domain_lengths(config, dataset, "eta"), snapshot_lengths(dataset, "eta", "none"))


def test_the_fit_leaves_out_formation_and_the_size_of_the_crystal():
    time = np.array([1, 3, 10, 30, 50, 100, 200, 400, 1000, 2000])
    R = np.array([[1.0], [1.1]]) * 2.0 * np.sqrt(time)
    R[:, :3] = 5.0  # formation
    found = growth_of(time, R, 300)  # R = 50 is reached at 520 MCS by the larger one
    assert found.window == pytest.approx((30, 400))
    assert found.value == pytest.approx(0.5)
    assert growth_of(time, R, 120) is None
    assert growth_of(time, R[:, ::-1], 300) is None  # domains that shrink
    R[0, 5] = np.nan
    assert growth_of(time, R, 300) is None  # never across a gap
