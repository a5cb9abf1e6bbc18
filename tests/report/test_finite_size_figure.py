"""Figures of finite-size scaling show what they were given."""

import numpy as np
import pytest

from mcsco.observables import Bimodality, Curves, FiniteSizeScaling
from mcsco.observables.bimodality import read_bimodality
from mcsco.observables.combined_holds import Distribution
from mcsco.observables.tricritical import Line
from mcsco.report.finite_size import draw_finite_size, draw_lines

x = np.linspace(90.0, 110.0, 41)


@pytest.fixture
def scaling() -> FiniteSizeScaling:
    rng = np.random.default_rng(5)
    curves, peaks = [], []
    for L in (8, 16, 32):
        t = (x - 101.0) * L / 400
        eta2 = L**-0.25 * np.exp(-1.5 * t) * (1 + 1e-3 * rng.normal(size=(21, 1)))
        binder = 0.4 - 0.2 * np.tanh(t) + 1e-3 * rng.normal(size=(21, 1))
        moments = {"eta2": eta2, "eta4": 3 * (1 - binder) * eta2**2, "eta_abs": 0.95 * np.sqrt(eta2)}
        moments |= {"energy": np.tile(-x, (21, 1)), "energy2": np.tile(x**2 + 1 / L**2, (21, 1))}
        zero = np.zeros_like(x)
        curves.append(Curves(L**2, 2, x, zero, zero, moments, np.full(41, 1e5)))
        e = np.linspace(-1.0, 0.0, 30)
        P = np.exp(-L * (e + 0.5) ** 2)[None] * np.ones((21, 1))
        peaks.append(read_bimodality(Distribution(e, P, 1e4), 101.0))
    assert isinstance(peaks[0], Bimodality)
    return FiniteSizeScaling(curves, bimodalities=peaks)


def test_panels_of_crossing_collapse_and_distribution(scaling):
    figure = draw_finite_size(scaling, unit=100.0, expected=1.01, expected_binder=0.4, reach=0.8)
    crossing, collapsed, density = figure.axes
    assert [text.get_text() for text in crossing.get_legend().get_texts()] == ["L = 8", "L = 16", "L = 32"]
    np.testing.assert_allclose(crossing.lines[0].get_ydata(), scaling.curves[0].quantity("binder")[0])
    assert crossing.lines[3].get_xdata() == [1.01, 1.01]
    # All sizes within a common range of scaled points, and on one curve.
    points = [line.lines[0].get_xydata() for line in collapsed.containers]
    assert len(points) == 3
    assert np.ptp([p[np.abs(p[:, 0]).argmin(), 1] for p in points]) < 0.03
    assert density.get_yscale() == "log"
    assert "\\nu" in collapsed.texts[0].get_text()


def test_lines_have_bands_of_errors():
    rng = np.random.default_rng(1)
    lines = {
        float(s): Line(s, x, np.ones((21, x.size)), 1 - s * (x - 100) / 100 + 0.01 * rng.normal(size=(21, 1)))
        for s in (1, 2)
    }
    axes = draw_lines(lines, 100.0, 1.0, "barrier", 1.0).axes[0]
    assert len(axes.collections) == 2
    assert axes.get_ylabel() == "barrier"
    assert axes.get_legend().get_title().get_text() == "size"
