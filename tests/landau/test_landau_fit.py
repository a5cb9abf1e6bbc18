"""Fitting the potential to a surface: recovery, coverage of the errors, the verdict, and what is refused."""

import math
from functools import cache

import numpy as np
import pytest
import xarray

from mcsco import landau
from mcsco.errors import InputError
from mcsco.landau import Potential, Surface, Window, fit_surface
from mcsco.landau.design import PARAMETERS

T = np.array([216.0, 222.0, 228.0, 234.0])
Q, ETA = np.linspace(-0.9, 1.0, 11), np.linspace(0.0, 1.6, 8)
SHAPE = (T.size, Q.size, ETA.size)
TRUTH = landau.load("consistent-eq3").rescaled(energy=0.0554, eta=1.0)
ERROR = 0.01 * (1.0 + 0.8 * Q[:, np.newaxis] ** 2) * np.ones(SHAPE)
N_SETS, N_COPIES = 400, 60
N_FITS, N_DRAWS = 20, 40


def surface(p=TRUTH, error=ERROR, extra=0.0, **rest):
    G = p.free_energy(Q[:, np.newaxis], ETA, T[:, np.newaxis, np.newaxis])
    return Surface(T, Q, ETA, G - G.min(axis=(1, 2), keepdims=True) + extra, error, **rest)


def values_of(p):
    return np.array([getattr(p, name) for name in PARAMETERS])


@cache
def correlation():
    """Lower Cholesky factor of noise that is smooth over (q, η) and half common to all temperatures, plus white."""
    q, eta = (x.ravel() for x in np.meshgrid(Q, ETA, indexing="ij"))
    smooth = np.exp(-((q[:, None] - q) ** 2) / 0.5 - (eta[:, None] - eta) ** 2 / 0.5)
    between = 0.5 * np.ones((T.size, T.size)) + 0.5 * np.eye(T.size)
    return np.linalg.cholesky(0.7 * np.kron(between, smooth) + 0.3 * np.eye(T.size * q.size))


def noise(rng, n, correlated):
    """`n` surfaces of noise with standard deviations ERROR."""
    white = rng.standard_normal((n, ERROR.size))
    return (white @ correlation().T if correlated else white).reshape(n, *SHAPE) * ERROR


@cache
def trials(correlated, resampled):
    """Deviations in standard errors of every coefficient and p-value of `N_SETS` fits."""
    rng = np.random.default_rng(5)
    clean, z, p_values = surface().free_energy, [], []
    batch = 40  # products of large matrices are much faster than many of small ones
    for i, one in enumerate(noise(rng, N_SETS, correlated)):
        if resampled and i % batch == 0:
            drawn = noise(rng, batch * N_COPIES, correlated).reshape(batch, N_COPIES, *SHAPE)
        copies = clean + one + drawn[i % batch] if resampled else None
        fit = fit_surface(Surface(T, Q, ETA, clean + one, ERROR, copies))
        z.append((fit.parameters - values_of(TRUTH)) / np.sqrt(np.diag(fit.covariance)))
        p_values.append(fit.solution.p_value)
    return np.array(z), np.array(p_values)


@pytest.mark.parametrize(
    "fixed",
    [
        {},
        {"a1": 0.6 * 0.0554},
        {"T_sc": 235.0},
        {"a0": TRUTH.a0},
        {"T_c": 235.0},
        {"T_sc": 235.0, "T_c": 235.0},
        {"B": 0},
    ],
    ids=str,
)
def test_a_potential_is_recovered_from_its_own_surface(fixed):
    fit = fit_surface(surface(), fixed=fixed)
    assert fit.parameters == pytest.approx(values_of(TRUTH), rel=1e-9, abs=1e-11)
    assert fit.potential.spinodals() == pytest.approx(TRUTH.spinodals(), abs=1e-6)
    assert [name for name in PARAMETERS if fit.coefficients[name].error == 0] == [n for n in PARAMETERS if n in fixed]
    assert fit.misfit < 1e-12


