"""Reading run files: everything that a file may say, and that what is written reads back."""

import json

import pytest
import tomli_w

from mcsco import campaign, presets
from mcsco.model import InfiniteRange, NearestNeighbours, OrderDisorder
from mcsco.sampling import Hold, Ramp, ThermalCycle

FULL = """
[model]
shape = [6, 4, 2]
spin = {enthalpy = "2188 K", entropy = "8.0 k_B", volume = "20 Å3"}
distortion = {kind = "order-disorder"}

[[model.interactions]]
kind = "nearest-neighbours"
spin = "25 K"
distortion = "200 J/mol"

[[model.interactions]]
kind = "infinite-range"
spin = -0.5
distortion = "10 meV"
mixed = "100 cm-1"

[protocol]
kind = "ramp"
temperature = ["300 K", 100]
sweeps_per_kelvin = 7.5
pressure = "2 kbar"
field = "1e-3 kJ/mol"

[run]
seed = 7
replicas = 2
start = "random"
dynamics = "heat-bath"
kernel = "replica"
"""


def with_part(text, part):
    """A run file whose protocol is replaced."""
    return text[: text.index("[protocol]")] + part


def test_a_whole_model_with_units():
    config = campaign.parse_config(FULL)
    model = config.model.build()
    assert model.lattice.shape == (6, 4, 2)
    assert model.spin.enthalpy == pytest.approx(18.192, abs=5e-4)
    assert model.spin.entropy == pytest.approx(66.516, abs=5e-4)
    assert model.spin.volume == pytest.approx(12.0443, abs=5e-5)
    assert model.distortion == OrderDisorder()
    near, far = model.interactions
    assert isinstance(near, NearestNeighbours)
    assert near.spin == pytest.approx(0.207861, rel=1e-5)
    assert near.distortion == pytest.approx(0.2)
    assert isinstance(far, InfiniteRange)
    assert (far.spin, far.distortion, far.mixed) == pytest.approx((-0.5, 0.964853, 1.196266), rel=1e-5)
    assert config.protocol.build() == Ramp((300.0, 100.0), 7.5, None, 0.2, 1e-3)


def test_defaults():
    config = campaign.parse_config('model.preset = "fe2co"\nprotocol = {kind = "ramp", temperature = [100, 300]}')
    assert config.model.build() == presets.load("fe2co")
    assert config.protocol.build() == Ramp((100.0, 300.0))
    assert config.run.model_dump() == {
        "seed": 0,
        "replicas": 8,
        "start": None,
        "dynamics": "metropolis",
        "kernel": "auto",
        "snapshots": 0,
    }
    assert (config.measured, config.landau, config.output) == (None, None, None)


def test_every_protocol():
    cycle = '[protocol]\nkind = "thermal-cycle"\ntemperature = [1, 2]\nmeasure_every = 3\ncycles = 4'
    assert campaign.parse_config(with_part(FULL, cycle)).protocol.build() == ThermalCycle((1, 2), 400.0, 3, 4)
    hold = '[protocol]\nkind = "hold"\ntemperature = [200, 250]\nsweeps = 50\nmeasure_every = 5\nequilibration = 20'
    assert campaign.parse_config(with_part(FULL, hold)).protocol.build() == [Hold(T, 50, 5, 20) for T in (200, 250)]


def test_the_source_of_the_units_does_not_matter():
    in_public_units = FULL.replace('"2 kbar"', "0.2").replace('["300 K", 100]', "[300.0, 100.0]")
    assert campaign.parse_config(in_public_units).fingerprint == campaign.parse_config(FULL).fingerprint


@pytest.mark.parametrize("text", [FULL, with_part(FULL, '[protocol]\nkind="hold"\ntemperature=[9]\nsweeps=90')])
def test_what_is_written_reads_back_as_the_same_run(text):
    config = campaign.parse_config(text)
    again = campaign.parse_config(config.to_toml())
    assert again.fingerprint == config.fingerprint
    assert again.model.build() == config.model.build()
    assert again.protocol.build() == config.protocol.build()
    assert again.to_toml() == config.to_toml()


def test_a_preset_is_written_out_in_full(run_file):
    config = campaign.parse_config(run_file)
    assert "preset" not in config.to_toml()
    assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint


def test_fingerprint_is_of_the_numbers_and_nothing_else(run_file):
    fingerprint = campaign.parse_config(run_file).fingerprint
    for old, new in (("a few molecules", "others"), ("235.0", "236.0"), ("source-paper", "consistent-eq3")):
        assert campaign.parse_config(run_file.replace(old, new)).fingerprint == fingerprint
    for old, new in (("seed = 3", "seed = 4"), ("[6, 6]", "[6, 7]"), ("280.0", "280.5"), ('"pmpea"', '"pmpea-nn"')):
        assert campaign.parse_config(run_file.replace(old, new)).fingerprint != fingerprint


def test_a_byte_order_mark_is_no_mistake(run_file, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(run_file, encoding="utf-8-sig")
    assert campaign.read_config(path).fingerprint == campaign.parse_config(run_file).fingerprint


def test_all_mistakes_of_a_file_are_told_at_once(run_file):
    wrong = run_file.replace("[6, 6]", "[6, 1]").replace("180.0", "-180.0").replace("replicas", "replics")
    with pytest.raises(campaign.config.InputError) as caught:
        campaign.parse_config(wrong, "x.toml")
    message = str(caught.value)
    assert "model.shape.1 = 1: must be at least 2" in message
    assert "protocol.temperature.0 = -180.0: must be greater than 0" in message
    assert "run.replics: unknown key; did you mean 'replicas'?" in message


def test_json_schema_names_the_unit_of_every_quantity():
    schema = campaign.RunConfig.model_json_schema()
    assert schema["$defs"]["SpinSection"]["properties"]["enthalpy"]["unit"] == "kJ/mol"
    assert "J/(mol K)" in json.dumps(schema["$defs"]["SpinSection"]["properties"]["entropy"])


def test_toml_written_by_a_program(run_file):
    config = campaign.parse_config(run_file)
    data = {"title": "β", "model": {"preset": "pmpea", "shape": [6, 6]}}
    data |= {"protocol": config.protocol.model_dump(exclude_none=True), "run": {"replicas": 3, "seed": 3}}
    assert campaign.parse_config(tomli_w.dumps(data)).fingerprint == config.fingerprint
