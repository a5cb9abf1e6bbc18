"""What a finite crystal adds to the free-energy surface and to its Landau expansion, from exact sums."""

import numpy as np
import pytest

from mcsco.errors import InputError
from mcsco.landau import Surface, fit_surface
from mcsco.landau.design import PARAMETERS
from mcsco.meanfield import FiniteSize, MeanField, counting_term
from mcsco.model import Displacive, presets
from mcsco.units import KELVIN

MODEL = presets.load("pmpea-volume")
THEORY = MeanField(MODEL)
T = np.array([223.0, 226.0, 229.0])


def exact_surface(N, width, step=2):
    """G = −(RT/N) ln P of all states with |q| ≤ width, 0 ≤ η ≤ width and even N₊ ± N₋."""
    k = np.arange(0, N + 1, step)
    k = k[np.abs(2 * k / N - 1) <= width + 1e-9]
    j = np.arange(0, int(width * N) + 1, step)
    plus, minus = (k[:, np.newaxis] + j) // 2, (k[:, np.newaxis] - j) // 2
    G = [-KELVIN * t / N * FiniteSize(MODEL, N).log_probability(t)[plus, np.maximum(minus, 0)] for t in T]
    return Surface(T, 2 * k / N - 1, j / N, np.where(minus >= 0, G, np.nan), n_sites=N)


def counted(surface, N):
    return counting_term(surface.q[:, np.newaxis], surface.eta, surface.temperature[:, np.newaxis, np.newaxis], N)


def mean_field_surface(q, eta):
    return Surface(T, q, eta, THEORY.free_energy(q[:, np.newaxis], eta, T[:, np.newaxis, np.newaxis]))


def spread(G):
    return np.nanmax(G, axis=(1, 2)) - np.nanmin(G, axis=(1, 2))


@pytest.mark.parametrize("N", [20, 200])
def test_without_its_counting_term_the_surface_of_a_finite_crystal_is_the_mean_field(N):
    s = exact_surface(N, 0.8)
    phi = mean_field_surface(s.q, s.eta).free_energy
    assert spread(s.free_energy - phi).min() > 0.1 / N  # the term is there
    assert spread(s.plus(counted(s, N)).free_energy - phi).max() < 1e-12


def test_two_states_likewise():
    model, N, t = presets.load("fe2fe"), 50, 240.0
    q = 2 * np.arange(N + 1) / N - 1
    G = -KELVIN * t / N * FiniteSize(model, N).log_probability(t) + counting_term(q, 0.0, t, N, distorts=False)
    phi = MeanField(model).free_energy(q, 0.0, t)
    assert np.ptp(G - phi) < 1e-12


def test_there_is_no_term_where_there_is_no_state():
    term = counting_term([-1.0, 0.0, 0.0], [0.0, 0.4, 0.6], 226.0, 100)
    assert np.isfinite(term).tolist() == [True, True, False]
    assert term[0] == pytest.approx(0.0, abs=1e-15)  # one configuration, and no entropy
    with pytest.raises(InputError, match="n_sites"):
        counting_term(0.0, 0.0, 226.0, 0)


def fitted(N, width):
    """Coefficients about (0, 0), of an infinite crystal or of one of N molecules."""
    q, eta = np.linspace(-width, width, 13), np.linspace(0, width, 7)
    t = 226.0 + width * (T - 226.0)  # shrinks with the others, as B(T) q² must not outweigh a1 (T_sc − T) q
    surface = Surface(t, q, eta, THEORY.free_energy(q[:, np.newaxis], eta, t[:, np.newaxis, np.newaxis]))
    return fit_surface(surface if N is None else surface.plus(-counted(surface, N))).parameters


@pytest.mark.parametrize("N", [None, 1000])
def test_the_fit_of_a_shrinking_window_tends_to_the_expansion(N):
    exact = THEORY.landau_expansion(226.0, N)
    exact = np.array([getattr(exact, name) for name in PARAMETERS])
    widths = (0.16, 0.08, 0.04)
    distance = np.abs([fitted(N, width) / exact - 1 for width in widths])
    assert (distance[-1] < 0.01).all()
    # quadratic in the width, except for what 1/N² adds to coefficients of a finite crystal
    assert (distance[1:] < 0.5 * distance[:-1] + (0 if N is None else 1e-4)).all()


def test_the_shift_of_the_coefficients_is_that_of_a_finite_crystal():
    """N (fit of the exact sum of N molecules − fit of the infinite crystal) is the analytic shift, up to the window."""
    width, names = 0.1, ("a1", "T_sc", "B", "a0", "T_c", "D")
    for N in (400, 800):
        s = exact_surface(N, width, step=N // 100)
        shift = fit_surface(s).parameters - fit_surface(mean_field_surface(s.q, s.eta)).parameters
        infinite, finite = THEORY.landau_expansion(226.0), THEORY.landau_expansion(226.0, N)
        for name in names:
            expected = getattr(finite, name) - getattr(infinite, name)
            assert shift[PARAMETERS.index(name)] == pytest.approx(expected, rel=0.1), (N, name)


def test_the_expansion_of_a_finite_crystal_without_distortion():
    theory, N, t = MeanField(presets.load("fe2fe")), 500, 240.0
    infinite, finite = theory.landau_expansion(t), theory.landau_expansion(t, N)
    q = np.linspace(-0.02, 0.02, 9)
    term = -counting_term(q, 0.0, t, N, distorts=False)
    quartic, quadratic = np.polyfit(q**2, term, 2)[:2]
    shift = (finite.B - infinite.B, finite.C - infinite.C)
    assert shift == pytest.approx((2 * quadratic, 4 * quartic), rel=1e-2)
    assert (finite.a1, finite.T_sc, finite.b) == (infinite.a1, infinite.T_sc, 0.0)
    with pytest.raises(InputError, match="n_sites"):
        theory.landau_expansion(t, 2)


def test_continuous_distortions_have_no_closed_form():
    name = next(n for n in presets.names() if isinstance(presets.load(n).distortion, Displacive))
    theory = MeanField(presets.load(name))
    assert np.isfinite(theory.landau_expansion(226.0).b)
    with pytest.raises(InputError, match="counting of states has a closed form"):
        theory.landau_expansion(226.0, 100)
