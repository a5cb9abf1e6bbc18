"""Calibration against loops whose dependence on the energies is known, and once against a simulation."""

import json

import numpy as np
import pytest

from mcsco import InputError, campaign
from mcsco.observables import Estimate

TEXT = """
[model]
shape = [24, 24]
[model.spin]
enthalpy = 17.0
entropy = 66.5
[[model.interactions]]
kind = "infinite-range"
spin = 6.0
[protocol]
kind = "thermal-cycle"
temperature = [200.0, 310.0]
sweeps_per_kelvin = 8
measure_every = 2
[run]
replicas = 4
seed = 3
[calibrate]
T_up = 272.0
T_down = 245.0
free = ["model.spin.enthalpy", "model.interactions.0.spin"]
"""


class Loop:
    """T_up and T_down as smooth functions of ΔH and Γ with noise of known size."""

    def __init__(self, seed, noise=0.1, curvature=1.0):
        self.rng, self.noise, self.curvature = np.random.default_rng(seed), noise, curvature
        self.solution = np.array([17.6, 6.4])

    def temperatures(self, values):
        """T_up and T_down without noise."""
        H, G = np.array(values) - self.solution
        return np.array([272 + 15 * H + 3 * G + self.curvature * H * G, 245 + 14 * H - 12 * G + self.curvature * G**2])

    def __call__(self, config):
        """T_up and T_down as a simulation would give them."""
        values = (config.model.spin.enthalpy, config.model.interactions[0].spin)
        found = self.temperatures(values) + self.noise * self.rng.standard_normal(2)
        return tuple(Estimate(T, self.noise, np.nan, np.nan, "") for T in found)


def test_it_finds_the_energies_and_their_errors():
    """z-scores of 40 calibrations: mean 0, variance 1; errors half as large would be rejected."""
    config = campaign.parse_config(TEXT)
    z = []
    for seed in range(40):
        loop = Loop(seed)
        result = campaign.calibrate(config, loop)
        assert result.is_met
        assert 4 <= len(result.trials) <= 3 + config.calibrate.rounds
        assert result.config.model.spin.enthalpy == result.values[0]
        z.append((np.array(result.values) - loop.solution) / result.errors)
    chi2 = np.sum(np.square(z))
    assert abs(np.mean(z)) < 4 / np.sqrt(80)
    assert 40 < chi2 < 130  # 80 ± 13; the plane's allowance for curvature makes errors a little large
    assert 4 * chi2 > 130


def test_one_key_meets_both_as_well_as_it_can():
    text = TEXT.replace('"model.spin.enthalpy", "model', '"model')
    loop = Loop(1, noise=0.01)
    result = campaign.calibrate(campaign.parse_config(text), loop)
    assert result.keys == ("model.interactions.0.spin",)
    assert not result.is_met


def test_a_third_key_changes_as_little_as_needed():
    text = TEXT.replace('0.spin"]', '0.spin", "model.spin.entropy"]')
    result = campaign.calibrate(campaign.parse_config(text), Loop(1, noise=0.01))
    assert result.is_met
    assert result.values[2] == pytest.approx(66.5, abs=0.1)  # nothing depends on it


def test_no_loop_is_an_error():
    nothing = Estimate(np.nan, np.nan, np.nan, np.nan, "no transition")
    with pytest.raises(InputError, match=r"the loop of model.spin.enthalpy = 17, .* cannot be read \(no transition\)"):
        campaign.calibrate(campaign.parse_config(TEXT), lambda config: (nothing, nothing))
    with pytest.raises(InputError, match=r"no section \[calibrate\]"):
        campaign.calibrate(campaign.parse_config(TEXT[: TEXT.index("[calibrate]")]), Loop(1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("T_up = 272.0", "T_up = 240.0", "T_down = 245 must be below T_up = 240 K"),
        ('"model.spin.enthalpy"', '"model.interactions.0.spin"', "names a key twice"),
        ('kind = "thermal-cycle"', 'kind = "ramp"', "needs a protocol of kind 'thermal-cycle'"),
    ],
)
def test_mistakes_in_the_section(old, new, message):
    assert old in TEXT
    with pytest.raises(InputError, match=message):
        campaign.parse_config(TEXT.replace(old, new))


def test_dotted_keys():
    config = campaign.parse_config(TEXT)
    assert campaign.look_up(config, "model.interactions.0.spin") == 6.0
    changed = campaign.with_values(config, {"model.spin.enthalpy": 18, "protocol.pressure": "1 kbar", "run.seed": 9})
    assert (changed.model.spin.enthalpy, changed.protocol.pressure, changed.run.seed) == (18, pytest.approx(0.1), 9)
    assert campaign.with_values(changed, {"model.shape": [8, 8]}).model.build().lattice.shape == (8, 8)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("title", "must be a dotted key below model, protocol, run"),
        ("model.spin.entalpy.x", "model.spin has no 'entalpy'; it has enthalpy, entropy, volume"),
        ("model.interactions.1.spin", "model.interactions is a list of 1; count its entries from 0"),
        ("model.spin.enthalpy.x", "model.spin.enthalpy is a value, not a table"),
        ("model.spin.entalpy", "unknown key; did you mean 'enthalpy'?"),
    ],
)
def test_mistakes_in_a_key(key, message):
    with pytest.raises(InputError) as error:
        campaign.with_values(campaign.parse_config(TEXT), {key: 1.0})
    assert message in str(error.value)


def test_the_command(mcsco, tmp_path):
    """An infinite-range crystal, whose loop the mean field gives up to finite-size jumps."""
    (tmp_path / "fit.toml").write_text(TEXT.replace("[calibrate]", "[calibrate]\nrounds = 3\ntolerance = 1.5"))
    answer = mcsco("calibrate", "fit.toml", "-o", "out", "--json")
    assert answer.code == 0, answer.err
    summary = json.loads(answer.out)
    assert summary["is_met"]
    assert abs(summary["check"]["T_up"]["value"] - 272) < 1.5 + 2 * summary["check"]["T_up"]["error"]
    found = campaign.read_config(tmp_path / "out" / "calibrated.toml")
    assert found.model.spin.enthalpy == summary["values"]["model.spin.enthalpy"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["calibrated.toml", "calibration.json"]
