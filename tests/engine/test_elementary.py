"""The polynomial log2 and exp2 over their whole range, against NumPy in double precision."""

import numpy as np
import pytest
from numba import njit

from mcsco.engine import elementary


@njit
def log2(x, out):
    for i in range(x.size):
        out[i] = elementary.log2(x[i])


@njit
def exp2(x, out):
    for i in range(x.size):
        out[i] = elementary.exp2_negative(x[i])


def apply(function, x):
    out = np.empty_like(x)
    function(x, out)
    assert out.dtype == np.float32
    return out.astype(np.float64)


@pytest.fixture(scope="module")
def positive():
    """A million floats spread evenly over the bit patterns of all positive normal numbers, and every corner."""
    bits = np.linspace(0x00800000, 0x7F7FFFFF, 1_000_003).astype(np.int32)
    near_one = np.arange(0x3F800000 - 200_000, 0x3F800000 + 200_000, dtype=np.int32)
    two_thirds = np.arange(0x3F2AAAAB - 100, 0x3F2AAAAB + 100, dtype=np.int32)
    return np.concatenate([bits, near_one, two_thirds]).view(np.float32)


def test_log2(positive):
    exact = np.log2(positive.astype(np.float64))
    error = np.abs(apply(log2, positive) - exact)
    assert np.all(error <= 2.5e-7 * np.maximum(np.abs(exact), np.abs(positive.astype(np.float64) - 1)) + 1e-38)


def test_log2_is_exact_at_powers_of_two():
    powers = np.arange(-126, 128)
    assert np.array_equal(apply(log2, np.float32(2.0) ** powers.astype(np.float32)), powers)


def test_log2_never_decreases(positive):
    found = apply(log2, np.sort(positive))
    assert np.min(np.diff(found)) > -1e-5
    assert np.min(np.diff(found) / np.maximum(np.abs(found[1:]), 0.1)) > -3e-7


def test_exp2():
    x = np.concatenate([-np.geomspace(1e-30, 126.0, 500_000), -np.linspace(0.0, 126.0, 500_000)]).astype(np.float32)
    exact = np.exp2(x.astype(np.float64))
    assert np.max(np.abs(apply(exp2, x) / exact - 1)) < 2.5e-7


def test_exp2_at_the_ends():
    x = np.array([0.0, -0.0, -1.0, -126.0, -126.5, -1e4, -3e38, -np.inf], dtype=np.float32)
    assert apply(exp2, x).tolist() == [1.0, 1.0, 0.5, *[2.0**-126] * 5]
