"""The study of Landau extraction: exact surfaces, tables, statements, files, and what is refused."""

import json
import math

import numpy as np
import pytest
import xarray
from click.testing import CliRunner

from analysis import landau_extraction as study
from mcsco import MeanField, presets
from mcsco.errors import InputError
from mcsco.landau import Surface, Window, fit_surface
from mcsco.report import draw_landau_fit

MODEL = presets.load("pmpea-volume")


@pytest.fixture(scope="module")
def surface():
    exact = study.exact_surface(MODEL, 100, study.TEMPERATURES, 4)
    return study.without_counting(study.visited(exact, 400, seed=2), distorts=True)


def call(*arguments):
    return CliRunner().invoke(study.main, [str(argument) for argument in arguments])


def write(surface, path):
    dims = ("temperature", "q", "eta")
    xarray.Dataset(
        {"free_energy": (dims, surface.free_energy), "free_energy_error": (dims, surface.error)},
        {"temperature": surface.temperature, "q": surface.q, "eta": surface.eta},
        {"n_sites": surface.n_sites},
    ).to_netcdf(path, engine="h5netcdf")


def test_the_exact_surface_without_counting_is_the_mean_field():
    found = study.without_counting(study.exact_surface(MODEL, 60, (220.0, 230.0), 2), distorts=True)
    T = found.temperature[:, np.newaxis, np.newaxis]
    off = found.free_energy - MeanField(MODEL).free_energy(found.q[:, np.newaxis], found.eta, T)
    assert np.nanmax(off, axis=(1, 2)) == pytest.approx(np.nanmin(off, axis=(1, 2)), abs=1e-12)


def test_the_surface_shows_the_maxwell_point_of_the_mean_field():
    theory = MeanField(MODEL)
    fine = study.without_counting(study.exact_surface(MODEL, 400, study.TEMPERATURES, 4), distorts=True)
    found, exact = study.of_surface(fine), study.of_mean_field(theory)
    assert found["T_M"] == pytest.approx(exact["T_M"], abs=0.3)
    assert found["barrier at T_M"] == pytest.approx(exact["barrier at T_M"], rel=0.05)
    assert study.of_surface(study.exact_surface(MODEL, 100, (300.0, 310.0), 4)) == {}


def test_noise_has_the_errors_that_it_is_given():
    exact = study.exact_surface(MODEL, 100, (225.0,), 4)
    noisy = study.visited(exact, 100, seed=3)
    z = (noisy.free_energy - exact.free_energy) / noisy.error
    assert np.nanstd(z) == pytest.approx(1.0, abs=0.1)
    assert noisy.error[0, 0, 0] == pytest.approx(0.008314462618 * 225 / 100 / 10)


def test_small_windows_are_described_and_large_ones_are_not(surface):
    found = {case.name: case for case in study.cases(surface, {}, n_draws=4)}
    assert found["box 0.2"].fit.describes
    assert not found["everything"].fit.describes
    valley, everything = (
        abs(found[n].predictions.values["T_M"].value - 226.314) for n in ("valley 0.1 kJ/mol", "everything")
    )
    assert valley < 3.0 < everything
    text = "\n".join(study.statements(list(found.values()), {"mean field": study.of_mean_field(MeanField(MODEL))}))
    assert "everything: eq. (3) does not describe the surface" in text
    assert "box 0.2: eq. (3) describes the surface" in text


def test_command_on_a_file(surface, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "BOXES", (0.3,))
    monkeypatch.setattr(study, "DEPTHS", (0.1,))
    write(surface, tmp_path / "surface.nc")
    answer = call(
        tmp_path / "surface.nc",
        "--preset",
        "pmpea-volume",
        "--no-counting",
        "-o",
        tmp_path,
        "--fix",
        "a0=0",
        "--draws",
        5,
        "--json",
    )
    assert answer.exit_code == 0, answer.output
    content = json.loads(answer.stdout)
    assert [entry["window"] for entry in content["fits"]] == ["box 0.3", "valley 0.1 kJ/mol", "everything"]
    assert content["references"]["mean field"]["T_up"] == pytest.approx(235.0, abs=1e-3)
    for entry in content["fits"]:
        assert entry["coefficients"]["a0"] == [0.0, 0.0, "kJ/(mol K)"]
    table = (tmp_path / "landau_extraction.md").read_text(encoding="utf-8")
    assert "| **mean field** |" in table
    assert "| **surface, no fit** |" in table
    assert (tmp_path / "everything.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.nc"], "cannot be read as netCDF"),
        (["--fix", "a0"], "must be NAME=VALUE"),
        (["--preset", "nothing"], "unknown; known are"),
        (["--preset", "pmpea-nn"], "infinite range only"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path):
    answer = call(*arguments, "-o", tmp_path / "out")
    assert answer.exit_code == 2
    (line,) = answer.stderr.strip().splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_the_counting_term_needs_the_size():
    with pytest.raises(InputError, match="n_sites of the surface is unknown"):
        study.without_counting(Surface([225.0], [-0.5, 0.5], [0.0], np.zeros((1, 2, 1))), distorts=True)


def test_the_figure_shows_data_fit_and_residuals(surface):
    fit = fit_surface(surface, Window(depth=0.2))
    figure = draw_landau_fit(fit, "title")
    panels = figure.axes
    assert [axes.get_title(loc="left")[0] for axes in panels if axes.get_title(loc="left")] == list("abcdef")
    middle = panels[0]
    T = surface.temperature[3]
    assert middle.get_title(loc="left") == f"a  {T:g} K"
    points = middle.containers[0].lines[0]
    q, row = points.get_xdata()[0], points.get_ydata()[0]
    lowest = surface.free_energy[3][fit.used[3]].min()
    eta = float(middle.containers[0].get_label().split("=")[1])
    i, j = np.argmin(np.abs(surface.q - q)), np.argmin(np.abs(surface.eta - eta))
    assert row == pytest.approx(surface.free_energy[3, i, j] - lowest)
    image = panels[4].collections[0].get_array()
    drawn = np.ma.filled(image, np.nan).reshape(surface.eta.size, surface.q.size)
    np.testing.assert_allclose(drawn.T, fit.standardised_residuals()[3])


def test_the_figure_of_a_surface_without_errors(surface):
    plain = Surface(surface.temperature, surface.q, surface.eta, surface.free_energy)
    figure = draw_landau_fit(fit_surface(plain, Window(q=(-0.3, 0.3), eta_max=0.3)))
    assert any("J/mol" in axes.get_ylabel() for axes in figure.axes)
    assert math.isnan(fit_surface(plain).solution.chi2)


def test_a_simulated_loop_stands_beside_the_predictions(monkeypatch, tmp_path):
    from analysis import against_landau
    from mcsco.observables import Estimate
    from mcsco.report import Row

    nan = math.nan
    rows = [Row(f"T_{x} (q)", "K", Estimate(T, 0.1), nan, nan, nan) for x, T in (("up", 234.4), ("down", 220.6))]
    monkeypatch.setattr(against_landau, "loop_rows", lambda path: rows)
    assert study.of_run(tmp_path) == {"T_up": 234.4, "T_down": 220.6}
    table = study.prediction_table([], {"simulation": study.of_run(tmp_path)})
    assert "| **simulation** | | | | | 220.60 | 234.40 | – | – |" in table
