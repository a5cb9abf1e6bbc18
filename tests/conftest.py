"""The option ``--validate``, fixed examples, and a cache of compiled kernels that belongs to one run of the tests."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: a test that fails does so for everyone. `--hypothesis-profile=default` searches anew.
settings.register_profile("mcsco", derandomize=True, deadline=None)
settings.load_profile("mcsco")

# Set before anything imports the engine, whose decorators read it. Workers of pytest-xdist inherit the variable
# and share the folder, so that a kernel is compiled once; a cache of an earlier run is never used.
_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if not _IS_WORKER:
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="mcsco-tests-")

sys.path.insert(0, str(Path(__file__).parent))  # for `import naive`


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--validate", action="store_true", help="run the slow physics validation too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--validate"):
        skip = pytest.mark.skip(reason="slow physics validation, run with --validate")
        for item in items:
            if "validate" in item.keywords:
                item.add_marker(skip)


def pytest_unconfigure() -> None:
    if not _IS_WORKER:
        shutil.rmtree(os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)
