"""The mean field of two sublattices: its limits, and what is known in closed form."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import mcsco
from mcsco import InputError, units
from mcsco.meanfield import MeanField, SublatticeMeanField

SPIN = mcsco.SpinCrossover(10.0, 50.0, 6.0)
SECOND = mcsco.SpinCrossover(7.0, 55.0, 8.0)
LATTICE = mcsco.Lattice((8, 8))
Z = LATTICE.coordination


def build(*terms: object, **options: object) -> mcsco.Model:
    return mcsco.Model(LATTICE, options.pop("spin", SPIN), options.pop("distortion", None), terms, **options)  # type: ignore[arg-type]


# limits


@pytest.mark.parametrize("second", [None, SPIN])
@pytest.mark.parametrize("Gamma", [5.0, -2.0])
def test_equal_centres_are_one_kind_of_site(second: mcsco.SpinCrossover | None, Gamma: float) -> None:
    terms = [mcsco.InfiniteRange(Gamma)] + ([] if second else [mcsco.NearestNeighbours(0.1)])
    one, two = MeanField(build(*terms), 0.3), SublatticeMeanField(build(*terms, second=second), 0.3)
    gamma = np.linspace(0.0, 1.0, 21)
    for T in (60.0, 200.0, 700.0):
        assert two.free_energy(gamma, gamma, T) == pytest.approx(one.free_energy(2 * gamma - 1, 0, T), abs=1e-12)
    if Gamma > 0:
        found = two.transitions((100.0, 500.0))
        ends = found.cooling[0].temperature, found.heating[0].temperature
        assert ends == pytest.approx(one.spinodals(), rel=1e-10)
        assert found.half_conversion == pytest.approx((one.maxwell_temperature(),) * 2, rel=1e-10)
        assert found.heating[0].before[0] == pytest.approx((1 + one.branch(ends[1], "LS")[0]) / 2, abs=1e-4)


def test_distorted_crystals_of_equal_centres_too() -> None:
    model = mcsco.presets.load("pmpea")
    one, two = MeanField(model, field=0.2), SublatticeMeanField(model, field=0.2)
    gamma, share = np.meshgrid(np.linspace(0.02, 0.98, 7), np.linspace(-0.95, 0.95, 6))
    eta = share * gamma
    assert two.free_energy(gamma, gamma, 226.0, eta, eta) == pytest.approx(
        one.free_energy(2 * gamma - 1, eta, 226.0), abs=1e-9
    )
    two = SublatticeMeanField(model)
    found = sorted((s.gamma, s.eta, s.free_energy) for s in two.minima(228.0))
    known = [p for p in MeanField(model).stationary_points(228.0) if p.kind != "saddle"]
    assert np.array(found) == pytest.approx(np.array([((1 + p.q) / 2, p.eta, p.free_energy) for p in known]), abs=1e-9)
    (paraelastic,) = two.transitions((780.0, 820.0)).heating
    assert (paraelastic.kind, paraelastic.temperature) == (
        "order",
        pytest.approx(MeanField(model).paraelastic_temperature(), rel=1e-8),
    )


@pytest.mark.parametrize("name", ["dpp-py", "fe2co"])
def test_slichter_and_drickamer_are_stationary(name: str) -> None:
    model = mcsco.presets.load(name)
    gamma = np.linspace(0.05, 0.95, 19)
    for g, T in zip(gamma, MeanField(model).slichter_drickamer(gamma), strict=True):
        assert SublatticeMeanField(model).residual(g, g, float(T)) == pytest.approx((0, 0), abs=1e-12)


def four_states(T: float, P: float, J_m: float, fields: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Probabilities of LS-LS, HS-LS, LS-HS, HS-HS; `fields` in kJ/mol lower HS of a and of b."""
    weights = []
    for b in (0, 1):
        for a in (0, 1):
            H = a * (SPIN.enthalpy + P * SPIN.volume - fields[0]) + b * (
                SECOND.enthalpy + P * SECOND.volume - fields[1]
            )
            H -= J_m * (2 * a - 1) * (2 * b - 1)
            weights.append(np.exp((a * SPIN.entropy + b * SECOND.entropy) / units.R - H / (units.KELVIN * T)))
    return np.array(weights) / sum(weights)