def test_without_a0_it_is_equation_4():
    p = landau.source_paper().rescaled(energy=0.0554)
    fit = fit_surface(surface(p), fixed={"a0": 0.0})
    assert fit.parameters == pytest.approx(values_of(p), rel=1e-9, abs=1e-11)
    assert fit.coefficients["T_c"].error == 0
    assert Potential.from_fit(fit).spinodals()[0] == pytest.approx(214.573361, abs=1e-5)


def test_one_temperature_needs_two_known_coefficients():
    window = Window(temperature=(222.0, 222.0))
    with pytest.raises(InputError, match="cannot tell a1 from T_sc"):
        fit_surface(surface(), window)
    fit = fit_surface(surface(), window, {"a1": TRUTH.a1, "T_c": TRUTH.T_c})
    assert fit.parameters == pytest.approx(values_of(TRUTH), rel=1e-8)


@pytest.mark.parametrize(("correlated", "resampled"), [(False, False), (False, True), (True, True)])
def test_errors_cover_the_truth_as_often_as_they_say(correlated, resampled):
    z, p_values = trials(correlated, resampled)
    inside = (np.abs(z) < 1.0).mean(axis=0), (np.abs(z) < 1.959964).mean(axis=0)
    for found, expected in zip(inside, (0.682689, 0.95), strict=True):
        # 60 copies widen a normal distribution to Student's t with 59 degrees of freedom, by up to 0.006
        limit = 3.7 * math.sqrt(expected * (1 - expected) / N_SETS) + 0.006 * resampled
        assert np.abs(found - expected).max() < limit
    assert np.abs(z.mean(axis=0)).max() < 3.7 / math.sqrt(N_SETS)
    # p-values are uniform: one in a hundred below 0.01, half below 0.5
    assert (p_values < 0.01).sum() <= 12
    assert abs((p_values < 0.5).mean() - 0.5) < 0.1


def test_errors_that_ignore_correlations_do_not_cover():
    """The same noise with an error model that is wrong: the limits above must notice."""
    z, p_values = trials(correlated=True, resampled=False)
    assert (np.abs(z) < 1.0).mean(axis=0).min() < 0.6
    assert (p_values < 0.01).mean() > 0.02 or (p_values > 0.99).mean() > 0.05


def test_only_differences_count():
    """A constant at each temperature, and another one in each copy, changes nothing."""
    rng = np.random.default_rng(8)
    one = surface().free_energy + noise(rng, 1, True)[0]
    copies = one + noise(rng, N_COPIES, True)
    plain = fit_surface(Surface(T, Q, ETA, one, copies=copies))
    shift = rng.normal(size=(T.size, 1, 1))
    moved = fit_surface(Surface(T, Q, ETA, one + shift, copies=copies + rng.normal(size=(N_COPIES, T.size, 1, 1))))
    assert moved.parameters == pytest.approx(plain.parameters, rel=1e-9)
    assert moved.covariance == pytest.approx(plain.covariance, rel=1e-6, abs=1e-15)
    assert moved.solution.p_value == pytest.approx(plain.solution.p_value, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("q³", 0.05 * Q[:, np.newaxis] ** 3 * np.ones(SHAPE)),
        ("η⁶", 0.02 * ETA**6 * np.ones(SHAPE)),
        ("B(T)", 0.01 * (T[:, np.newaxis, np.newaxis] - 225) * Q[:, np.newaxis] ** 2 * np.ones(SHAPE)),
    ],
)
def test_the_verdict_names_what_is_missing(name, extra):
    noisy = noise(np.random.default_rng(3), 1, False)[0]
    assert fit_surface(surface(extra=noisy)).describes
    fit = fit_surface(surface(extra=noisy + extra))
    assert not fit.describes
    assert fit.missing[0].name == name
    assert "does not describe" in fit.verdict
    assert name in fit.verdict


