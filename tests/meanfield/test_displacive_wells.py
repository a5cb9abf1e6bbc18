"""Averages in one local potential: quadrature against independent integration, limits and derivatives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from mcsco.meanfield.parameters import Well
from mcsco.meanfield.wells import even_cumulants, moments, nodes, potential

TORSION = (Well(600.0, -2400.0, 600.0), Well(0.0, 4000.0, 600.0))


def by_adaptive_quadrature(well, y, T):
    """The same averages by QUADPACK on both halves of the axis, in units of the integrand's maximum."""
    grid = np.linspace(-6, 6, 200_001)
    V = well.offset + well.curvature / 2 * grid**2 + well.quartic * grid**4
    peak = (y * grid - V / T).max()
    tops = sorted({float(grid[i]) for i in (np.argmin(V / T - y * grid), np.argmin(V[: V.size // 2]))} | {0.0})

    def of(f):
        def weighted(u):
            energy = well.offset + well.curvature / 2 * u**2 + well.quartic * u**4
            return f(u, energy) * math.exp(y * u - energy / T - peak)

        return quad(weighted, -6, 6, points=tops, epsabs=0, epsrel=1e-13, limit=2000)[0]

    Z = of(lambda u, V: 1)
    mean_u, mean_V = of(lambda u, V: u) / Z, of(lambda u, V: V) / Z
    return (
        peak + math.log(Z),
        mean_u,
        of(lambda u, V: (u - mean_u) ** 2) / Z,
        mean_V,
        of(lambda u, V: (u - mean_u) * (V - mean_V)) / Z,
        of(lambda u, V: (V - mean_V) ** 2) / Z,
    )


@pytest.mark.filterwarnings(
    "ignore::scipy.integrate.IntegrationWarning"
)  # it asks for the last digit of zero integrals
@pytest.mark.parametrize(
    ("T", "y"), [(40.0, 0.0), (220.0, 0.0), (220.0, 4.3), (220.0, -0.7), (900.0, 12.0), (5000.0, 0.2)]
)
def test_averages_are_those_of_adaptive_integration(T, y):
    found = moments(TORSION, np.array(y), 1 / T)
    for s, well in enumerate(TORSION):
        for x, expected in zip(found, by_adaptive_quadrature(well, y, T), strict=True):
            assert x[s] == pytest.approx(expected, rel=1e-10, abs=1e-10)


wells = st.builds(Well, st.floats(-500, 500), st.floats(-1e4, 1e4), st.floats(1, 3e3))
fields = st.floats(-60, 60)
temperatures = st.floats(0.5, 1e5)


@settings(deadline=None, max_examples=60)
@given(wells, wells, fields, temperatures)
def test_more_points_change_nothing(one, other, y, T):
    b = np.array([abs(y)])
    few, many = (nodes((one, other), b, 1 / T, count) for count in (72, 400))
    for power in range(5):
        a, c = ((u**power * (1 + np.exp(-2 * b[:, None] * u)) * weight).sum(axis=2) for u, _, weight in (few, many))
        np.testing.assert_allclose(a, c, rtol=2e-13)


@settings(deadline=None, max_examples=60)
@given(wells, fields, temperatures)
def test_averages_are_derivatives_of_the_partition_function(well, y, T):
    pair, beta = (well, well), 1 / T
    here = moments(pair, np.array(y), beta)
    width = math.sqrt(float(here.var_u[0]))
    h = 2e-4 / max(width, 1e-12)
    up, down = moments(pair, np.array(y + h), beta), moments(pair, np.array(y - h), beta)
    scale = abs(float(here.u[0])) + width
    assert (up.ln_Z[0] - down.ln_Z[0]) / (2 * h) == pytest.approx(float(here.u[0]), abs=1e-6 * scale + 1e-10 / h)
    assert (up.u[0] - down.u[0]) / (2 * h) == pytest.approx(float(here.var_u[0]), rel=1e-5, abs=1e-6 * scale**2)
    d = 1e-5 * beta
    hot, cold = moments(pair, np.array(y), beta - d), moments(pair, np.array(y), beta + d)
    spread = math.sqrt(float(here.var_V[0]))
    assert (hot.ln_Z[0] - cold.ln_Z[0]) / (2 * d) == pytest.approx(
        float(here.V[0]), rel=1e-6, abs=1e-4 * spread + 1e-9 * (abs(float(here.ln_Z[0])) + 1) / beta
    )


@settings(deadline=None, max_examples=60)
@given(wells, wells, st.floats(0.0, 1.0), temperatures)
def test_response_is_concave_and_its_series_that_of_the_cumulants(one, other, n, T):
    pair, beta = (one, other), 1 / T
    k2, k4, k6 = (n * h + (1 - n) * rest for h, rest in even_cumulants(pair, beta))
    assert k2 > 0 > k4
    small = 0.02 * math.sqrt(k2 / -k4)
    y = np.array([small, 1.0, 3.0, 10.0, 40.0])
    m = moments(pair, y, beta)
    eta, chi = n * m.u[0] + (1 - n) * m.u[1], n * m.var_u[0] + (1 - n) * m.var_u[1]
    series = k2 * small + k4 * small**3 / 6 + k6 * small**5 / 120
    assert eta[0] == pytest.approx(series, rel=1e-7)
    assert (chi * (1 - 1e-9) <= eta / y).all()  # m/y falls
    assert (np.diff(chi) <= 1e-9 * k2).all()  # m is concave


def test_harmonic_and_bistable_limits():
    """A stiff parabola has ⟨u²⟩ = T/κ; deep wells at ±1 are two states of ½ ln(2πT/8ε) each, m = tanh y."""
    T = 1.0
    stiff = moments((Well(0.0, 1e6, 1e-3),) * 2, np.array(3.0), 1 / T)
    assert stiff.var_u[0] == pytest.approx(T / 1e6, rel=1e-9)
    assert stiff.u[0] == pytest.approx(3.0 / 1e6, rel=1e-9)
    assert stiff.V[0] == pytest.approx(T / 2, rel=1e-5)
    assert stiff.ln_Z[0] == pytest.approx(math.log(2 * math.pi * T / 1e6) / 2 + 4.5e-6, abs=1e-9)
    deep = moments((Well(1e6, -4e6, 1e6),) * 2, np.array(0.8), 1 / T)
    assert deep.u[0] == pytest.approx(math.tanh(0.8), rel=1e-6)
    assert deep.ln_Z[0] == pytest.approx(math.log(2 * math.cosh(0.8)) + math.log(2 * math.pi * T / 8e6) / 2, abs=1e-6)


def test_pure_quartic():
    """⟨u²⟩ = √(T/ε) Γ(3/4)/Γ(1/4), and Z = ½ Γ(1/4) (T/ε)^(1/4)."""
    T, epsilon = 300.0, 50.0
    found = moments((Well(0.0, 0.0, epsilon), Well(-7.0, 0.0, epsilon)), np.array(0.0), 1 / T)
    assert found.var_u[0] == pytest.approx(math.sqrt(T / epsilon) * math.gamma(0.75) / math.gamma(0.25), rel=1e-13)
    assert found.ln_Z[0] == pytest.approx(math.log(math.gamma(0.25) / 2 * (T / epsilon) ** 0.25), rel=1e-12)
    assert found.ln_Z[1] - found.ln_Z[0] == pytest.approx(7 / T, rel=1e-12)
    assert found.V[0] == pytest.approx(T / 4, rel=1e-12)


def test_potential_is_that_of_the_model():
    from mcsco.model import Displacive

    u = np.linspace(-1.5, 1.5, 7)
    V = potential(TORSION, np.stack([u, u]))
    assert V[0] == pytest.approx(Displacive(600.0, 4000.0).energy(1, u))
    assert V[1] == pytest.approx(Displacive(600.0, 4000.0).energy(0, u))