@pytest.mark.parametrize("J_m", [-2.5, 1.5])
def test_isolated_molecules_are_four_states(J_m: float) -> None:
    theory = SublatticeMeanField(build(mcsco.Intramolecular(J_m), second=SECOND), 0.2)
    for T in (80.0, 160.0, 250.0):
        (state,) = theory.minima(T)
        exact = four_states(T, 0.2, J_m)
        assert np.array(state.molecules) == pytest.approx(exact, abs=1e-12)
        assert (state.gamma_a, state.gamma_b) == pytest.approx((exact[1] + exact[3], exact[2] + exact[3]), abs=1e-12)
        log_Z = -(-J_m / (units.KELVIN * T)) - np.log(exact[0])  # LS-LS has the energy −J_m
        assert state.free_energy == pytest.approx(-units.KELVIN * T * log_Z / 2, abs=1e-10)


def test_the_bond_inside_a_molecule_is_exact_and_the_others_are_means() -> None:
    J, J_m, Gamma, Gamma_s, T = -0.15, -0.4, 0.9, 0.5, 150.0
    terms = (
        mcsco.NearestNeighbours(J),
        mcsco.Intramolecular(J_m),
        mcsco.InfiniteRange(Gamma),
        mcsco.Sublattices(Gamma_s),
    )
    (state,) = SublatticeMeanField(build(*terms, second=SECOND)).minima(T)
    a = b = 0.5
    for _ in range(2000):
        common, order = -Gamma * (1 - a - b), Gamma_s * (a - b)
        fields = (
            common + order + 2 * (Z - 1) * J * (2 * b - 1),
            common - order + 2 * (Z - 1) * J * (2 * a - 1),
        )
        p = four_states(T, 0.0, J_m + J, fields)
        a, b = (a + p[1] + p[3]) / 2, (b + p[2] + p[3]) / 2
    assert (state.gamma_a, state.gamma_b) == pytest.approx((a, b), abs=1e-11)
    assert np.array(state.molecules) == pytest.approx(p, abs=1e-11)


# order of the two sublattices


@pytest.mark.parametrize(
    "terms", [(mcsco.Sublattices(3.8),), (mcsco.NearestNeighbours(-0.5), mcsco.InfiniteRange(1.0))]
)
def test_sublattices_order_between_two_critical_temperatures(terms: tuple) -> None:
    """γ(1−γ)(2 Γ_s − 4 z J) = RT where γ_a and γ_b part, and where they meet again."""
    model = build(*terms)
    theory = SublatticeMeanField(model)
    coupling = 2 * model.sublattice_couplings[1] - 4 * Z * model.couplings.J
    found = theory.transitions((60.0, 400.0))
    assert [event.kind for event in found.heating] == ["order", "order"]
    for event in found.heating:
        gamma = event.before[0]
        assert gamma * (1 - gamma) * coupling == pytest.approx(units.KELVIN * event.temperature, rel=1e-8)
    low, high = (event.temperature for event in found.heating)
    assert [event.temperature for event in found.cooling] == pytest.approx([high, low], rel=1e-7)
    T_half = 1000 * SPIN.enthalpy / SPIN.entropy
    middle = theory.equilibrium(T_half)
    assert middle.gamma == pytest.approx(0.5, abs=1e-9)
    assert middle.gamma_a - middle.gamma_b > 0.5
    assert [len(theory.minima(T)) for T in (low - 2, low + 2, high - 2, high + 2)] == [1, 2, 2, 1]
    assert low < found.half_conversion[0] < T_half < found.half_conversion[1] < high
    assert found.plateau == pytest.approx(found.half_conversion[1] - found.half_conversion[0])


def test_weaker_couplings_do_not_order() -> None:
    RT_half = units.R * SPIN.enthalpy / SPIN.entropy
    theory = SublatticeMeanField(build(mcsco.Sublattices(2 * RT_half - 0.2)))
    assert theory.transitions((60.0, 400.0))[:2] == ((), ())


