"""Models as plain data: round trips, and what is refused."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcsco.errors import InputError
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover

real = st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def models(draw):
    distortion = draw(st.sampled_from([None, OrderDisorder()]))
    moderate = st.floats(-1e300, 1e300)
    u = moderate if distortion else st.just(0.0)
    near, far = st.builds(NearestNeighbours, moderate, u), st.builds(InfiniteRange, moderate, u, u)
    return Model(
        Lattice(draw(st.lists(st.integers(2, 1000), min_size=2, max_size=3))),
        SpinCrossover(draw(real), draw(st.floats(0, 1e300)), draw(real)),
        distortion,
        tuple(draw(st.lists(st.one_of(near, far), max_size=3))),
    )


@given(models())
def test_round_trip_through_json(model):
    data = model.to_dict()
    again = Model.from_dict(json.loads(json.dumps(data)))
    assert again == model
    assert again.to_dict() == data


DATA = Model(
    Lattice((4, 6)),
    SpinCrossover(18.2, 66.5, 3.0),
    OrderDisorder(),
    (NearestNeighbours(0.1, 0.2), InfiniteRange(1.0, 2.0, 0.5)),
).to_dict()


def test_data_is_readable():
    assert DATA == {
        "lattice": {"shape": [4, 6]},
        "spin": {"enthalpy": 18.2, "entropy": 66.5, "volume": 3.0},
        "distortion": {"kind": "order-disorder"},
        "interactions": [
            {"kind": "nearest-neighbours", "spin": 0.1, "distortion": 0.2},
            {"kind": "infinite-range", "spin": 1.0, "distortion": 2.0, "mixed": 0.5},
        ],
    }


def test_what_may_be_left_out():
    model = Model.from_dict({"lattice": {"shape": [4, 4]}, "spin": {"enthalpy": 18, "entropy": 60}})
    assert model == Model(Lattice((4, 4)), SpinCrossover(18.0, 60.0))


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (["colour"], 1, "model.colour: unknown key; known are disorder, distortion, interactions, lattice, second, "),
        (["lattice", "size"], 4, "model.lattice.size: unknown key; known are shape"),
        (["spin", "enthalpie"], 1.0, "model.spin.enthalpie: unknown key; known are enthalpy, entropy, volume"),
        (["distortion", "depth"], 1.0, "model.distortion.depth: unknown key"),
        (["interactions", 1, "range"], 1.0, r"model.interactions\[1\].range: unknown key"),
        (["interactions", 0, "kind"], "dipolar", r"model.interactions\[0\].kind = 'dipolar': must be one of nearest"),
        (["distortion"], "order-disorder", "model.distortion.kind = .*: must be one of order-disorder"),
        (["distortion", "kind"], "twisted", "model.distortion.kind = 'twisted': must be one of order-disorder, displ"),
        (["lattice"], [4, 4], r"model.lattice = \[4, 4\]: must be a table of shape"),
        (["spin"], None, "model.spin = None: must be a table of enthalpy, entropy, volume"),
        (["spin"], {"enthalpy": 18.0}, "model.spin: .*entropy"),
        (["lattice"], {}, "model.lattice: .*shape"),
        (["spin", "enthalpy"], "18 kJ/mol", "enthalpy = '18 kJ/mol' kJ/mol: must be a number"),
        (["lattice", "shape"], [4], "must have two or three extents"),
        (["distortion"], None, "couple the distortion, but the model has none"),
        (["interactions"], {"kind": "infinite-range"}, r"model.interactions"),
        (["interactions"], [None], r"model.interactions\[0\].kind = .*: must be one of"),
    ],
)
def test_wrong_data(path, value, match):
    data = copy.deepcopy(DATA)
    part = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(InputError, match=match):
        Model.from_dict(data)


@pytest.mark.parametrize("key", ["lattice", "spin"])
def test_missing_parts(key):
    data = {k: v for k, v in DATA.items() if k != key}
    with pytest.raises(InputError, match=f"model.{key}: is missing"):
        Model.from_dict(data)


@pytest.mark.parametrize("data", [None, [], "pmpea", 3])
def test_not_a_table(data):
    with pytest.raises(InputError, match=r"model = .*must be a table"):
        Model.from_dict(data)


@pytest.mark.parametrize("interactions", [5, None, 1.0])
def test_interactions_that_are_no_list(interactions):
    with pytest.raises(InputError, match=r"model\.interactions"):
        Model.from_dict(DATA | {"interactions": interactions})


@pytest.mark.parametrize("kind", [[], {}, 3])
def test_kinds_that_are_no_names(kind):
    with pytest.raises(InputError, match="kind"):
        Model.from_dict(DATA | {"distortion": {"kind": kind}})
