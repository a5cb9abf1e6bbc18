"""What users give, and what they are told when it breaks a rule."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, replace

import numpy as np
import pytest

from mcsco import InputError, landau
from mcsco.landau import Potential

GOOD = {"a1": 0.6, "C": 35, "b": 10, "D": -6.5, "E": -12.2, "T_sc": 235}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a1", 0, "a1 = 0: must be greater than 0"),
        ("C", -1, "C = -1: must be greater than 0"),
        ("b", 0.0, "b = 0.0: must be greater than 0"),
        ("T_sc", -5, "T_sc = -5 K: must be greater than 0"),
        ("D", np.inf, "D = inf: must be finite"),
        ("E", "x", "E = 'x': must be a number"),
        ("T_c", None, "T_c = None K: must be a number"),
        ("a0", True, "a0 = True: must be a number"),
    ],
)
def test_parameters_are_checked(name, value, message):
    with pytest.raises(InputError, match=message):
        Potential(**{**GOOD, name: value})


def test_parameters_stay():
    p = Potential(**GOOD)
    with pytest.raises(FrozenInstanceError):
        p.B = 3.0
    assert p == Potential(*GOOD.values())
    assert hash(p) == hash(Potential(**GOOD))
    assert asdict(p) == {**GOOD, "B": 0.0, "a0": 0.0, "T_c": 0.0}
    assert Potential(**asdict(p)) == p


@pytest.mark.parametrize("T", [-1, np.nan, np.inf, [200, -3]])
def test_temperatures_are_checked(T):
    p = Potential(**GOOD)
    for method in (p.equilibrium, p.saddle, p.barriers, p.follow, lambda T: p.branch(T, "LS")):
        with pytest.raises(InputError, match=r"T = .* K: must be finite and not negative"):
            method(T)


def test_unknown_words_are_refused():
    p = Potential(**GOOD)
    for call, message in (
        (lambda: p.branch(200, "ls"), 'must be "LS" or "HS"'),
        (lambda: p.entropy_jump("here"), "must be one of maxwell, up, down"),
        (lambda: p.transitions("sideways"), "must be one of heating, cooling, equilibrium"),
        (lambda: p.phase_sequence("cooling"), "that of rising T"),
        (lambda: p.branch("warm", "LS"), "must be a temperature"),
        (lambda: p.unit(0), "entropy = 0"),
        (lambda: landau.load("nothing"), "known are source-paper, consistent-eq3"),
        (lambda: landau.vary(p, "G", 1), "parameter = 'G': must be one of a1; C;"),
        (lambda: landau.phase_diagram(p, "B", []), "non-empty"),
        (lambda: landau.retune(p, 238.0), "no value of B gives it"),
        (lambda: landau.retune(replace(p, B=30), 220), "begin with a potential that has a loop"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_entropy_must_rise_with_q():
    p = Potential(**GOOD, a0=0.5)
    assert p.free_energy(0.5, 1, 200) == pytest.approx(0.6 * 35 * 0.5 + 35 / 64 + 50 + 2.5 - 3.25 - 1.525)
    with pytest.raises(InputError, match=r"a0 = 0.5: a1 b \+ a0 \(D \+ E q\) must be positive"):
        p.spinodals()


def test_scalars_give_floats_and_arrays_keep_their_shape():
    p = Potential(**GOOD)
    T = np.linspace(200, 240, 6).reshape(2, 3)
    for method in (p.equilibrium, p.saddle, p.barriers, p.follow, lambda T: p.branch(T, "HS")):
        for many, one in zip(method(T), method(T[1, 0]), strict=True):
            assert many.shape == T.shape
            assert isinstance(one, float)
            np.testing.assert_equal(many[1, 0], one)
    assert p.free_energy(np.zeros((3, 1)), np.zeros(4), 200).shape == (3, 4)
    assert isinstance(p.free_energy(0, 0, 200), float)


def test_branches_end_where_the_spinodals_are():
    p = Potential(**GOOD)
    T_down, T_up = p.spinodals()
    assert p.branch(T_up, "LS") == (0.0, 0.0)
    assert np.isnan(p.branch(np.nextafter(T_up, 300), "LS")).all()
    assert not np.isnan(p.branch(T_down, "HS")).any()
    assert np.isnan(p.branch(np.nextafter(T_down, 0), "HS")).all()
    assert p.barriers(T_up)[0] == 0
    assert p.barriers(T_down)[1] == 0


def test_high_spin_phase_that_survives_to_zero():
    p = Potential(a1=0.05, C=35, b=10, D=-6.5, E=-12.2, T_sc=235)
    T_down, T_up = p.spinodals()
    assert np.isnan(T_down)
    assert T_up == 235
    assert p.branch(0, "HS")[0] == 1.0
    assert np.isnan(p.entropy_jump("down"))
    assert [t.after for t in p.transitions("cooling")] == []


def test_registry():
    assert landau.names() == ("source-paper", "consistent-eq3")
    for name in landau.names():
        given = landau.get(name)
        assert given.name == name
        assert given.summary
        assert "10.1039/d4mh01318b" in given.source
        assert given.potential is landau.load(name)
    assert landau.source_paper() is landau.load("source-paper")


def test_room_loads_fast_and_without_numba_or_scipy_optimize():
    code = "import sys; from mcsco import landau; landau.source_paper().spinodals(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numba", "scipy.optimize"} & set(done.stdout.split())
