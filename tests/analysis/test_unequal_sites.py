"""The figure and the numbers of the page on unequal sites."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from analysis import unequal_sites


def test_figure_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unequal_sites, "DILUTIONS", (0.3,))
    monkeypatch.setattr(unequal_sites, "TEMPERATURES", np.linspace(100.0, 300.0, 21))
    figure = unequal_sites.draw()
    assert [len(axis.lines) for axis in figure.axes] == [8, 3, 7, 2]
    *steps, dilution = unequal_sites.lines()
    assert [line.split(":")[0].strip() for line in steps[1:5]] == ["heating"] * 2 + ["cooling"] * 2
    assert dilution == "dilution 0.3: 199.43 / 200.49 K"
