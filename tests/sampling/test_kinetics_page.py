"""The example of docs/kinetics.md runs and shows what the page says."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "kinetics.md"


def test_example(capsys):
    text = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    names: dict = {}
    exec(code, names)
    # a trajectory is the same on one machine; another may round an exponential differently
    assert capsys.readouterr().out.splitlines()[:-1] == shown.splitlines()[:-1]
    found = names["observables"].relaxation_temperature(names["quenched"], leg=1)
    assert abs(found.value - 65.0) < 4 * found.error
