"""Reweighting of real simulations against enumeration, what is known of the models, and the long studies."""

import math
from itertools import product

import numpy as np
import pytest

from analysis.critical_models import (
    BARRIER,
    BLUME_CAPEL,
    COUPLING,
    ISING_CRITICAL,
    UNIT,
    Sampling,
    blume_capel_infinite,
    displacive,
    exact_curves,
    hold_series,
    hybrid,
    hybrid_critical,
    ising,
    strip_column,
    strip_critical,
    strip_susceptibility,
    well_nodes,
)
from analysis.critical_points import STUDIES, Row, Study, to_markdown
from mcsco.model import State
from mcsco.observables import Estimate, Reweighting
from mcsco.observables.resampling import errors


def enumerated_moments(T):
    """⟨m²⟩, ⟨m⁴⟩, ⟨|m|⟩ and C of the 4 × 4 Ising torus, from all configurations; J = k_B = 1."""
    sigma = np.array(list(product((-1, 1), repeat=16)), dtype=np.int8).reshape(-1, 4, 4)
    E = -sum((sigma * np.roll(sigma, 1, axis)).sum(axis=(1, 2)) for axis in (1, 2)).astype(float)
    m = sigma.mean(axis=(1, 2))
    w = np.exp(-(E - E.min()) / T)
    mean = lambda x: np.average(x, weights=w)  # noqa: E731
    return mean(m**2), mean(m**4), mean(np.abs(m)), (mean(E**2) - mean(E) ** 2) / (16 * T**2)


def test_simulation_reweighted_between_its_temperatures():
    data = Reweighting(hold_series(ising(4), [(2.1, 0.0), (2.5, 0.0)], Sampling(4, 4000, 4)))
    T = 2.3
    curves = data.along([T * UNIT, (T + 0.05) * UNIT])
    m2, m4, m_abs, C = enumerated_moments(T)
    expected = {
        "binder": 1 - m4 / (3 * m2**2),
        "order": m_abs,
        "total susceptibility": 16 * m2 / (T * UNIT),
        "heat capacity": 8.314462618 * C,
    }
    for name, value in expected.items():
        y = curves.quantity(name, "q")
        assert abs(y[0, 0] - value) < 4 * errors(y)[0] < 0.05 * value, name


def test_hybrid_has_the_energy_that_it_says():
    model, rng = hybrid(6, 0.7), np.random.default_rng(3)
    energy = []
    for _ in range(3):
        spin = rng.choice([-1, 1], size=(6, 6)).astype(np.int8)
        far = -0.7 * spin.sum() ** 2 / (2 * 36)
        near = -sum((spin * np.roll(spin, 1, axis)).sum() for axis in (0, 1))
        energy.append(model.energy(State(spin, np.zeros_like(spin))) / COUPLING - near - far)
    assert np.ptp(energy) < 1e-9


def test_susceptibility_of_a_strip_is_that_of_the_series():
    # High-temperature series in v = tanh(J/T): Domb, in Phase Transitions and Critical Phenomena 3 (1974), 380.
    v = math.tanh(1 / 20)
    series = sum(c * v**k for k, c in enumerate((1, 4, 12, 36, 100, 276, 740, 1972)))
    assert strip_susceptibility(20.0, 8) == pytest.approx(series, abs=2e-6)
    assert hybrid_critical(1.0, 10) == pytest.approx(4.0843, abs=2e-4)


def test_strips_find_the_critical_temperature_of_ising_spins():
    T_c, uncertainty = strip_critical(math.inf)
    assert abs(T_c - ISING_CRITICAL) < uncertainty < 1e-2


def torus_fluctuation(T, h=0.005):
    """⟨η²⟩ of 4 × 4 displacive molecules from traces of the transfer matrix in fields 0 and ±h."""
    nodes, weights = well_nodes(BARRIER, T, 5)
    log_z = []
    for field in (-h, 0.0, h):
        column = strip_column(T, 4, nodes, weights * np.exp(field * nodes))
        two = np.stack([column(column(v)) for v in np.eye(len(nodes) ** 4)])
        log_z.append(np.log(np.sum(two * two.T)))
    return (log_z[0] - 2 * log_z[1] + log_z[2]) / h**2 / 16**2


def test_displacive_torus_against_its_transfer_matrix():
    T = 2.9
    data = hold_series(displacive(4), [(T, 0.0)], Sampling(4, 16000, 20))
    assert min(float(one["gamma"].min()) for one in data) > 0.999
    squares = np.concatenate([(one["eta"].values ** 2).mean(axis=1) for one in data])
    error = squares.std(ddof=1) / math.sqrt(squares.size)
    assert abs(squares.mean() - torus_fluctuation(T)) < 4 * error < 0.02 * squares.mean()
    assert abs(squares.mean() - torus_fluctuation(1.04 * T)) > 4 * error


def test_exact_curves_of_the_infinite_range_model_are_those_of_all_states():
    found = exact_curves(blume_capel_infinite(2, 0.4), 0.5 * UNIT)
    states = np.array(list(product((-1, 0, 1), repeat=4)))
    m = states.mean(axis=1)
    weight = np.exp(-(0.4 * (states**2).sum(axis=1) - 2 * m**2) / 0.5)
    assert found.moments["eta2"][0, 0] == pytest.approx(np.average(m**2, weights=weight), rel=1e-12)
    assert found.moments["eta4"][0, 0] == pytest.approx(np.average(m**4, weights=weight), rel=1e-12)


def test_table():
    rows = [Row("T_c", 2.0, 0.0, Estimate(2.1, 0.05)), Row("⟨|m|⟩", 1.0, 0.0, Estimate(1.0, math.nan, reason="few"))]
    text = to_markdown(Study("A model", rows, ["A remark."], {}))
    assert "| T_c | 2 | 2.100 ± 0.050 | +2.00 |" in text
    assert "| ⟨\\|m\\|⟩ | 1 | 1 ± nan (few) | – |" in text


@pytest.mark.validate
@pytest.mark.parametrize("name", ["ising", "hybrid", "displacive"])
def test_critical_points_and_exponents(name):
    study = STUDIES[name](False)
    rows = {row.what: row for row in study.rows}
    for what in ("U4 at the crossings, extrapolated", "1/ν, slope of U4 at T_c", "β/ν, ⟨|m|⟩ at T_c"):
        assert abs(rows[what].z) < 4, rows[what]
    assert abs(rows["T_c, crossings of U4, extrapolated"].z) < 4


@pytest.mark.validate
def test_tricritical_point_of_the_square_lattice():
    rows = [row for row in STUDIES["blume-capel"](False).rows if row.what.startswith("T_t")]
    assert abs(rows[-1].z) < 4
    assert abs(rows[-1].found.value - BLUME_CAPEL["temperature"][0]) < 0.01


def test_constants():
    assert pytest.approx(2.269185, abs=1e-6) == ISING_CRITICAL
