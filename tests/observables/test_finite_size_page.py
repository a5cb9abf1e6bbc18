"""The example of docs/finite_size.md runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "finite_size.md"


def test_example():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    pair = names["scaling"].crossings()[-1]
    assert abs(pair.at.value - 226.92) < 4 * pair.at.error < 40
    assert names["verdict"].order == "cannot be decided"
