"""Elasticity and long-range couplings in run files."""

import pytest

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.model import Elasticity, LongRange
from mcsco.units import KELVIN

FRAME = """
[model]
shape = {shape}
spin = {{enthalpy = 15.0, entropy = 60.0}}
distortion = {{kind = "order-disorder"}}

[[model.interactions]]
{term}

[protocol]
kind = "ramp"
temperature = [250, 200]
sweeps_per_kelvin = 1

[run]
replicas = 1
start = "HS"
"""


def read(term, shape=(8, 8)):
    return campaign.parse_config(FRAME.format(shape=list(shape), term=term))


def elasticity(*lines):
    return "\n".join(('kind = "elasticity"', *lines))


def long_range(*lines):
    return "\n".join(('kind = "long-range"', *lines))


@pytest.mark.parametrize(
    ("term", "shape", "expected"),
    [
        (
            elasticity(
                'stiffness = ["12 GPa", 4.2, "35 kbar"]',
                'site_volume = "970 Å3"',
                "spin_strain = 0.03",
                "distortion_strain = 0.02704",
                'stress = [["100 MPa", 0], [0, -0.1]]',
            ),
            (8, 8),
            Elasticity((12.0, 4.2, 3.5), 970.0, 0.03, 0.02704, ((0.1, 0.0), (0.0, -0.1))),
        ),
        (
            elasticity(
                "stiffness = [[12, 4, 0], [4, 12, 0], [0, 0, 3]]",
                'site_volume = "0.97 nm3"',
                "distortion_strain = [[0.01, 0], [0, -0.01]]",
                "clamped = true",
            ),
            (8, 8),
            Elasticity(
                ((12.0, 4.0, 0.0), (4.0, 12.0, 0.0), (0.0, 0.0, 3.0)),
                970.0,
                0.0,
                ((0.01, 0.0), (0.0, -0.01)),
                clamped=True,
            ),
        ),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "spin_strain = -1"),
            (4, 4, 4),
            Elasticity((12.0, 4.0, 3.0), 970.0, -1.0),
        ),
        (
            long_range('kernel = [[[0, 1], "25 K"], [[1, -1], -0.1]]'),
            (8, 8),
            LongRange({(0, 1): 25.0 * KELVIN, (1, -1): -0.1}),
        ),
        (
            long_range("kernel = [[[0, 0, 1], 1]]", 'of = "distortion"'),
            (4, 4, 4),
            LongRange({(0, 0, 1): 1.0}, "distortion"),
        ),
    ],
)
def test_a_term_is_read_and_written(term, shape, expected):
    config = read(term, shape)
    assert config.model.build().interactions == (expected,)
    again = campaign.parse_config(config.to_toml())
    assert again.model.build() == config.model.build()
    assert again.fingerprint == config.fingerprint
    assert campaign.parse_config(again.to_toml()) == again


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (elasticity("site_volume = 970"), "model.interactions.0.stiffness: is missing"),
        (elasticity("stiffness = [12, 4, 3]"), "model.interactions.0.site_volume: is missing"),
        (elasticity("stiffness = 12", "site_volume = 970"), "stiffness = 12: must be a list of numbers or of rows"),
        (elasticity("stiffness = [12, 4]", "site_volume = 970"), "must have the three constants"),
        (elasticity("stiffness = [4, 12, 3]", "site_volume = 970"), "stiffness: must be positive definite"),
        (elasticity("stiffness = [[1, 0], [0]]", "site_volume = 970"), "stiffness: must have rows of one length"),
        (elasticity("stiffness = [12, [4], 3]", "site_volume = 970"), "stiffness: must have rows of one length"),
        (elasticity("stiffness = [[12, [4]], [1, 1]]", "site_volume = 970"), r"'\[4\]' must be a number"),
        (elasticity("stiffness = [12, true, 3]", "site_volume = 970"), "'True' must be a number"),
        (elasticity("stiffness = [12, nan, 3]", "site_volume = 970"), "nan must lie between"),
        (
            elasticity("stiffness = [12, 4, '3 K']", "site_volume = 970"),
            "unit 'K' does not fit; stiffness takes GPa, MPa, kbar",
        ),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = '970 cm3/mol'"),
            "site_volume = '970 cm3/mol': .* does not fit; site volume takes Å3, A3, nm3",
        ),
        (elasticity("stiffness = [12, 4, 3]", "site_volume = 0"), "site_volume = 0: must be greater than 0"),
        (elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "stress = 0.1"), "stress = 0.1: must be a list"),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "spin_strain = '3 %'"),
            "spin_strain = '3 %': '3 %' must be a number",
        ),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "spin_strain = 27.04"),
            "spin_strain = 27.04: 27.04 must lie between -1 and 1",
        ),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "spin_strain = [[0, 1], [0, 0]]"),
            "spin_strain: must be symmetric",
        ),
        (
            elasticity("stiffness = [12, 4, 3]", "site_volume = 970", "clamp = true"),
            "clamp: unknown key; did you mean 'clamped'",
        ),
        (long_range("kernel = []"), "kernel: has no entry"),
        (long_range("kernel = {a = 1}"), "kernel: must be a list"),
        (long_range("kernel = [[[0, 1], 0.1], [[0, 1], 0.2]]"), r"kernel: has the offset \[0, 1\] twice"),
        (long_range("kernel = [[[0, 1], 0.1], [[0, -1], 0.2]]"), r"J\(r\) and J\(−r\) must be equal"),
        (long_range("kernel = [[[0, 1.5], 0.1]]"), "kernel.0.0.1 = 1.5: must be a whole number"),
        (long_range("kernel = [[[0, 1], '0.1 GPa']]"), "unit 'GPa' does not fit; energy takes"),
        (long_range("kernel = [[[0, 0, 1], 0.1]]"), "must have the 2 components of the lattice"),
        (long_range("kernel = [[[0, 1], 0.1]]", "of = 'volume'"), "of = 'volume': must be 'spin' or 'distortion'"),
    ],
)
def test_a_mistake_is_named(term, message):
    with pytest.raises(InputError, match=message) as error:
        read(term)
    assert "\n" not in str(error.value)
    assert "elasticity." not in str(error.value)
    assert "long-range." not in str(error.value)


def test_a_run_repeats_itself_and_feels_its_elasticity():
    config = read(
        elasticity("stiffness = [12, 4.2, 3.5]", "site_volume = 970", "spin_strain = 0.03", "distortion_strain = 0.027")
    )
    first, second = (campaign.execute(config, threads=1) for _ in range(2))
    assert first.equals(second)
    free = read(elasticity("stiffness = [12, 4.2, 3.5]", "site_volume = 970"))
    assert not campaign.execute(free, threads=1).equals(first)