def test_without_errors_there_is_no_verdict():
    fit = fit_surface(surface(error=None, extra=0.05 * Q[:, np.newaxis] ** 3))
    assert fit.describes is None
    assert "cannot be tested" in fit.verdict
    assert fit.missing[0].name == "q³"
    assert math.isnan(fit.coefficients["a1"].error)
    found = fit.predict().values
    assert math.isfinite(found["T_up"].value)
    assert math.isnan(found["T_up"].error)
    with pytest.raises(InputError, match="no errors"):
        fit.standardised_residuals()


def test_residuals_lie_on_the_grid():
    noisy = noise(np.random.default_rng(4), 1, False)[0]
    fit = fit_surface(surface(extra=noisy), Window(q=(-0.6, 0.8), eta_max=1.3, depth=1.0, temperature=(220.0, 230.0)))
    r = fit.standardised_residuals()
    assert (np.isfinite(r) == fit.used).all()
    assert not fit.used[[0, 3]].any()
    assert np.nansum(r**2) == pytest.approx(fit.solution.chi2)
    assert np.nanmax(fit.surface.free_energy[fit.used]) <= fit.surface.free_energy[1:3].min(axis=(1, 2)).max() + 1.0


def test_errors_of_predictions_are_the_scatter_of_repetitions():
    # B > 0 and a0 > 0, so that all four are smooth functions of the coefficients
    truth = Potential(a1=0.6, C=35, b=10, D=-6.5, E=-12.2, T_sc=235, B=2, a0=0.01).rescaled(energy=0.0554)
    T_M = truth.maxwell_temperature()
    exact = [*truth.spinodals(), T_M, 1000 * truth.barriers(T_M)[0]]
    names = ("T_down", "T_up", "T_M", "barrier at T_M")
    fits = [
        fit_surface(surface(truth, extra=one / 3, error=ERROR / 3))
        for one in noise(np.random.default_rng(7), N_FITS, False)
    ]
    values = np.array([[fit.predict(n_draws=2).values[n].value for n in names] for fit in fits])
    errors = [fits[0].predict(n_draws=N_DRAWS).values[n].error for n in names]
    scatter = values.std(axis=0, ddof=1)
    assert (np.abs(values.mean(axis=0) - exact) < 3.5 * scatter / math.sqrt(N_FITS)).all()
    assert scatter / errors == pytest.approx(np.ones(4), abs=3.5 * math.sqrt(0.5 / N_FITS + 0.5 / N_DRAWS))


def test_a_dataset_may_have_its_dimensions_in_any_order():
    G = surface().free_energy
    copies = G + noise(np.random.default_rng(1), 20, False)
    names = ("temperature", "q", "eta")
    dataset = xarray.Dataset(
        {
            "free_energy": (names[::-1], G.transpose(2, 1, 0)),
            "free_energy_error": (names, ERROR),
            "free_energy_bootstrap": ((*names, "bootstrap"), np.moveaxis(copies, 0, -1)),
        },
        dict(zip(names, (T, Q, ETA), strict=True)),
        {"n_sites": 256},
    )
    found = Surface.from_dataset(dataset)
    assert (found.free_energy == G).all()
    assert (found.copies == copies).all()
    assert (found.error == ERROR).all()
    assert found.n_sites == 256
    with pytest.raises(InputError, match="no variable 'free_energy'"):
        Surface.from_dataset(dataset.drop_vars("free_energy"))


def test_unvisited_bins_and_bins_without_error_are_left_out():
    G, error = surface().free_energy.copy(), ERROR.copy()
    G[0, 0, 0], error[1, 2, 3], error[1, 1, 1] = np.nan, 0.0, np.nan
    fit = fit_surface(Surface(T, Q, ETA, G, error))
    assert fit.used.sum() == G.size - 3
    assert fit.parameters == pytest.approx(values_of(TRUTH), rel=1e-8)


