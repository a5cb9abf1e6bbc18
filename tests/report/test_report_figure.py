"""What stands in the figure, read back from its artists."""

import warnings
from functools import cache

import numpy as np
import pytest

from mcsco import MeanField, campaign, landau, report
from mcsco.observables import Measured
from mcsco.report.style import COOLING, HEATING, HOLD, LANDAU, MEAN_FIELD, MEASURED

ALL = ("loop", "gradual", "plain", "heating", "cooling", "hold", "holds", "short", "instant")

MEASURED_CURVE = Measured(np.array([200.0, 225.0, 250.0]), np.array([0.5, 2.0, 3.5]), np.zeros(3, dtype=np.int64), (1,))


def lines(axes, colour, dashed=None):
    """Lines of a colour; solid or dashed ones only, if asked for."""
    found = [line for line in axes.lines if line.get_color() == colour]
    return [line for line in found if dashed is None or line.is_dashed() == dashed]


def labels(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


@pytest.fixture(scope="module")
def draw(configuration, series):
    """The figure of a run, by its name, drawn once."""

    @cache
    def figure(name):
        config = configuration(name)
        return report.draw_thermal_loop(config, series(config), MEASURED_CURVE if name == "loop" else None)

    return figure


@pytest.mark.parametrize("name", ALL)
def test_every_kind_of_run_is_drawn_and_written(configuration, series, tmp_path, name):
    config = configuration(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = report.draw_thermal_loop(config, series(config))
        paths = report.save_figure(campaign.RunDirectory(tmp_path), figure)
    assert [path.name for path in paths] == ["thermal_loop.png", "thermal_loop.svg"]
    assert all(path.stat().st_size > 5000 for path in paths)


def test_mean_field_lines_are_the_branches(draw, configuration):
    above, below = draw("loop").axes
    theory = MeanField(configuration("loop").model.build())
    for which, gamma_line, eta_line in zip(
        ("LS", "HS"), lines(above, MEAN_FIELD, False), lines(below, MEAN_FIELD, False), strict=True
    ):
        T = gamma_line.get_xdata()
        np.testing.assert_array_equal(T, np.linspace(200, 250, T.size))
        q, eta = np.transpose([theory.branch(float(t), which) for t in T])
        np.testing.assert_allclose(gamma_line.get_ydata(), (1 + q) / 2, rtol=1e-12)
        np.testing.assert_allclose(eta_line.get_ydata(), np.abs(eta), rtol=1e-12)
    T_down, T_up = theory.spinodals()
    (gamma_line,), (eta_line,) = (lines(axes, MEAN_FIELD, True) for axes in (above, below))
    assert gamma_line.get_xdata()[[0, -1]] == pytest.approx([T_down, T_up])
    q, eta = theory.saddle(float(gamma_line.get_xdata()[9]))
    assert gamma_line.get_ydata()[9] == pytest.approx((1 + q) / 2)
    assert eta_line.get_ydata()[9] == pytest.approx(abs(eta))


def test_landau_lines_are_the_branches_on_the_scale_of_eta(draw):
    above, below = draw("loop").axes
    potential = landau.load("source-paper")
    for which, gamma_line, eta_line in zip(("LS", "HS"), lines(above, LANDAU), lines(below, LANDAU), strict=True):
        q, eta = potential.branch(gamma_line.get_xdata(), which)
        np.testing.assert_allclose(gamma_line.get_ydata(), (1 + q) / 2, rtol=1e-12)
        np.testing.assert_allclose(eta_line.get_ydata() * potential.branch(235.0, "HS")[1], np.abs(eta), rtol=1e-12)
    assert np.nanmax(lines(below, LANDAU)[1].get_ydata()) == pytest.approx(1.0)


def test_the_series_are_drawn_replica_by_replica(draw, configuration, series):
    config = configuration("loop")
    dataset = series(config)
    above, below = report.draw_thermal_loop(config, dataset).axes
    for index, colour in enumerate((HEATING, COOLING)):
        on = dataset["leg"].values == index
        for axes, x in ((above, dataset["gamma"].values), (below, np.abs(dataset["eta"].values))):
            drawn = lines(axes, colour)
            assert len(drawn) == config.run.replicas + 1
            for line, expected in zip(drawn, [*x[:, on], x[:, on].mean(axis=0)], strict=True):
                np.testing.assert_array_equal(line.get_xdata(), dataset["temperature"].values[on])
                np.testing.assert_array_equal(line.get_ydata(), expected)


def test_the_measured_curve_stands_on_an_axis_of_its_own(draw):
    figure = draw("loop")
    above, _ = figure.axes
    (points,) = [line for line in lines(above, MEASURED) if line.get_marker() == "o"]
    np.testing.assert_array_equal(points.get_xdata(), [200.0, 225.0, 250.0])
    np.testing.assert_allclose(points.get_ydata(), [0.0, 0.5, 1.0])
    (right,) = above.child_axes
    figure.draw_without_rendering()
    assert right.get_ylabel() == "χT (cm³ K mol⁻¹)"
    assert right.get_ylim() == pytest.approx(tuple(0.5 + 3.0 * y for y in above.get_ylim()))


def test_measured_transitions_are_ticks(draw):
    above, _ = draw("loop").axes
    ticks = [line for line in lines(above, MEASURED) if line.get_marker() != "o"]
    assert [tuple(line.get_xdata()) for line in ticks] == [(219.0, 219.0), (235.0, 235.0)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "loop",
            [
                r"Landau (b: $\eta/\eta_\mathrm{HS}$)",
                "mean field",
                "simulation, heating",
                "simulation, cooling",
                "measured transition",
                "measured χT",
            ],
        ),
        ("gradual", ["mean field", "simulation, heating", "simulation, cooling"]),
        ("heating", ["mean field", "simulation, heating"]),
        ("cooling", ["mean field", "simulation, cooling"]),
        ("hold", ["mean field", "simulation"]),
    ],
)
def test_the_legend_names_each_thing_once(draw, name, expected):
    assert labels(draw(name)) == expected