def test_two_steps_with_hysteresis_leave_a_plateau() -> None:
    theory = SublatticeMeanField(build(mcsco.Sublattices(6.0), mcsco.InfiniteRange(3.0)))
    found = theory.transitions((60.0, 400.0))
    assert [event.kind for event in found.heating] == ["jump", "jump"]
    assert [event.kind for event in found.cooling] == ["jump", "jump"]
    down, up = [e.temperature for e in found.cooling[::-1]], [e.temperature for e in found.heating]
    assert all(cold < T < hot for cold, T, hot in zip(down, found.half_conversion, up, strict=True))
    heating = theory.curve(np.arange(60.0, 400.0, 5.0), "LS")
    on_plateau = (heating.temperature > up[0]) & (heating.temperature < up[1])
    assert np.abs(heating.gamma[on_plateau] - 0.5).max() < 0.2
    assert np.all(heating.gamma[heating.temperature < up[0]] < 0.3)
    assert np.all(heating.gamma[heating.temperature > up[1]] > 0.7)


def test_all_minima_of_a_grid_are_found() -> None:
    theory = SublatticeMeanField(build(mcsco.Sublattices(7.0), mcsco.InfiniteRange(5.0), second=SECOND))
    g = np.linspace(0.002, 0.998, 167)
    for T in (120.0, 160.0, 190.0):
        phi = theory.free_energy(g[:, None], g, T)
        padded = np.pad(phi, 1, constant_values=np.inf)
        around = [np.roll(padded, s, (0, 1))[1:-1, 1:-1] for s in product_of_shifts()]
        lowest = np.argwhere(np.all([phi < other for other in around], axis=0))
        found = [(s.gamma_a, s.gamma_b) for s in theory.minima(T)]
        assert len(found) == len(lowest)
        for i, j in lowest:
            assert min(max(abs(g[i] - a), abs(g[j] - b)) for a, b in found) < 0.01


def product_of_shifts() -> list[tuple[int, int]]:
    return [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]


# disorder


@pytest.mark.parametrize("x", [0.2, 0.5])
def test_a_neutral_diluent_weakens_the_coupling(x: float) -> None:
    """Γ acts as Γ(1 − x), and with Bragg and Williams J as J(1 − x)."""
    weak = MeanField(build(mcsco.InfiniteRange(3.0 * (1 - x)), mcsco.NearestNeighbours(0.1 * (1 - x))))
    model = build(mcsco.InfiniteRange(3.0), mcsco.NearestNeighbours(0.1), disorder=mcsco.Disorder(dilution=x))
    T = np.linspace(150.0, 300.0, 7)
    expected = (1 + weak.branch_curve(T, "HS").q) / 2
    assert SublatticeMeanField(model).curve(T[::-1], "HS").gamma[::-1] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("host", [-1.0, 0.5])
def test_a_diluent_with_a_size_shifts_the_transition(host: float) -> None:
    """T½ = (ΔH − Γ x host)/ΔS."""
    model = build(mcsco.InfiniteRange(1.5), disorder=mcsco.Disorder(dilution=0.3, host=host))
    expected = 1000 * (SPIN.enthalpy - 1.5 * 0.3 * host) / SPIN.entropy
    assert SublatticeMeanField(model).half_conversion_temperatures() == pytest.approx((expected,) * 2, rel=1e-9)


@pytest.mark.parametrize("T", [120.0, 190.0, 215.0])
def test_random_enthalpies_are_averaged(T: float) -> None:
    Gamma, spread = 1.2, 2.0
    model = build(mcsco.InfiniteRange(Gamma), disorder=mcsco.Disorder(enthalpy_spread=spread))

    def mean(gamma: float) -> float:
        def occupation(z: float) -> float:
            gap = SPIN.enthalpy + spread * z + Gamma * (1 - 2 * gamma) - T * SPIN.entropy / 1000
            return float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / (1 + np.exp(gap / (units.KELVIN * T))))

        return quad(occupation, -9, 9, epsabs=1e-13, epsrel=1e-12, limit=400)[0]

    expected = brentq(lambda g: mean(g) - g, 0.0, 1.0, xtol=1e-13)
    (state,) = SublatticeMeanField(model).minima(T)
    assert (state.gamma_a, state.gamma_b) == pytest.approx((expected, expected), abs=1e-9)


