"""Philox against its published answers and a twin; streams; normal deviates."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit, uint32
from scipy import stats

from mcsco.engine import random_numbers
from mcsco.engine.random_numbers import BLOCK, FIELDS, ORDER, SITES, TIES, fill_words, make_key, philox, when

# Known answers of Random123 (Salmon et al., DOI 10.1145/2063384.2063405), file kat_vectors: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

WORD = st.integers(0, 2**32 - 1)


@njit
def call_philox(x0, x1, x2, x3, k0, k1):
    return philox(x0, x1, x2, x3, k0, k1)


@njit
def call_fill_words(words, n, where, c2, c3, k0, k1):
    fill_words(words, n, where, c2, c3, uint32(k0), uint32(k1))


@njit
def call_normal_pairs(out, sweep, stream, k0, k1):
    c2, c3 = when(sweep, stream)
    for i in range(out.shape[0]):
        out[i, 0], out[i, 1] = random_numbers.normal_pair(i % 1000, i // 1000, c2, c3, uint32(k0), uint32(k1))


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    assert tuple(int(word) for word in call_philox(*counter, *key)) == answer
    assert tuple(int(word) for word in naive.philox(counter, key)) == answer


@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_twin_of_philox(counter, key):
    assert [int(w) for w in call_philox(*counter, *key)] == [int(w) for w in naive.philox(counter, key)]


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(1, 400), where=st.integers(0, 2**32 - 1), sweep=st.integers(0, 2**56 - 1), key=st.tuples(WORD, WORD)
)
def test_word_j_depends_on_j_and_the_counter_only(n, where, sweep, key):
    c2, c3 = when(sweep, TIES)
    assert (int(c2), int(c3)) == naive.when(sweep, naive.TIES)
    words = np.zeros(-(-n // BLOCK) * BLOCK, dtype=np.uint32)
    longer = np.zeros(512, dtype=np.uint32)
    call_fill_words(words, n, where, c2, c3, *key)
    call_fill_words(longer, 512, where, c2, c3, *key)
    assert np.array_equal(words[:n], longer[:n])
    assert np.array_equal(words[:n], naive.words(n, where, sweep, naive.TIES, key))


def test_words_of_a_string_are_all_different_counters():
    """With the identity instead of Philox the words of a string would be a permutation of its counters."""
    words = naive.words(4096, 5, 9, naive.SITES, (1, 2))
    assert len(np.unique(words)) > 4090  # 4096 draws of 32 bits: 0.002 coincidences expected


def test_streams_and_sweeps_never_share_a_counter():
    sweeps = [0, 1, 2**24, 2**32 - 1, 2**32, 2**32 + 1, 2**40, 2**56 - 1]
    counters = {
        tuple(int(c) for c in when(sweep, stream)) for sweep in sweeps for stream in (SITES, TIES, FIELDS, ORDER)
    }
    assert len(counters) == 4 * len(sweeps)


def test_keys_differ_between_seeds_and_paths_and_repeat():
    keys = [tuple(make_key(seed, *path)) for seed in (0, 1, 2**40) for path in ((), (0,), (1,), (0, 1), (1, 0))]
    assert len(set(keys)) == len(keys)
    assert np.array_equal(make_key(3, 1), make_key(3, 1))
    assert make_key(3, 1).dtype == np.uint32


@pytest.fixture(scope="module")
def deviates():
    out = np.empty((500_000, 2))
    call_normal_pairs(out, 12345, FIELDS, *(int(k) for k in make_key(8, 0)))
    return out


def test_normal_deviates_are_normal(deviates):
    for column in deviates.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
        n = len(column)
        # Moments 1 to 6: 0, 1, 0, 3, 0, 15, with variances μ_2k − μ_k².
        double_factorial = [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395]
        for k in range(1, 7):
            exact, variance = double_factorial[k], double_factorial[2 * k] - double_factorial[k] ** 2
            assert abs(np.mean(column**k) - exact) < 4.5 * np.sqrt(variance / n)


def test_normal_deviates_reach_the_tails(deviates):
    for bound in (3.0, 4.0):
        expected = 2 * stats.norm.sf(bound) * deviates.size
        assert stats.poisson.sf(np.sum(np.abs(deviates) > bound), expected) > 1e-4
        assert stats.poisson.cdf(np.sum(np.abs(deviates) > bound), expected) > 1e-4


def test_normal_deviates_are_independent(deviates):
    g0, g1 = deviates.T
    for a, b in ((g0, g1), (g0[:-1], g0[1:]), (g0[:-1000], g0[1000:]), (g0**2 - 1, g1**2 - 1)):
        assert abs(np.mean(a * b)) / (a.std() * b.std()) < 4.5 / np.sqrt(len(a))


def test_twin_of_the_normal_deviates(deviates):
    key = [int(k) for k in make_key(8, 0)]
    for p in (0, 7):
        g0, g1 = naive.normals(1000, p, 12345, key)
        np.testing.assert_allclose(
            deviates[1000 * p : 1000 * (p + 1)], np.stack([g0, g1], axis=1), rtol=1e-11, atol=1e-12
        )
