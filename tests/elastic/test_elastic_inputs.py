"""What elasticity and long-range couplings refuse, in words, and that both survive being written down."""

import json

import numpy as np
import pytest

import mcsco
from mcsco.errors import InputError
from mcsco.model import (
    Elasticity,
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    OrderDisorder,
    SpinCrossover,
)

SPIN = SpinCrossover(15.0, 60.0)
CUBIC = (12.0, 4.2, 3.5)


def elasticity(**changed):
    return Elasticity(**{"stiffness": CUBIC, "site_volume": 970.0} | changed)


def voigt(n, **entries):
    C = np.eye(n)
    for place, value in entries.items():
        C[int(place[1]), int(place[2])] = value
    return C


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"site_volume": 0.0}, "site_volume = 0.0 Å3: must be greater than 0"),
        ({"site_volume": float("nan")}, "site_volume = nan Å3: must be finite"),
        ({"site_volume": "970"}, "site_volume = '970' Å3: must be a number; write it without quotes"),
        ({"stiffness": 12.0}, r"stiffness = 12.0: must be \(C11, C12, C44\) or a Voigt matrix, in GPa"),
        ({"stiffness": (12.0, 4.2)}, r"must have the three constants \(C11, C12, C44\), in GPa"),
        ({"stiffness": (12.0, 4.2, 3.5, 1.0)}, r"must have the three constants \(C11, C12, C44\), in GPa"),
        ({"stiffness": (12.0, 4.2, float("inf"))}, "stiffness = inf GPa: must be finite"),
        ({"stiffness": (12.0, True, 3.5)}, "stiffness = True GPa: must be a number"),
        ({"stiffness": np.eye(4)}, r"stiffness has shape \(4, 4\): must be \(C11, C12, C44\) or a Voigt matrix"),
        ({"stiffness": np.ones((3, 3, 3))}, r"stiffness has shape \(3, 3, 3\)"),
        ({"stiffness": voigt(6, c01=0.5)}, "stiffness: the Voigt matrix must be symmetric"),
        ({"stiffness": voigt(3, c02=0.5)}, "stiffness: the Voigt matrix must be symmetric"),
        ({"stiffness": voigt(6, c33=-1.0)}, "stiffness: must be positive definite"),
        ({"stiffness": voigt(3, c22=0.0)}, "stiffness: must be positive definite"),
        ({"stiffness": (4.0, 12.0, 3.5)}, r"must be positive definite \(cubic: C11 > |C12|"),
        ({"stiffness": (12.0, -7.0, 3.5)}, r"must be positive definite"),
        ({"spin_strain": ((0.1, 0.2), (0.3, 0.4))}, "spin_strain: must be symmetric"),
        ({"distortion_strain": ((0.1, 0.2), (0.3, 0.4))}, "distortion_strain: must be symmetric"),
        ({"spin_strain": ((0.1, 0.2), (0.2,))}, "spin_strain: must be a square matrix"),
        ({"spin_strain": (0.1, 0.2)}, "spin_strain: must be a square matrix"),
        ({"spin_strain": np.eye(4)}, r"spin_strain has shape \(4, 4\): must be 3×3 on this lattice"),
        ({"spin_strain": float("nan")}, "spin_strain = nan: must be finite"),
        ({"distortion_strain": "0.1"}, "distortion_strain = '0.1': must be a number"),
        ({"stress": ((0.1, 0.2), (0.3, 0.4))}, "stress: must be symmetric"),
        ({"stress": np.eye(4)}, r"stress has shape \(4, 4\)"),
        ({"stress": ((0.1, "x"), (0.0, 0.1))}, "stress = 'x' GPa: must be a number"),
        ({"clamped": 1}, "clamped = 1: must be true or false"),
    ],
)
def test_elasticity_refuses(changed, message):
    with pytest.raises(InputError, match=message):
        elasticity(**changed)