@pytest.mark.parametrize(("name", "panels"), [("loop", 2), ("gradual", 1), ("plain", 1), ("holds", 1), ("hold", 2)])
def test_eta_has_a_panel_where_there_is_one(draw, name, panels):
    figure = draw(name)
    assert len(figure.axes) == panels
    assert figure.axes[-1].get_xlabel() == "temperature (K)"


def test_a_gradual_model_has_one_line(draw, configuration):
    (axes,) = draw("gradual").axes
    (line,) = lines(axes, MEAN_FIELD)
    assert not line.is_dashed()
    T = line.get_xdata()
    assert (T[0], T[-1]) == (100.0, 300.0)
    theory = MeanField(configuration("gradual").model.build())
    gamma = [(1 + theory.equilibrium(float(t))[0]) / 2 for t in T[::40]]
    np.testing.assert_allclose(line.get_ydata()[::40], gamma, rtol=1e-9)


def test_a_loop_that_reaches_beyond_the_axes(draw):
    # Γ = 10 kJ/mol: the HS state is metastable down to T = 0.
    figure = draw(
        "model = {shape = [4, 4], spin = {enthalpy = 10.0, entropy = 50.0}, "
        'interactions = [{kind = "infinite-range", spin = 12.0}]}\n'
        'protocol = {kind = "thermal-cycle", temperature = [150, 250]}'
    )
    (line,) = lines(figure.axes[0], MEAN_FIELD, dashed=True)
    assert line.get_xdata()[0] == pytest.approx(150.0)
    assert np.isfinite(line.get_ydata()).all()


def test_holds_are_points_with_errors(configuration, series):
    config = configuration("holds")
    dataset = series(config)
    (axes,) = report.draw_thermal_loop(config, dataset).axes
    (container,) = axes.containers
    points, _, (bars,) = container
    np.testing.assert_array_equal(points.get_xdata(), [110.0, 150.0, 170.0])
    for index, (y, bar) in enumerate(zip(points.get_ydata(), bars.get_segments(), strict=True)):
        x = dataset["gamma"].values[:, dataset["leg"].values == index]
        assert y == pytest.approx(x.mean(), abs=5 * x.std() / np.sqrt(x.size))
        assert np.ptp(bar[:, 1]) / 2 == pytest.approx(x.std() / np.sqrt(x.size), rel=0.5)
    replicas = [line for line in lines(axes, HOLD) if line is not points]
    assert [line.get_ydata().size for line in replicas if line.get_marker() == "o"] == [config.run.replicas] * 3


@pytest.mark.parametrize(
    ("name", "limits"), [("loop", (200, 250)), ("cooling", (200, 250)), ("holds", (107, 173)), ("hold", (218.5, 241.5))]
)
def test_the_axes_span_the_protocol(draw, name, limits):
    figure = draw(name)
    assert figure.axes[-1].get_xlim() == pytest.approx(limits)


def test_the_caption(draw):
    assert draw("loop").axes[0].get_title(loc="left") == "8×8 molecules, 3 replicas, 8 MCS/K"
    assert draw("hold").axes[0].get_title(loc="left") == "64×64 molecules, 8 replicas"


def test_the_same_run_has_a_figure_of_the_same_bytes(configuration, series, tmp_path):
    config, directory = configuration("loop"), campaign.RunDirectory(tmp_path)
    first, again = (
        report.save_figure(directory, report.draw_thermal_loop(config, series(config), MEASURED_CURVE))[1].read_bytes()
        for _ in range(2)
    )
    assert again == first
