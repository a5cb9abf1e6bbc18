"""Benchmarks run only when this folder is named on the command line; their tables close the report."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

_TABLES = pytest.StashKey[list[str]]()


def _is_named(config):
    given = (Path(config.invocation_params.dir, str(arg).split("::")[0]).resolve() for arg in config.args)
    return any(path == HERE or HERE in path.parents for path in given)


def pytest_ignore_collect(collection_path, config):
    """Leave the default run alone: it takes no minutes, and needs no peers."""
    return None if _is_named(config) else True


@pytest.fixture
def show(pytestconfig):
    """A function that keeps a table for the end of the report, and for the file that MCSCO_BENCHMARK_REPORT names."""
    return pytestconfig.stash.setdefault(_TABLES, []).append


def pytest_terminal_summary(terminalreporter, config):
    """Print every table; pytest hides what a passing test prints."""
    tables = config.stash.get(_TABLES, [])
    if not tables:
        return
    from machine import describe_machine

    text = "\n\n".join([describe_machine(), *tables])
    terminalreporter.section("mcsco performance")
    terminalreporter.write_line(text)
    target = os.environ.get("MCSCO_BENCHMARK_REPORT")
    if target:
        Path(target).write_text(text + "\n", encoding="utf-8")
