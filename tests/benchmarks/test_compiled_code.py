"""The compiled kernels: that their loops are vector code, and that CPUs without AVX-512 compute the same."""

import platform
from math import hypot

import llvmlite.binding as llvm
import pytest
from machine import run_python

x86_only = pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"} or not llvm.get_host_cpu_features().get("avx2"),
    reason="reads the assembly of x86 CPUs with AVX2",
)


@x86_only
def test_loops_are_vectorised(tmp_path, show):
    compiled = run_python("kernel_assembly.py", NUMBA_CACHE_DIR=str(tmp_path))
    loops = compiled["loops"]
    philox = [loop for loop in loops if loop["philox"] >= 20]  # ten rounds of two products
    update = [loop for loop in loops if loop["packed float"] >= 8]  # the logarithm alone has nine products
    show(
        f"Vector loops of the lattice kernel: {sum(loop['wide'] > 0 for loop in loops)}, of which "
        f"{len(philox)} for Philox with {[loop['philox'] for loop in philox]} wide products and "
        f"{len(update)} for updates with {[loop['packed float'] for loop in update]} packed float products; "
        f"{sum(loop['zmm'] for loop in loops)} zmm instructions"
    )
    assert compiled["signatures"] == 1
    assert len(philox) >= 2, "one for three states, one for plain spins"
    assert len(update) >= 2, "one for Metropolis, one for heat bath"
    for loop in philox + update:
        assert loop["scalar float"] == 0
    assert not any(loop["calls"] for loop in loops if loop["wide"])
    # Updates are in single precision, so a call of theirs would be to exp2f and the like; double precision is for the
    # few numbers of a whole pass.
    assert not [name for name in compiled["libm"] if name.endswith("f")]


@x86_only
@pytest.mark.parametrize("cpu", ["haswell", "nehalem"])
def test_other_cpus_compute_the_same(tmp_path, show, cpu):
    native = run_python("small_run.py", NUMBA_CACHE_DIR=str(tmp_path / "native"))
    other = run_python("small_run.py", NUMBA_CACHE_DIR=str(tmp_path / cpu), NUMBA_CPU_NAME=cpu, NUMBA_CPU_FEATURES="")
    lines = [f"Code for {cpu} on this CPU       ns      native ns   time ratio   same trajectory"]
    for name, here in native.items():
        there = other[name]
        same = there["digest"] == here["digest"]
        lines.append(
            f"{name:<25} {there['ns']:9.3f} {here['ns']:13.3f} {there['ns'] / here['ns']:10.1f} x {same!s:>17}"
        )
        assert abs(there["gamma"] - here["gamma"]) <= 4 * hypot(there["error"], here["error"]), name
    show("\n".join(lines))
