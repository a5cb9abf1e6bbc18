"""Random damage to inputs and results never ends in anything but an `InputError`, or in the truth."""

import contextlib
import sys

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco import campaign
from mcsco.errors import InputError

# Four tests of random files: a thousand of them with --validate.
few = settings(max_examples=250 if "--validate" in sys.argv else 150, derandomize=True, database=None, deadline=None)

TOKENS = [
    "nan", "-inf", "true", "1e999", "9" * 5000, "0x" + "f" * 5000, "-1", '"', "'", "[", "]", "{", "}", "=", "#", "\n",
    "\0", "\N{GREEK SMALL LETTER GAMMA}", "[" * 3000, '"1.5 K"', '"-3 GPa"', "1979-05-27", "ramp = 1", '"\\u0000"',
]  # fmt: skip


def check_line(error):
    assert len(str(error).splitlines()) == 1


def check(text):
    """Parse; whatever passes must be sound enough to be run."""
    try:
        config = campaign.parse_config(text)
    except InputError as error:
        check_line(error)
        return
    assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint
    assert campaign.total_updates(config) > 0
    with contextlib.suppress(InputError):
        campaign.check_memory(config)


@few
@given(st.data())
def test_edited_run_files(run_file, data):
    text = run_file
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(len(text), begin + 12)))
        text = text[:begin] + data.draw(st.sampled_from(["", *TOKENS]) | st.text(max_size=5)) + text[end:]
    check(text)


# Surrogates cannot stand in a file.
characters = st.characters(exclude_categories=["Cs"])
WORDS = """
model preset shape spin distortion interactions enthalpy entropy volume kind protocol temperature sweeps cycles run seed
sweeps_per_kelvin measure_every equilibration pressure field mixed replicas start dynamics kernel landau set measured
stiffness site_volume spin_strain distortion_strain stress clamped of file source T_up T_down chi_t_hs chi_t_ls title
output ramp hold thermal-cycle elasticity long-range
"""
keys = st.sampled_from(WORDS.split()) | st.text(characters, max_size=3)
words = st.sampled_from(["pmpea", "ramp", "hold", "thermal-cycle", "elasticity", "long-range", "2 GPa", "nan K"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(characters, max_size=4) | st.dates()
structures = st.recursive(
    leaves, lambda x: st.lists(x, max_size=3) | st.dictionaries(keys, x, max_size=4), max_leaves=12
)


def without_none(x):
    """TOML has no null."""
    if isinstance(x, dict):
        return {key: without_none(value) for key, value in x.items() if value is not None}
    return [without_none(value) for value in x if value is not None] if isinstance(x, list) else x


@few
@given(st.dictionaries(keys, structures, max_size=5))
def test_any_structure(data):
    check(tomli_w.dumps(without_none(data)))


SECTIONS = {
    "model": {"preset": "pmpea", "shape": [4, 4]},
    "protocol": {"kind": "hold", "temperature": [200.0], "sweeps": 20},
    "run": {"seed": 1},
    "measured": {"T_up": 235.0},
    "landau": {"set": "source-paper"},
}


@few
@given(st.sampled_from(sorted(SECTIONS)), keys, structures)
def test_one_key_with_any_value(section, key, value):
    data = SECTIONS | {section: SECTIONS[section] | {key: value}}
    check(tomli_w.dumps(without_none(data)))


ELASTIC = {"kind": "elasticity", "stiffness": [20.0, 7.0, 5.84], "site_volume": 970.0, "spin_strain": 0.02}
LONG_RANGE = {"kind": "long-range", "kernel": [[[0, 1], 0.1]]}
numbers = st.integers(-3, 3) | st.floats() | st.sampled_from(["1 GPa", "2 K", True])
tensors = st.lists(numbers, max_size=4) | st.lists(st.lists(numbers, max_size=3), max_size=3)
kernels = st.lists(st.tuples(st.lists(st.integers(-9, 9), max_size=3), numbers).map(list), max_size=3)


@few
@given(st.sampled_from([ELASTIC, LONG_RANGE]), keys, tensors | kernels | structures)
def test_one_key_of_an_interaction_with_any_value(interaction, key, value):
    model = {"shape": [4, 4], "spin": {"enthalpy": 1.0, "entropy": 1.0}, "interactions": [interaction | {key: value}]}
    check(tomli_w.dumps(without_none(SECTIONS | {"model": model})))


@pytest.fixture(scope="module")
def sound(finished, tmp_path_factory):
    """A sound directory, the bytes of its result, and what they say."""
    directory = campaign.RunDirectory(tmp_path_factory.mktemp("sound"))
    directory.save(*finished, directory.path)
    return directory, (directory.path / "result.nc").read_bytes(), directory.result()


@settings(max_examples=50, derandomize=True, database=None, deadline=None)
@given(data=st.data())
def test_damaged_results(sound, data):
    directory, content, truth = sound
    damaged = bytearray(content)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    length = data.draw(st.just(len(content)) | st.integers(0, len(content)))
    (directory.path / "result.nc").write_bytes(damaged[:length])
    try:
        found = directory.result()
    except InputError as error:
        check_line(error)
    else:
        assert found.identical(truth)
