"""Fits return the parameters that the data were made with, within errors that mean what they say."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import mcsco
from mcsco import InputError, landau
from mcsco.cli import main
from mcsco.fits import fit_landau, fit_mean_field, fit_slichter_drickamer, hs_fraction
from mcsco.observables import Measured, read_measured

CLUSTERS = {"fe2fe": (21.87, 87.46, 0.42), "fe2co": (15.42, 84.49, -0.84)}
"""Published sets of {Fe2Fe} and {Fe2Co}: ΔH, ΔS, Γ."""


def measured(T, gamma, direction=(-1,), leg=None, seed=0, noise=0.01, hs=3.4, ls=0.1):
    leg = np.zeros(T.size, dtype=np.int64) if leg is None else leg
    noise = noise * np.random.default_rng(seed).normal(size=T.size)
    return Measured(T, hs * gamma + ls * (1 - gamma) + noise, leg, direction)


def loop(gamma_up, gamma_down, T, **options):
    """Heating, then cooling."""
    leg = np.repeat([0, 1], T.size)
    both = np.concatenate([gamma_up, gamma_down[::-1]])
    return measured(np.concatenate([T, T[::-1]]), both, (1, -1), leg, **options)


@pytest.mark.parametrize(
    ("name", "gamma"),
    [
        ("fe2fe", {150: 0.000640, 200: 0.054273, 250: 0.499331, 300: 0.867008, 350: 0.958354}),
        ("fe2co", {100: 0.000626, 140: 0.077582, 180: 0.472395, 200: 0.671603, 300: 0.974912}),
    ],
)
def test_curve_of_the_published_sets(name, gamma):
    np.testing.assert_allclose(hs_fraction(list(gamma), *CLUSTERS[name]), list(gamma.values()), atol=6e-7)


def test_curve_and_mean_field_agree():
    """The curve is the mean field of a model with infinite range, on both branches of a loop too."""
    model = mcsco.presets.load("dpp-py")
    theory = mcsco.MeanField(model)
    spin, Gamma = model.spin, model.couplings.Gamma
    for T in (100.0, 130.0, 155.0, 200.0):
        for heating, which in ((True, "LS"), (False, "HS")):
            q = theory.branch(T, which)[0]
            if np.isfinite(q):
                assert hs_fraction(T, spin.enthalpy, spin.entropy, Gamma, 1.0, heating) == pytest.approx((1 + q) / 2)


@pytest.mark.parametrize("name", CLUSTERS)
def test_gradual_curve_within_calibrated_errors(name):
    """The pulls of 12 noisy curves have mean 0 and variance 1; a χ² test at 1e-4 for each parameter."""
    from scipy.stats import chi2

    dH, dS, Gamma = CLUSTERS[name]
    T = np.linspace(300.0, 100.0, 61)
    truth = {"enthalpy": dH, "entropy": dS, "cooperativity": Gamma, "T_half": 1e3 * dH / dS, "chi_t_hs": 3.4}
    pulls = []
    for seed in range(12):
        fit = fit_slichter_drickamer(measured(T, hs_fraction(T, dH, dS, Gamma), seed=seed))
        pulls.append([(fit[key].value - value) / fit[key].error for key, value in truth.items()])
    total = np.sum(np.square(pulls), axis=0)
    assert np.all(total < chi2.ppf(1 - 1e-4, 12))
    assert np.all(total > chi2.ppf(1e-4, 12))
    assert "noise" in fit.verdict


def test_loop_of_dpp():
    """Heating and cooling branches of a hysteretic set return it, wherever the jump falls between points."""
    spin = mcsco.presets.load("dpp-py").spin
    T = np.linspace(80.0, 220.0, 141)
    up, down = (hs_fraction(T, spin.enthalpy, spin.entropy, 4.6366, 1.0, side) for side in (True, False))
    fit = fit_slichter_drickamer(loop(up, down, T, seed=3, noise=0.02))
    for key, value in (("enthalpy", spin.enthalpy), ("entropy", 60.0), ("cooperativity", 4.6366)):
        assert abs(fit[key].value - value) < 3.5 * fit[key].error
        assert fit[key].error < 0.06 * abs(value)


def test_sorai_seki_domains():
    T = np.linspace(180.0, 320.0, 141)
    data = measured(T, hs_fraction(T, 15.0, 60.0, 0.0, 5.0), seed=4)
    fit = fit_slichter_drickamer(data, n_d=None, cooperativity=0.0, enthalpy=15.0)
    assert abs(fit["n_d"].value - 5.0) < 3.5 * fit["n_d"].error
    assert "Sorai" in fit.what
    assert fit["cooperativity"].reason == "held"
    with pytest.raises(InputError, match="give enthalpy"):
        fit_slichter_drickamer(data, n_d=None, cooperativity=0.0)


def test_wrong_curve_is_told():
    """Γ held at 0 for a cooperative curve: the residuals follow one another."""
    T = np.linspace(300.0, 100.0, 101)
    data = measured(T, hs_fraction(T, 21.87, 87.46, 2.0), noise=0.005)
    assert "follow one another" in fit_slichter_drickamer(data, cooperativity=0.0, enthalpy=21.87).verdict
    assert "noise" in fit_slichter_drickamer(data).verdict


def test_mean_field_of_a_three_state_model():
    """ΔH of `pmpea` from its own loop."""
    model = mcsco.presets.load("pmpea")
    theory = mcsco.MeanField(model)
    T = np.linspace(170.0, 290.0, 25)
    up, down = ((1 + theory.branch_curve(T, which).q) / 2 for which in ("LS", "HS"))
    up, down = np.where(np.isnan(up), down, up), np.where(np.isnan(down), up, down)
    spin = mcsco.SpinCrossover(model.spin.enthalpy + 0.05, model.spin.entropy)
    first = mcsco.Model(model.lattice, spin, model.distortion, model.interactions)
    fit = fit_mean_field(loop(up, down, T, seed=5), first, ["spin.enthalpy"], chi_t_hs=3.4, chi_t_ls=0.1)
    found = fit["spin.enthalpy"]
    assert abs(found.value - model.spin.enthalpy) < 3.5 * found.error
    assert found.error < 0.01


def test_landau_potential():
    """a1 and T_sc from the branches of the source paper's potential; the other coefficients held."""
    potential = landau.load("source-paper")
    T = np.linspace(180.0, 280.0, 101)
    up, down = ((1 + np.asarray(potential.branch(T, which)[0])) / 2 for which in ("LS", "HS"))
    up, down = np.where(np.isnan(up), down, up), np.where(np.isnan(down), up, down)
    fit = fit_landau(loop(up, down, T, seed=6), potential, ("a1", "T_sc"), chi_t_hs=3.4, chi_t_ls=0.1)
    for key in ("a1", "T_sc"):
        assert abs(fit[key].value - getattr(potential, key)) < 3.5 * fit[key].error


