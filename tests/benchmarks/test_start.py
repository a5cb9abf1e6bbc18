"""Import, cold start and warm start, each in a fresh interpreter."""

from statistics import median

import pytest
from machine import n_cpus, run_python


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.skipif(n_cpus() < 2, reason="one CPU"))])
def test_cold_and_warm_start(tmp_path, show, threads):
    cold = run_python("first_result.py", str(threads), NUMBA_CACHE_DIR=str(tmp_path))
    warm = [run_python("first_result.py", str(threads), NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(5)]
    first = median(run["first sweep"] for run in warm)
    show(
        f"First sweep of three-state 512², {threads} thread(s), from the start of Python, wall (CPU) time: "
        f"cold {cold['first sweep']:.2f} ({cold['cpu']:.2f}) s, "
        f"warm {first:.2f} ({median(run['cpu'] for run in warm):.2f}) s; "
        f"import mcsco alone {median(run['import'] for run in warm):.3f} s"
    )
    assert all(run["light"] for run in warm), "import mcsco loads numba"
    assert cold["cpu"] > 2 * min(run["cpu"] for run in warm), "the second start found no compiled kernel"
