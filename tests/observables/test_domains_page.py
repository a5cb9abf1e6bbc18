"""The example of docs/domains.md runs and shows what the page says."""

import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[2] / "docs" / "domains.md"


def test_example():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    growth, found = names["growth"], names["found"]
    assert 0.2 < growth.value < 0.7
    assert 0 < growth.error < 0.1
    assert growth.n_effective == 6
    assert np.all(np.diff(names["R"].mean(axis=0)) > 0)
    assert found.HS.fraction > 0.95
    assert 0 < found.eta.wall_density < 0.3
    assert found.eta.walls.fraction(0.0) + found.eta.walls.fraction(90.0) < 1
    assert names["part"].sum() > 0.999
