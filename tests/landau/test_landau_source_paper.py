"""Exact consequences of eq. (4) with the published parameters, DOI 10.1039/d4mh01318b."""

import numpy as np
import pytest

from mcsco import landau

# T, q_LS, G_LS, q_HS, eta_HS, G_HS, q_saddle, eta_saddle, G_LH, G_HL; a word stands for an exact temperature.
TABLE = """
150     -1           -42.25       -           -          -           -           -           -           -
bound-1 -1           -26.25       -           -          -           -           -           -           -
180     -0.980577593 -24.2692954  -           -          -           -           -           -           -
190     -0.917132126 -18.5719256  -           -          -           -           -           -           -
200     -0.843432665 -13.2840645  -           -          -           -           -           -           -
210     -0.753947441 -8.48190871  -           -          -           -           -           -           -
down    -0.704844594 -6.47892273  0.937744188 1.51389951 5.12726967  0.937744188 1.51389951  11.6061924  0
bound+1 -0.702305325 -6.38606232  1           1.58745079 4.998       0.873013197 1.43692124  11.3952315  0.0111691835
216     -0.688037753 -5.88272279  1           1.58745079 4.274       0.767015803 1.30952766  10.3033019  0.146579081
218     -0.662995696 -5.07191708  1           1.58745079 3.074       0.66320756  1.18270023  8.6379727   0.492055621
219     -0.649732209 -4.6780719   1           1.58745079 2.474       0.620700709 1.1300175   7.85914642  0.707074516
220     -0.6359039   -4.29235132  1           1.58745079 1.874       0.581329719 1.08075002  7.11294365  0.946592326
221     -0.621446501 -3.91511296  1           1.58745079 1.274       0.544081402 1.03366136  6.39816953  1.20905657
222     -0.606283179 -3.5467566   1           1.58745079 0.674       0.508304776 0.987933286 5.71415811  1.49340151
224     -0.573445255 -2.83855401  1           1.58745079 -0.526      0.43942482  0.898235579 4.43757957  2.12502556
225     -0.555513224 -2.49980951  1           1.58745079 -1.126      0.405667961 0.853310888 3.84531819  2.47150868
maxwell -0.526517487 -2.01734654  1           1.58745079 -2.01734654 0.355605285 0.785214694 3.02355895  3.02355895
228     -0.493242415 -1.55371361  1           1.58745079 -2.926      0.303871462 0.712520243 2.26021832  3.63250471
230     -0.440911138 -0.992050061 1           1.58745079 -4.126      0.232635143 0.607001647 1.37619282  4.51014276
232     -0.371878857 -0.502036456 1           1.58745079 -5.326      0.154554913 0.47964966  0.652904668 5.47686821
234     -0.257846398 -0.116030879 1           1.58745079 -6.526      0.061053317 0.289684089 0.135179341 6.54514846
235     0            0            1           1.58745079 -7.126      0           0           0           7.126
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.fixture
def p():
    return landau.source_paper()


def printed(value, reference, digits=9):
    """Whether a value, rounded, has the given reference digits."""
    return float(value) == pytest.approx(reference, rel=6 * 10.0**-digits, abs=6e-10)


def test_the_parameters_are_the_published_ones(p):
    assert p == landau.Potential(a1=0.6, C=35, b=10, D=-6.5, E=-12.2, T_sc=235)


def test_effective_potential_is_the_piecewise_quartic(p):
    q = np.linspace(-1, 1, 201)
    for T in (180.0, 226.0, 240.0):
        h = 0.6 * (235 - T)
        written_out = np.where(q <= 0, h * q + 35 / 4 * q**4, h * q - 4.225 * q**2 - 7.93 * q**3 + 5.029 * q**4)
        np.testing.assert_allclose(p.effective_free_energy(q, T), written_out, atol=1e-12)


def test_spinodals(p):
    T_down, T_up = p.spinodals()
    assert T_up == 235.0
    assert T_down == pytest.approx(214.573360998547, abs=1e-11)
    assert pytest.approx(20.426639, abs=5e-7) == T_up - T_down
    q, eta = p.branch(T_down, "HS")
    assert printed(q, 0.937744188)
    assert printed(eta, 1.513899509)
    assert printed(0.6 * (235 - T_down), 12.255983401, 11)


def test_the_lower_spinodal_is_not_the_measured_one(p):
    # 219 K (magnetic) and 221 K (diffraction) are measured; the published parameters do not give them.
    T_down, _ = p.spinodals()
    assert T_down < 215
    assert not np.isnan(p.branch(216, "HS")).any()


def test_saturation_temperatures(p):
    T_LS, T_HS = 235 - 35 / 0.6, 235 - (8.45 + 23.79 - 20.116) / 0.6
    assert pytest.approx(176.666667, abs=5e-7) == T_LS
    assert pytest.approx(214.793333, abs=5e-7) == T_HS
    for T, which, bound, inside in ((T_LS, "LS", -1.0, +1), (T_HS, "HS", 1.0, -1)):
        assert p.branch(T - inside * 1e-6, which)[0] == bound
        assert abs(p.branch(T + inside * 1e-3, which)[0]) < 1 - 1e-6


def test_maxwell_temperature(p):
    T_M = p.maxwell_temperature()
    assert p.maxwell_temperature() == pytest.approx(226.485577563, abs=6e-10)
    (q_LS, eta_LS), (q_HS, eta_HS) = p.branch(T_M, "LS"), p.branch(T_M, "HS")
    assert printed(q_LS, -0.526517487)
    assert (q_HS, eta_LS) == (1.0, 0.0)
    assert printed(eta_HS, 1.587450787)
    assert printed(0.6 * (235 - T_M), 5.108653462)
    assert p.free_energy(q_LS, eta_LS, T_M) == pytest.approx(p.free_energy(q_HS, eta_HS, T_M), abs=1e-11)


def test_entropies_and_latent_heat(p):
    assert p.entropy(1, 1.587450787) == 0.6
    assert p.entropy(1, 1.587450787) - p.entropy(-1, 0) == 1.2
    assert printed(p.entropy_jump("maxwell"), 0.915910492)
    assert printed(p.entropy_jump("up"), 0.6)
    assert printed(p.entropy_jump("down"), 0.985553269)
    assert p.latent_heat() == pytest.approx(207.440516835, abs=6e-10)
    # The heat of the jump is asymmetric, 54.6 and 33.3 J/mol/K on the scale of 66.5 J/mol/K for 2 a1.
    assert p.entropy_jump("down") / 1.2 * 66.5 == pytest.approx(54.6, abs=0.05)
    assert p.entropy_jump("up") / 1.2 * 66.5 == pytest.approx(33.3, abs=0.06)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_table_of_states_and_barriers(p, row):
    exact = {
        "down": p.spinodals()[0],
        "bound-1": 235 - 35 / 0.6,
        "bound+1": 235 - 12.124 / 0.6,
        "maxwell": p.maxwell_temperature(),
    }
    T = exact[row[0]] if row[0] in exact else float(row[0])
    q_LS, eta_LS = p.branch(T, "LS")
    q_HS, eta_HS = p.branch(T, "HS")
    G_LS, G_HS = p.free_energy(q_LS, eta_LS, T), p.free_energy(q_HS, eta_HS, T)
    computed = [q_LS, G_LS, q_HS, eta_HS, G_HS, *p.saddle(T), *p.barriers(T)]
    assert eta_LS == 0
    for value, text in zip(computed, row[1:], strict=True):
        if text == "-":
            assert np.isnan(value)
        else:
            assert value == pytest.approx(float(text), rel=6e-9, abs=2e-9)


def test_high_spin_phase_is_at_plus_one(p):
    # One printing of the figure caption gives q = −1 for the high-temperature phase.
    q, eta = p.branch(250, "HS")
    assert q == 1.0
    assert eta**2 == pytest.approx(2.52)
    assert p.branch(200, "LS")[0] < 0
    assert p.transitions()[0].before == "LShs"
    assert p.transitions()[0].after == "HSls"


@pytest.mark.parametrize(("T", "unclipped"), [(220, 1.228026651), (235, 1.468659146), (300, 1.924425578)])
def test_clip_keeps_the_high_spin_phase_saturated(p, T, unclipped):
    assert p.slope(unclipped, T) == pytest.approx(0, abs=1e-7)
    assert p.slope(1.0, T) < 0
    assert p.branch(T, "HS")[0] == 1.0


def test_clip_keeps_the_low_spin_phase_undistorted(p):
    # Unclipped q would pass −2D/E = −1.0656, where the LS phase distorts, below 164.42 K.
    q = -((0.6 * (235 - 164.422323) / 35) ** (1 / 3))
    assert q == pytest.approx(-1.065573770, abs=1e-8)
    assert p.eta(-1.06, 150) == 0
    assert p.eta(-1.07, 150) > 0
    assert p.branch([100.0, 150.0, 164.0], "LS")[0].tolist() == [-1, -1, -1]
    assert p.branch([100.0, 150.0, 164.0], "LS")[1].tolist() == [0, 0, 0]
    assert p.lshs_limit() == 0


def test_the_distortion_is_soft_in_the_low_spin_phase(p):
    # Coefficient of η²: (G(q, 1) − G(q, 0)) − b/4.
    def coefficient(q):
        return p.free_energy(q, 1, 200) - p.free_energy(q, 0, 200) - 2.5

    q = np.linspace(-1, 0, 100001)
    A = coefficient(q)
    assert A.max() == pytest.approx(1.731557377, abs=1e-9)
    assert q[A.argmax()] == pytest.approx(-0.532786885, abs=1e-5)
    assert coefficient(-1) == pytest.approx(0.4, abs=1e-12)


def test_unit(p):
    for entropy, kelvin, joule in ((62.8, 6.294253, 52.333), (66.5, 6.665093, 55.417), (67.6, 6.775343, 56.333)):
        unit = p.unit(entropy)
        assert unit.kelvin == pytest.approx(kelvin, abs=5e-7)
        assert unit.joule_per_mole == pytest.approx(joule, abs=5e-4)


def test_scale_in_kelvin(p):
    u = p.unit(66.5).kelvin
    K = p.rescaled(u)
    assert 2 * K.a1 == pytest.approx(7.998112, abs=5e-7)
    assert 2 * K.a1 * K.T_sc == pytest.approx(1879.556, abs=5e-4)
    assert (K.C, K.b, K.D, K.E) == pytest.approx((233.278, 66.651, -43.323, -81.314), abs=5e-4)
    eta_HS = p.eta(1, 300)
    normalised = p.rescaled(u, eta_HS)
    assert (normalised.b, normalised.D, normalised.E) == pytest.approx((423.260, -109.174, -204.912), abs=5e-4)
    assert normalised.branch(300, "HS")[1] == pytest.approx(1)
    for other in (K, normalised):
        assert other.spinodals() == pytest.approx(p.spinodals(), abs=1e-9)
        assert other.maxwell_temperature() == pytest.approx(p.maxwell_temperature(), abs=1e-9)
    T_M = p.maxwell_temperature()
    assert K.barriers(T_M)[0] == pytest.approx(20.15, abs=5e-3)
    assert p.barriers(T_M)[1] * p.unit(66.5).joule_per_mole == pytest.approx(167.6, abs=0.05)
