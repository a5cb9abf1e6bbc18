"""What the mean field refuses, and how it says so; what its documentation shows."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

from mcsco.errors import InputError
from mcsco.meanfield import MeanField
from mcsco.model import presets

PAGE = Path(__file__).parents[2] / "docs" / "mean-field.md"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "pmpea"}, r"model = 'pmpea': must be a Model"),
        ({"pressure": float("nan")}, "pressure = nan GPa: must be finite"),
        ({"field": "0.1"}, "field = '0.1' kJ/mol: must be a number"),
        ({"model": presets.load("fe2fe"), "field": 0.1}, "field = 0.1 kJ/mol: acts on the distortion"),
    ],
)
def test_constructor(arguments, message):
    with pytest.raises(InputError, match=message):
        MeanField(**{"model": presets.load("pmpea"), **arguments})


@pytest.mark.parametrize("T", [0.0, -5.0, float("inf"), "300"])
def test_temperature(T):
    with pytest.raises(InputError, match="temperature = "):
        MeanField(presets.load("pmpea")).branch(T, "LS")


def test_branch_name():
    with pytest.raises(InputError, match="branch = 'ls': must be 'LS' or 'HS'"):
        MeanField(presets.load("pmpea")).branch(200.0, "ls")


@pytest.mark.parametrize("gamma", [0.0, 1.0, [0.5, 1.2]])
def test_fraction(gamma):
    with pytest.raises(InputError, match="gamma: must lie between 0 and 1"):
        MeanField(presets.load("fe2fe")).slichter_drickamer(gamma)


def test_closed_form_refuses_a_field():
    with pytest.raises(InputError, match="distorts every state"):
        MeanField(presets.load("pmpea"), field=0.1).slichter_drickamer(0.5)


@pytest.mark.parametrize("module", ["theory", "finite"])
def test_docstring_examples(module):
    results = doctest.testmod(importlib.import_module(f"mcsco.meanfield.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


def test_examples_of_the_page_print_what_the_page_says(capsys):
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names: dict = {}
    for code, shown in blocks:
        exec(code, names)
        assert capsys.readouterr().out == shown
