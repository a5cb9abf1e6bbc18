"""Where a result comes from: enough to repeat it, and to know on what it was made."""

import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import mcsco

_PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "xarray", "h5netcdf")


@cache
def git_commit() -> str:
    """Commit of the source tree with ``-dirty`` if it was changed, or ``unknown`` for an installed package."""
    root = Path(mcsco.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return "unknown"
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _program() -> str:
    path = Path(sys.argv[0])
    return f"python -m {path.parent.name}" if path.name == "__main__.py" else path.name


def provenance(began: float, seconds: float, site_updates: int) -> dict[str, str | float | int]:
    """Attributes of a result file; `began` is the start in seconds since the epoch, `seconds` the time at work."""
    return {
        "mcsco_version": mcsco.__version__,
        "mcsco_commit": git_commit(),
        "format_version": 1,
        "python_version": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "host": platform.node(),
        "machine": f"{platform.system()} {platform.machine()}",
        "command": " ".join([_program(), *sys.argv[1:]]),
        "started": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "ended": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "wall_time_s": round(seconds, 3),
        "site_updates": site_updates,
        "site_updates_per_s": site_updates / max(seconds, 1e-9),
    }
