"""The example of docs/statistics.md runs and shows what the page says."""

import math
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"


def test_example():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    assert names["mean"].tau == pytest.approx(9.5, rel=0.15)
    assert abs(names["mean"].value - 0.8) < 4 * names["mean"].error
    assert abs(names["chi"].value - 4096 * 0.05**2 / 250) < 4 * names["chi"].error
    assert math.isnan(names["too_short"].error)
    assert "50 autocorrelation times" in names["too_short"].reason