@pytest.mark.parametrize(
    ("of", "kernel", "message"),
    [
        ("volume", {(0, 1): 0.1}, "of = 'volume': must be 'spin' or 'distortion'"),
        ("spin", "near", "kernel = 'near': must map offsets to couplings"),
        ("spin", 0.1, "kernel = 0.1: must map offsets to couplings"),
        ("spin", {5: 0.1}, r"kernel entry \(5, 0.1\): must be an offset and a coupling"),
        ("spin", [((0, 1), 0.1, 0.2)], "must be an offset and a coupling"),
        ("spin", {(0, 0.5): 0.1}, "kernel offset = 0.5: must be a whole number"),
        ("spin", {(0, 1): float("inf")}, r"kernel at \(0, 1\) = inf kJ/mol: must be finite"),
        ("spin", {(0, 1): "0.1"}, "must be a number; write it without quotes"),
        ("spin", {(0, 1): 0.1, (1,): 0.1}, "all offsets must have as many components"),
        ("spin", {(0, 0): 0.1}, r"J\(0\) must be zero"),
        ("distortion", {(0, 1): 0.1, (0, -1): 0.2}, r"kernel at \(0, -?1\): J\(r\) and J\(−r\) must be equal"),
    ],
)
def test_long_range_refuses(of, kernel, message):
    with pytest.raises(InputError, match=message):
        LongRange(kernel, of)


@pytest.mark.parametrize(
    ("shape", "distorts", "term", "message"),
    [
        ((4, 4, 4), True, elasticity(spin_strain=((0.1, 0.0), (0.0, 0.1))), "spin_strain has shape"),
        ((4, 4, 4), True, elasticity(stress=((0.1, 0.0), (0.0, 0.1))), "stress has shape"),
        ((4, 4, 4), True, elasticity(stiffness=np.eye(3)), r"stiffness has shape \(3, 3\)"),
        ((4, 4, 4), True, LongRange({(0, 1): 0.1}), r"kernel at \(0, -?1\): must have the 3 components of the lattice"),
        ((4, 4), True, LongRange({(0, 0, 1): 0.1}), "must have the 2 components of the lattice"),
        ((4, 4), False, elasticity(distortion_strain=0.02), "couple the distortion, but the model has none"),
        ((4, 4), False, LongRange({(0, 1): 0.1}, "distortion"), "couple the distortion, but the model has none"),
    ],
)
def test_a_model_refuses_what_does_not_fit(shape, distorts, term, message):
    with pytest.raises(InputError, match=message):
        Model(Lattice(shape), SPIN, OrderDisorder() if distorts else None, (term,))


def test_the_engine_refuses_the_mixed_term_and_the_replica_kernel():
    terms = (elasticity(distortion_strain=0.02), InfiniteRange(mixed=0.1))
    with pytest.raises(InputError, match="the mixed infinite-range term is cubic"):
        mcsco.Simulation(Model(Lattice((4, 4)), SPIN, OrderDisorder(), terms), temperature=200.0, seed=1)
    model = Model(Lattice((4, 4)), SPIN, OrderDisorder(), terms[:1])
    with pytest.raises(InputError, match="kernel = 'replica': cannot serve elasticity"):
        mcsco.simulate(model, mcsco.Hold(200.0, 20), seed=1, kernel="replica")


@pytest.mark.parametrize(
    "term",
    [
        elasticity(spin_strain=0.03, distortion_strain=0.02704),
        elasticity(stiffness=np.eye(3), stress=np.eye(2) * 0.1, spin_strain=((0.01, 0.0), (0.0, 0.02))),
        elasticity(clamped=True, distortion_strain=((0.01, 0.0), (0.0, 0.02))),
        LongRange({(0, 1): 0.1, (2, -1): -0.3}),
        LongRange([((0, 1), 0.1)], of="distortion"),
    ],
)
def test_a_model_reads_back(term):
    model = Model(Lattice((4, 5)), SPIN, OrderDisorder(), (term,))
    again = Model.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert hash(again) == hash(model)
    np.testing.assert_array_equal(again.pair_terms.J, model.pair_terms.J)


def test_a_kernel_may_be_an_array_of_the_lattice():
    J = np.zeros((4, 5))
    J[0, 1] = J[0, 4] = 0.3
    J[2, 0] = -0.1  # its own mirror image
    shape = J.shape
    offsets = LongRange({(0, 1): 0.3, (2, 0): -0.05})  # (2, 0) and (−2, 0) are the same pair twice
    np.testing.assert_allclose(LongRange(J).on_grid(shape), offsets.on_grid(shape), atol=1e-15)
