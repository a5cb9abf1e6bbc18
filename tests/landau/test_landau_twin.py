"""The potential against its slow obvious twin: minima on a dense grid, followed in small steps of temperature."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mcsco import InputError, landau
from mcsco.landau import Potential

GRID = np.linspace(-1, 1, 4001)


def naive_G(p, q, T):
    """Minimum over η of eq. (3), with η² either 0 or where the derivative vanishes."""
    A = p.a0 / 2 * (T - p.T_c) + p.D * q + p.E / 2 * q**2
    spin = p.a1 * (p.T_sc - T) * q + p.B / 2 * q**2 + p.C / 4 * q**4
    eta2 = np.where(A < 0, -2 * A / p.b, 0)
    return spin + A * eta2 + p.b / 4 * eta2**2


def naive_minima(p, T):
    G = np.concatenate([[np.inf], naive_G(p, GRID, T), [np.inf]])
    return GRID[(G[1:-1] < G[:-2]) & (G[1:-1] <= G[2:])]


def naive_descent(p, q, T):
    """Go downhill on the grid from q."""
    G = naive_G(p, GRID, T)
    i = np.abs(GRID - q).argmin()
    while True:
        near = [j for j in (i - 1, i, i + 1) if 0 <= j < GRID.size]
        best = min(near, key=lambda j: G[j])
        if best == i:
            return GRID[i]
        i = best


def floats(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 4))


potentials = st.builds(
    Potential,
    a1=floats(0.2, 2),
    C=floats(5, 60),
    b=floats(3, 30),
    D=floats(-12, 6),
    E=floats(-20, 10),
    T_sc=floats(100, 400),
    B=floats(-20, 30),
    a0=st.one_of(st.just(0.0), floats(-0.05, 0.08)),
    T_c=floats(-100, 500),
)


def usable(p):
    try:
        ends = [end.T for branch in p.branches for end in branch]
    except InputError:
        assume(False)
    return np.array(ends)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(p=potentials, T=floats(20, 600))
def test_every_minimum_is_found(p, T):
    ends = usable(p)
    assume(np.abs(ends - T).min() > 0.3)  # nearer to a spinodal the grid is too coarse
    expected = naive_minima(p, T)
    found = p.minima(T)
    assert len(found) == len(expected)
    np.testing.assert_allclose([q for q, _ in found], expected, atol=2e-3)
    q, eta = p.equilibrium(T)
    G = naive_G(p, GRID, T)
    assert p.free_energy(q, eta, T) == pytest.approx(G.min(), abs=1e-4)
    assert p.free_energy(q, eta, T) <= G.min() + 1e-10


@settings(max_examples=200, deadline=None, derandomize=True)
@given(p=potentials, T=floats(20, 600))
def test_minima_are_minima_of_G_in_both_variables(p, T):
    usable(p)
    step = 1e-4
    for q, eta in p.minima(T):
        here = p.free_energy(q, eta, T)
        around = [
            p.free_energy(np.clip(q + dq, -1, 1), eta + deta, T) for dq in (-step, 0, step) for deta in (-step, 0, step)
        ]
        assert min(around) >= here - 1e-11
        if -1 < q < 1:
            assert p.slope(q, T) == pytest.approx(0, abs=1e-9)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(p=potentials, T=floats(20, 600))
def test_saddle_is_the_pass(p, T):
    usable(p)
    q, eta = p.saddle(T)
    (q_LS, _), (q_HS, _) = p.branch(T, "LS"), p.branch(T, "HS")
    if np.isnan(q):
        assert len(p.branches) == 1 or np.isnan(q_LS) or np.isnan(q_HS)
        return
    between = np.linspace(q_LS, q_HS, 4001)
    assert p.free_energy(q, eta, T) == pytest.approx(naive_G(p, between, T).max(), abs=1e-5)
    assert p.slope(q, T) == pytest.approx(0, abs=1e-9)
    assert min(p.barriers(T)) >= 0


@pytest.mark.parametrize(
    "p",
    [
        landau.source_paper(),
        landau.load("consistent-eq3"),
        replace(landau.source_paper(), B=-4.0),
        replace(landau.source_paper(), B=12.0),
        replace(landau.source_paper(), a0=0.036113, T_c=102.2),
        Potential(0.6, 35, 10, -1.0, 14.0, 235, B=-6.0, a0=-0.02, T_c=150),
    ],
    ids=["source-paper", "consistent-eq3", "B=-4", "B=12", "a0", "E>0"],
)
def test_spinodals_by_following_the_minimum(p):
    T_down, T_up = p.spinodals()
    for wanted, step, which in ((T_up, 0.02, "LS"), (T_down, -0.02, "HS")):
        T = wanted - 200 * step
        q = float(p.branch(T, which)[0])
        while True:
            following = naive_descent(p, q, T + step)
            if abs(following - q) > 0.1:
                break
            q, T = following, T + step
        assert pytest.approx(wanted, abs=0.06) == T


@settings(max_examples=100, deadline=None, derandomize=True)
@given(p=potentials)
def test_maxwell_temperature_and_entropy(p):
    usable(p)
    T_M = p.maxwell_temperature()
    assume(not np.isnan(T_M))
    for which in ("LS", "HS"):
        assert not np.isnan(p.branch(T_M, which)).any()
    G = [p.free_energy(*p.branch(T_M, which), T_M) for which in ("LS", "HS")]
    assert G[0] == pytest.approx(G[1], abs=1e-9)
    assert p.entropy_jump() > 0
    # At T_M both are followed by −∂G/∂T = S.
    dT = 1e-4
    for which in ("LS", "HS"):
        low, high = (p.free_energy(*p.branch(T_M + d, which), T_M + d) for d in (-dT, dT))
        if not np.isnan(low + high):
            assert -(high - low) / (2 * dT) == pytest.approx(p.entropy(*p.branch(T_M, which)), abs=1e-3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(p=potentials)
def test_paths_agree_with_the_branches(p):
    usable(p)
    T = np.linspace(1, 700, 71)
    heating, cooling, stable = (p.follow(T, along) for along in ("heating", "cooling", "equilibrium"))
    for q, eta in (heating, cooling, stable):
        assert not np.isnan(q).any()
        assert (np.abs(p.slope(q, T))[np.abs(q) < 1] < 1e-8).all()
        np.testing.assert_allclose(eta, p.eta(q, T))
    assert (heating[0] <= stable[0] + 1e-9).all()
    assert (stable[0] <= cooling[0] + 1e-9).all()
    lowest = p.equilibrium(T)
    np.testing.assert_allclose(p.free_energy(*stable, T), p.free_energy(*lowest, T), atol=1e-9)
    for along in ("heating", "cooling", "equilibrium"):
        met = [t.temperature for t in p.transitions(along)]
        assert met == sorted(met, reverse=along == "cooling")
        for t in p.transitions(along):
            assert (t.before != t.after) or t.order == 1
            assert (t.entropy > 0) == (t.order == 1 and along != "cooling")