def test_random_enthalpies_of_molecules_are_averaged() -> None:
    """Against a direct double sum of the four states over two normal distributions."""
    J_m, spread, T = -1.0, 1.5, 160.0
    model = build(mcsco.Intramolecular(J_m), second=SECOND, disorder=mcsco.Disorder(enthalpy_spread=spread))
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w /= w.sum()
    expected = sum(
        w[i] * w[j] * four_states(T, 0.0, J_m, (-spread * z[i], -spread * z[j]))
        for i in range(80) for j in range(80) if w[i] * w[j] > 1e-16
    )  # fmt: skip
    (state,) = SublatticeMeanField(model).minima(T)
    assert np.array(state.molecules) == pytest.approx(expected, abs=1e-9)


def test_random_enthalpies_broaden_and_pins_limit() -> None:
    def width(**disorder: float) -> float:
        theory = SublatticeMeanField(build(mcsco.InfiniteRange(1.0), disorder=mcsco.Disorder(**disorder)))
        T = np.linspace(80.0, 500.0, 43)
        gamma = theory.curve(T, "LS").gamma
        return float(np.interp(0.8, gamma, T) - np.interp(0.2, gamma, T))

    assert width(enthalpy_spread=2.0) > 1.3 * width()
    theory = SublatticeMeanField(build(disorder=mcsco.Disorder(dilution=0.2, pinned_hs=0.08, pinned_ls=0.16)))
    curve = theory.curve([2.0, 20.0])
    assert curve.gamma[0] == pytest.approx(0.1, abs=1e-12)
    phi = theory.free_energy([0.05, 0.1, 0.8, 0.85], 0.5, 200.0)
    assert np.array_equal(np.isnan(phi), [True, False, False, True])


# thermodynamics, curves, mistakes


def test_entropy_and_enthalpy_are_derivatives() -> None:
    terms = mcsco.NearestNeighbours(-0.1), mcsco.Intramolecular(-0.5), mcsco.InfiniteRange(1.0), mcsco.Sublattices(0.7)
    model = build(*terms, second=SECOND, disorder=mcsco.Disorder(0.1, 0.3, 0.05, 0.05, 0.6))
    theory, T, d = SublatticeMeanField(model), 170.0, 0.02
    below, here, above = (theory.equilibrium(t) for t in (T - d, T, T + d))
    assert here.entropy == pytest.approx(-1000 * (above.free_energy - below.free_energy) / (2 * d), rel=1e-6)
    assert here.free_energy == pytest.approx(here.enthalpy - T * here.entropy / 1000, abs=1e-10)
    phi = theory.free_energy(here.gamma_a, here.gamma_b, T)
    assert phi == pytest.approx(here.free_energy, abs=1e-10)
    around = theory.free_energy(
        here.gamma_a + np.array([-1e-3, 1e-3, 0, 0]), here.gamma_b + np.array([0, 0, -1e-3, 1e-3]), T
    )
    assert np.all(around > phi)


def test_a_pressure_curve_is_a_row_of_theories() -> None:
    model = build(mcsco.InfiniteRange(1.0), mcsco.Intramolecular(-0.3), second=SECOND)
    curve = SublatticeMeanField(model).pressure_curve([0.0, 0.4, 0.9], 250.0)
    for P, gamma_a in zip(curve.pressure, curve.gamma_a, strict=True):
        assert gamma_a == pytest.approx(SublatticeMeanField(model, float(P)).equilibrium(250.0).gamma_a, abs=1e-10)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SublatticeMeanField("pmpea"), "must be a Model"),
        (lambda: SublatticeMeanField(mcsco.presets.load("pmpea-elastic")), "use a simulation"),
        (lambda: SublatticeMeanField(mcsco.presets.load("pmpea-displacive")), "use a simulation"),
        (lambda: SublatticeMeanField(build(), field=0.1), "acts on the distortion"),
        (lambda: SublatticeMeanField(build(mcsco.NearestNeighbours(-1.0)).with_shape((3, 3))), "even extents"),
        (lambda: SublatticeMeanField(build()).minima(-1.0), "temperature"),
        (lambda: SublatticeMeanField(build()).curve([100.0], "MS"), "'LS', 'HS' or a pair"),
        (lambda: SublatticeMeanField(build()).curve([[100.0]]), "list of finite numbers"),
        (lambda: SublatticeMeanField(build()).curve([100.0, -5.0]), "above 0"),
    ],
)  # fmt: skip
def test_mistakes_are_refused(call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=words):
        call()