def test_what_cannot_be_fitted():
    T = np.linspace(100.0, 300.0, 101)
    data = measured(T, hs_fraction(T, 21.87, 87.46, 0.42))
    few = Measured(data.temperature[:4], data.chi_t[:4], data.leg[:4], (1,))
    with pytest.raises(InputError, match="4 points; a fit needs at least 5"):
        fit_slichter_drickamer(few)
    with pytest.raises(InputError, match="is no number of the model"):
        fit_mean_field(data, mcsco.presets.load("fe2fe"), ("spin.colour",))
    with pytest.raises(InputError, match="is no coefficient"):
        fit_landau(data, landau.load("source-paper"), ("a2",))
    with pytest.raises(InputError, match="sigma = -1"):
        fit_slichter_drickamer(data, sigma=-1.0)
    with pytest.raises(InputError, match="no parameter of this fit"):
        fit_slichter_drickamer(data)["Gamma"]


def test_command(tmp_path):
    T = np.linspace(300.0, 100.0, 101)
    data = measured(T, hs_fraction(T, 21.87, 87.46, 0.42))
    file, figure = tmp_path / "chi.csv", tmp_path / "fit.png"
    np.savetxt(file, np.column_stack([T, data.chi_t]), delimiter=",")
    run = CliRunner().invoke(main, ["fit", str(file), "--json", "--hold", "chi_t_ls=0.1", "--figure", str(figure)])
    assert run.exit_code == 0, run.output
    found = json.loads(run.output)
    assert abs(found["parameters"]["enthalpy"]["value"] - 21.87) < 4 * found["parameters"]["enthalpy"]["error"]
    assert found["held"]["chi_t_ls"] == 0.1
    assert figure.stat().st_size > 5000
    for arguments, message in (
        (["--hold", "colour=1"], "--hold colour: unknown"),
        (["--hold", "n_d"], "must be NAME=NUMBER"),
        (["--free", "a1"], "--free: belongs to"),
        (["--model", "pmpea", "--landau", "source-paper"], "give one of them"),
        (["--quantity", "colour"], "quantity = 'colour'"),
        (["--figure", str(tmp_path / "fit.txt")], "must end in .png"),
    ):
        run = CliRunner().invoke(main, ["fit", str(file), *arguments])
        assert run.exit_code == 2
        assert message in run.output


def test_other_quantities_in_files(tmp_path):
    """χ, μ_eff and SI units lead to the same χT."""
    T, chi_t = np.array([100.0, 200.0, 300.0]), np.array([0.1, 1.0, 3.4])
    mu = np.sqrt(chi_t / 0.1250486)  # χT = N_A μ_B²/3k_B μ²
    for quantity, second, si in (
        ("chi_t", chi_t, False),
        ("chi", chi_t / T, False),
        ("mu_eff", mu, False),
        ("chi_t", 4e-6 * np.pi * chi_t, True),
    ):
        np.savetxt(tmp_path / "m.txt", np.column_stack([T, second]))
        np.testing.assert_allclose(read_measured(tmp_path / "m.txt", quantity, si).chi_t, chi_t, rtol=1e-5)
