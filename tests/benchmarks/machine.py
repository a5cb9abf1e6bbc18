"""What the benchmarks ran on, and programs run in a fresh interpreter."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import llvmlite.binding as llvm

HERE = Path(__file__).resolve().parent


def n_cpus():
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine():
    """CPU, load and versions, as text."""
    flags = llvm.get_host_cpu_features()
    wide = next((name for name in ("avx512f", "avx2", "avx", "sse4.2", "neon") if flags.get(name)), "none known")
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    versions = ", ".join(
        f"{name} {_version(name)}" for name in ("mcsco", "numba", "llvmlite", "numpy", "mcising", "peapods")
    )
    return (
        f"CPU: {_cpu_model()} ({llvm.get_host_cpu_name()} to LLVM, {wide}), {n_cpus()} usable\n"
        f"Load average at the end (1, 5, 15 min): {load}\n"
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {versions}"
    )


def run_python(program, *args, **environment):
    """Run a program of this folder in a new interpreter and return the JSON of its last line."""
    env = {**os.environ, **environment}
    command = [sys.executable, str(HERE / program), *args]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _cpu_model():
    info = Path("/proc/cpuinfo")
    if info.exists():
        values = dict(line.split(":", 1) for line in info.read_text().split("\n\n")[0].splitlines() if ":" in line)
        table = {key.strip(): value.strip() for key, value in values.items()}
        if "model name" in table:
            return f"{table['model name']}, family {table.get('cpu family')} model {table.get('model')}"
    return platform.processor() or platform.machine()


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
