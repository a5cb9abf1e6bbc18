"""The map of phases: areas where the theory has them, symbols where something was measured."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from mcsco import InputError, landau
from mcsco.observables import Estimate, Sequences, phase_sequence
from mcsco.report import draw_phase_map
from mcsco.report.phase_map import PHASES

T = np.arange(205.0, 250.0, 0.05)


def sequence(B, along="heating"):
    t = T if along == "heating" else T[::-1]
    return phase_sequence(t, *replace(landau.source_paper(), B=B).follow(t, along))


@pytest.mark.parametrize("along", ["heating", "cooling"])
def test_areas_are_the_phases_of_the_theory(along):
    theory = {B: sequence(B, along) for B in (0.0, 4.0)}
    figure = draw_phase_map(theory, temperature=(205.0, 250.0), parameter="B")
    areas = [(c.get_facecolor()[0], c.get_paths()[0].vertices[:, 1]) for c in figure.axes[0].collections]
    expected = [to_rgba(PHASES[name]) for name in ("LShs", "HSls")] * 2
    assert [tuple(colour) for colour, _ in areas] == expected
    boundary = theory[0.0].changes[0].temperature
    assert (areas[0][1].min(), areas[0][1].max()) == pytest.approx((205.0, boundary))
    assert (areas[1][1].min(), areas[1][1].max()) == pytest.approx((boundary, 250.0))


def test_measured_changes_are_symbols_with_errors():
    found = Sequences(1, "simultaneous", 1.0, ("LShs", "HSls"), (Estimate(233.0, 0.5),), (1,))
    figure = draw_phase_map(
        {B: sequence(B) for B in (0.0, 4.0)},
        {0.0: found, 4.0: sequence(4.0)},
        temperature=(205.0, 250.0),
        parameter="B",
    )
    axes = figure.axes[0]
    assert [float(c.lines[0].get_ydata()[0]) for c in axes.containers] == pytest.approx([233.0, 235.0], abs=0.05)
    assert axes.containers[0].lines[2][0].get_segments()[0][:, 1] == pytest.approx([232.5, 233.5])


def test_one_value_makes_no_map():
    with pytest.raises(InputError, match="at least 2"):
        draw_phase_map({0.0: sequence(0.0)}, temperature=(205.0, 250.0), parameter="B")
