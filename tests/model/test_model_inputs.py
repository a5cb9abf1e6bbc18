"""What a model refuses, and that the message names the value, the rule and the remedy on one line."""

import math
from dataclasses import FrozenInstanceError

import naive
import numpy as np
import pytest

from mcsco.errors import InputError, McscoError, check_integer, check_real
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover

LATTICE, SPIN = Lattice((4, 4)), SpinCrossover(18.2, 66.5)
NOT_FINITE = [math.nan, math.inf, -math.inf, np.float32(np.nan)]
NOT_NUMBERS = ["1.0", b"1", None, True, [1.0], 1j, np.array([1.0, 2.0])]


def refuses(match, make, *args, **kwargs):
    with pytest.raises(InputError, match=match) as caught:
        make(*args, **kwargs)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, McscoError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("value", NOT_FINITE, ids=str)
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("enthalpy", lambda x: SpinCrossover(x, 60.0)),
        ("entropy", lambda x: SpinCrossover(18.0, x)),
        ("volume", lambda x: SpinCrossover(18.0, 60.0, x)),
        ("nearest-neighbour spin", lambda x: NearestNeighbours(x)),
        ("nearest-neighbour distortion", lambda x: NearestNeighbours(distortion=x)),
        ("infinite-range spin", lambda x: InfiniteRange(x)),
        ("infinite-range distortion", lambda x: InfiniteRange(distortion=x)),
        ("infinite-range mixed", lambda x: InfiniteRange(mixed=x)),
    ],
)
def test_parameters_must_be_finite_numbers(name, make, value):
    refuses(f"{name} = .*must be finite; check", make, value)
    for wrong in NOT_NUMBERS:
        refuses(f"{name} = .*must be a number", make, wrong)
    assert make(np.float64(1.5)) == make(1.5)
    assert type(next(iter(vars(make(np.int64(2))).values()))) is float


def test_entropy_must_not_be_negative():
    refuses(r"entropy = -1.0 J/\(mol K\): must be at least 0", SpinCrossover, 18.0, -1.0)
    assert SpinCrossover(18.0, 0.0).ln_g == 0.0


@pytest.mark.parametrize("shape", [(), (4,), (4, 4, 4, 4)], ids=str)
def test_lattices_have_two_or_three_extents(shape):
    refuses("must have two or three extents, e.g.", Lattice, shape)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (4, 4, 1), (0, 4), (-2, 4)], ids=str)
def test_extents_are_at_least_two(shape):
    refuses("lattice extent = .*must be at least 2", Lattice, shape)


@pytest.mark.parametrize("shape", [4, "44", b"44", None, 4.0], ids=repr)
def test_shape_must_be_a_sequence(shape):
    refuses("lattice shape = .*two or three extents", Lattice, shape)


@pytest.mark.parametrize("extent", [4.0, "4", None, True, math.nan], ids=repr)
def test_extents_must_be_whole_numbers(extent):
    refuses("lattice extent = .*must be a whole number", Lattice, (4, extent))


def test_lattices_must_fit_32_bits():
    refuses(r"must have fewer than 2\^31 sites; reduce", Lattice, (2**16, 2**15))


def test_lattice():
    lattice = Lattice([np.int64(4), 3, 5])
    assert lattice.shape == (4, 3, 5)
    assert all(type(extent) is int for extent in lattice.shape)
    assert (lattice.n_sites, lattice.n_dimensions, lattice.coordination, lattice.n_bonds) == (60, 3, 6, 180)
    assert Lattice((4, 3)) == Lattice([4, 3])
    with pytest.raises(FrozenInstanceError):
        lattice.shape = (4, 4)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (5, 4), (2, 3, 4), (3, 3, 3)], ids=str)
def test_neighbour_table(shape):
    table = Lattice(shape).neighbours()
    assert table.shape == (math.prod(shape), 2 * len(shape))
    found = sorted((i, int(j)) for i, row in enumerate(table) for j in row)
    assert found == sorted(pair for i, j in naive.bonds(shape) for pair in ((i, j), (j, i)))


@pytest.mark.parametrize(
    ("match", "arguments"),
    [
        (r"lattice = \(4, 4\): must be a Lattice, e.g.", {"lattice": (4, 4)}),
        (r"spin = 18.2: must be a SpinCrossover, e.g.", {"spin": 18.2}),
        (r"distortion = 'order-disorder': must be OrderDisorder\(\) or Displacive", {"distortion": "order-disorder"}),
        (r"distortion = <class .*OrderDisorder\(\) or Displacive", {"distortion": OrderDisorder}),
        ("interaction = 1.0: must be .*NearestNeighbours", {"interactions": 1.0}),
        ("interaction = 'x': must be .*NearestNeighbours", {"interactions": "x"}),
        ("interaction = None: must be .*NearestNeighbours", {"interactions": (None,)}),
        ("interaction = <class", {"interactions": [NearestNeighbours]}),
    ],
)
def test_parts_must_have_the_right_type(match, arguments):
    refuses(match, Model, **({"lattice": LATTICE, "spin": SPIN} | arguments))


@pytest.mark.parametrize(
    "term", [NearestNeighbours(1.0, 0.1), InfiniteRange(distortion=0.1), InfiniteRange(mixed=-0.1)]
)
def test_coupled_distortion_without_a_distortion(term):
    refuses("couple the distortion, but the model has none; give distortion=", Model, LATTICE, SPIN, None, (term,))
    Model(LATTICE, SPIN, OrderDisorder(), (term,))


def test_terms_of_the_same_kind_add_up():
    terms = [
        NearestNeighbours(1.0, 2.0),
        InfiniteRange(3.0, 4.0, 5.0),
        NearestNeighbours(0.5),
        InfiniteRange(mixed=1.0),
    ]
    model = Model(LATTICE, SPIN, OrderDisorder(), terms)
    assert model.couplings == (1.5, 2.0, 3.0, 4.0, 6.0)
    assert isinstance(model.interactions, tuple)
    assert Model(LATTICE, SPIN, interactions=NearestNeighbours(1.0)).couplings.J == 1.0
    assert Model(LATTICE, SPIN).couplings == (0.0,) * 5


def test_models_are_frozen_values():
    model = Model(LATTICE, SPIN, None, [NearestNeighbours(1.0)])
    same = Model(Lattice((4, 4)), SpinCrossover(18.2, 66.5), None, (NearestNeighbours(1.0),))
    assert model == same
    assert hash(model) == hash(same)
    for part, name in ((model, "lattice"), (SPIN, "enthalpy"), (NearestNeighbours(), "spin")):
        with pytest.raises(FrozenInstanceError):
            setattr(part, name, None)
    larger = model.with_shape((8, 8))
    assert (larger.lattice.shape, larger.spin, larger.interactions) == ((8, 8), model.spin, model.interactions)


def test_bounds_of_checked_numbers():
    assert check_real("x", 2, above=1.0) == 2.0
    refuses("x = 1 K: must be greater than 1", check_real, "x", 1, above=1.0, unit="K")
    refuses("x = 0.5: must be at least 1", check_real, "x", 0.5, minimum=1.0)
    assert check_integer("n", np.int32(5), minimum=5, maximum=5) == 5
    refuses("n = 6: must be at most 5", check_integer, "n", 6, maximum=5)
    refuses("n = 2.0: must be a whole number", check_integer, "n", 2.0)