def test_a_potential_without_lower_bound_is_refused():
    fit = fit_surface(surface(extra=-4.0 * Q[:, np.newaxis] ** 4))
    with pytest.raises(InputError, match="fitted C = "):
        _ = fit.potential
    assert math.isnan(fit.predict(n_draws=2).values["T_up"].value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": T[:3]}, "free_energy of shape"),
        ({"temperature": T[::-1]}, "temperature: must rise"),
        ({"temperature": T - 300}, "greater than 0"),
        ({"eta": ETA - 0.5}, "fold the two domains"),
        ({"error": ERROR[0]}, "error of shape"),
        ({"copies": np.zeros((19, *SHAPE))}, "19 bootstrap copies"),
        ({"copies": np.zeros(SHAPE)}, "copies of shape"),
        ({"n_sites": 0}, "n_sites"),
        ({"q": Q[:, np.newaxis]}, "q of shape"),
    ],
)
def test_surfaces_that_do_not_fit_together_are_refused(change, message):
    given = {"temperature": T, "q": Q, "eta": ETA, "free_energy": np.zeros(SHAPE)}
    with pytest.raises(InputError, match=message):
        Surface(**(given | change))


@pytest.mark.parametrize(
    ("window", "fixed", "message"),
    [
        (Window(q=(-0.1, 0.1), eta_max=0.1), {}, "measured bins"),
        (Window(q=(-0.95, -0.93)), {}, "no measured bin"),
        (Window(eta_max=0.01), {}, "tells nothing about"),
        (Window(eta_max=0.25), {}, "does not tell"),
        (None, {"Tsc": 235.0}, "unknown; the coefficients are"),
        (None, {"B": math.nan}, "must be finite"),
    ],
)
def test_windows_that_do_not_determine_the_coefficients_are_refused(window, fixed, message):
    with pytest.raises(InputError, match=message):
        fit_surface(surface(), window, fixed)


@pytest.mark.parametrize("arguments", [{"q": (0.5, -0.5)}, {"temperature": (230.0, 220.0)}, {"depth": 0.0}])
def test_impossible_windows_are_refused(arguments):
    with pytest.raises(InputError, match=r"must|depth"):
        Window(**arguments)


def test_it_prints_coefficients_and_verdict():
    text = str(fit_surface(surface(extra=noise(np.random.default_rng(2), 1, False)[0]), fixed={"T_c": 235.0}))
    assert "T_sc" in text
    assert "fixed" in text
    assert text.splitlines()[-1].startswith("eq. (3) describes the surface within its errors: χ²/dof = ")


def sized(N, seed, bend=0.0):
    """A surface of N molecules: B and a1 shifted by 1/N (and B by bend/N²), with small noise."""
    p = Potential(
        **{n: getattr(TRUTH, n) for n in PARAMETERS} | {"a1": TRUTH.a1 * (1 - 3 / N), "B": 0.4 / N + bend / N**2}
    )
    small = ERROR / 100
    extra = noise(np.random.default_rng(seed), 1, False)[0] / 100
    return fit_surface(surface(p, extra=extra, error=small, n_sites=N), fixed={"T_c": 235.0})


def test_coefficients_are_extrapolated_in_1_over_N():
    found = landau.extrapolate([sized(N, seed=N) for N in (64, 128, 256, 512)])
    z = [
        (found.coefficients[n].value - getattr(TRUTH, n)) / found.coefficients[n].error
        for n in PARAMETERS
        if n != "T_c"
    ]
    assert np.abs(z).max() < 3.5
    assert (found.dof, found.coefficients["T_c"].error) == (16, 0.0)
    assert found.p_value > 0.01
    # one size alone is far from the limit
    off = sized(64, seed=64).coefficients["a1"]
    assert abs(off.value - TRUTH.a1) > 20 * off.error
    assert landau.extrapolate([sized(N, seed=N, bend=400.0) for N in (64, 128, 256, 512)]).p_value < 0.01


def test_what_cannot_be_extrapolated_is_refused():
    here = sized(64, seed=1)
    with pytest.raises(InputError, match="at least two sizes"):
        landau.extrapolate([here, here])
    with pytest.raises(InputError, match="fixed: differs"):
        landau.extrapolate([here, fit_surface(surface(n_sites=128))])
    without = [fit_surface(surface(error=None, n_sites=N)) for N in (64, 128)]
    with pytest.raises(InputError, match="no errors"):
        landau.extrapolate(without)
