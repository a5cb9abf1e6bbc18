"""The energy oracle against a twin with an explicit loop over bonds, and against what physics demands of it."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco.errors import InputError
from mcsco.model import (
    Displacive,
    InfiniteRange,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
    State,
)
from mcsco.model.energy import energy_terms

real = st.floats(-50, 50)
shapes = st.lists(st.integers(2, 5), min_size=2, max_size=3).map(tuple)


@st.composite
def models(draw):
    distortion = draw(st.sampled_from([None, OrderDisorder()]))
    u = real if distortion else st.just(0.0)
    terms = draw(
        st.lists(st.one_of(st.builds(NearestNeighbours, real, u), st.builds(InfiniteRange, real, u, u)), max_size=4)
    )
    spin = SpinCrossover(draw(real), draw(st.floats(0, 100)), draw(real))
    return Model(Lattice(draw(shapes)), spin, distortion, tuple(terms))


def random_codes(model, seed):
    return np.random.default_rng(seed).choice(naive.values(model), model.lattice.shape).astype(np.int8)


@settings(deadline=None)
@given(model=models(), seed=st.integers(0, 2**32), pressure=st.floats(-1, 1), field=real)
def test_energy_equals_the_bond_loop(model, seed, pressure, field):
    codes = random_codes(model, seed)
    expected = naive.energy(model, codes, pressure, field)
    found = model.energy(naive.to_state(model, codes), pressure, field)
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-8)


@settings(deadline=None)
@given(model=models(), seed=st.integers(0, 2**32))
def test_symmetries(model, seed):
    """Translations, reflections and, without a field, u → −u leave the energy as it is."""
    codes = random_codes(model, seed)
    energy = model.energy(naive.to_state(model, codes))
    images = [np.roll(codes, 1, 0), np.roll(codes, 1, -1), codes[::-1], codes[..., ::-1]]
    if model.distortion:
        images.append(-codes)
    for image in images:
        assert model.energy(naive.to_state(model, image)) == pytest.approx(energy, rel=1e-10, abs=1e-8)


def test_energies_by_hand():
    """4 x 3 crystal, 24 bonds: all LS, all HS in one domain, one HS molecule."""
    terms = (NearestNeighbours(0.5, 0.25), InfiniteRange(3.0, 2.0, 1.0))
    model = Model(Lattice((4, 3)), SpinCrossover(10.0, 50.0, 5.0), OrderDisorder(), terms)
    LS = np.zeros((4, 3), dtype=np.int8)
    assert model.energy(naive.to_state(model, LS)) == pytest.approx(-0.5 * 24)
    assert model.energy(naive.to_state(model, LS + 1)) == pytest.approx(120 - 12 - 6 + 12 * (-2.0 / 2 - 1.0))
    assert model.energy(naive.to_state(model, LS + 1), 2.0, 0.3) == pytest.approx(78 + 120 - 0.3 * 12)
    one = LS.copy()
    one[3, 2] = -1
    g = 1 / 12
    expected = 10 - 0.5 * (20 - 4) + 12 * (3 * g * (1 - g) - g**2 - g**3)
    assert model.energy(naive.to_state(model, one)) == pytest.approx(expected)
    assert model.energy(naive.to_state(model, one), field=0.3) == pytest.approx(expected + 0.3)
    terms = energy_terms(model, naive.to_state(model, one), 2.0, 0.3)
    assert terms["site"] == pytest.approx(20.0)
    assert terms["field"] == pytest.approx(0.3)
    assert sum(terms.values()) == pytest.approx(expected + 10 + 0.3)


def test_extent_of_two_has_two_bonds():
    model = Model(Lattice((2, 2)), SpinCrossover(0.0, 0.0), None, (NearestNeighbours(1.0),))
    assert model.lattice.n_bonds == 8 == len(naive.bonds((2, 2)))
    assert model.energy(naive.to_state(model, [[0, 0], [0, 0]])) == -8.0
    assert model.energy(naive.to_state(model, [[0, 1], [0, 0]])) == 0.0


def test_slichter_drickamer_in_ising_language():
    """N Γ γ(1−γ) = −(Γ/2)(Σσ)²/2N + const: G = Γ/2 multiplies −⟨σ⟩Σσ, and one flip sees Γ(1 − 2γ)."""
    model = Model(Lattice((4, 4)), SpinCrossover(0.0, 0.0), None, (InfiniteRange(6.0),))
    for n_high in range(17):
        codes = np.zeros(16, dtype=np.int8)
        codes[:n_high] = 1
        m = (2 * n_high - 16) / 16
        assert model.energy(naive.to_state(model, codes)) == pytest.approx(16 * 6.0 * (1 - m**2) / 4)


def good_state(model):
    return naive.to_state(model, np.ones(model.lattice.shape, dtype=np.int8))


@pytest.mark.parametrize("distortion", [None, OrderDisorder()])
def test_states_that_do_not_belong_to_the_model(distortion):
    model = Model(Lattice((3, 4)), SpinCrossover(10.0, 50.0), distortion)
    spin, u = good_state(model)
    model.energy(State(spin, u))
    with pytest.raises(InputError, match=r"state.spin has shape \(4, 3\): must be the lattice's, \(3, 4\)"):
        model.energy(State(spin.T, u))
    with pytest.raises(InputError, match=r"state.distortion has shape \(2,\)"):
        model.energy(State(spin, np.zeros(2, dtype=np.int8)))
    for bad in (0, 2, np.nan):
        wrong = spin.astype(float)
        wrong[1, 1] = bad
        with pytest.raises(InputError, match=r"state\.spin: must be −1"):
            model.energy(State(wrong, u))
    wrong_u = u.copy()
    wrong_u[0, 0] = 1 - wrong_u[0, 0]
    with pytest.raises(InputError, match=r"state.distortion: must be 0 (on LS|everywhere)"):
        model.energy(State(spin, wrong_u))


def test_order_parameters_of_a_state():
    state = State(np.array([[1, 1], [1, -1]], dtype=np.int8), np.array([[1, -1], [-1, 0]], dtype=np.int8))
    assert (state.gamma, state.q, state.eta) == (0.75, 0.5, -0.25)


def test_displacive_potential_by_hand():
    """V_HS = ε (u² − 1)² and V_LS = κ u²/2 + ε u⁴, on top of the spin and the couplings."""
    model = Model(Lattice((2, 2)), SpinCrossover(10.0, 50.0), Displacive(barrier=3.0, stiffness=8.0))
    state = State(np.array([[1, 1], [-1, -1]]), np.array([[1.0, 0.5], [0.5, 0.0]]))
    hs, ls = 3.0 * (0.25 - 1.0) ** 2, 8.0 * 0.25 / 2 + 3.0 * 0.0625
    assert model.energy(state) == pytest.approx(2 * 10.0 + hs + ls)
    assert Model.from_dict(model.to_dict()) == model
