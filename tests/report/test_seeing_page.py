"""The examples of docs/seeing.md run one after another and write what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "seeing.md"


def test_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 7
    names: dict = {}
    for block in blocks:
        exec(block, names)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"twins.png", "twins.pdf", "quench.webp", "quench.gif", "quench.vtkhdf", "quench.xyz"}
    taken, maps = names["taken"], names["maps"]
    assert taken[-1].sweep == 400
    assert len(taken) > 10
    for name in ("quench.webp", "quench.gif"):
        with Image.open(name) as movie:
            assert movie.n_frames == len(taken)
    # Twins: the shear is that of the domains in most of the crystal, although its mean is small.
    assert abs(maps.homogeneous_strain[0, 1]) < 0.6 * 0.02704
    assert np.median(np.abs(maps.strain[..., 0, 1])) == pytest.approx(0.02704, rel=0.1)
    assert np.median(np.abs(maps.stress[..., 0, 1])) < 0.25 * np.abs(maps.stress[..., 0, 1]).max()
    assert names["found"].integrated > 0.6
    assert names["found"].intensity < 0.5
