"""Configurations and synthetic series to draw."""

import numpy as np
import pytest
import xarray

from mcsco import campaign
from mcsco.sampling import make_legs

LOOP = """
[model]
preset = "pmpea"
shape = [8, 8]
[protocol]
kind = "thermal-cycle"
temperature = [200.0, 250.0]
sweeps_per_kelvin = 8
[run]
replicas = 3
[landau]
set = "source-paper"
[measured]
T_up = 235.0
T_down = 219.0
chi_t_ls = 0.5
chi_t_hs = 3.5
"""

CYCLE = 'kind = "thermal-cycle", sweeps_per_kelvin = 8'
RAMP = 'model.preset = "pmpea"\nprotocol = {kind = "ramp", '
HOLD = 'model.preset = "pmpea"\nprotocol = {kind = "hold", '

RUNS = {
    "loop": LOOP,
    "gradual": f'model.preset = "fe2co"\nprotocol = {{{CYCLE}, temperature = [100, 300], cycles = 2}}',
    "plain": f'model.preset = "dpp-py"\nprotocol = {{{CYCLE}, temperature = [100, 200]}}',
    "heating": f"{RAMP} temperature = [200, 250], sweeps_per_kelvin = 8}}",
    "cooling": f"{RAMP} temperature = [250, 200], sweeps_per_kelvin = 8}}",
    "instant": f"{RAMP} temperature = [200, 250], sweeps_per_kelvin = 1e-3}}",
    "hold": f"{HOLD} temperature = [230], sweeps = 400}}",
    "short": f"{HOLD} temperature = [230], sweeps = 3, measure_every = 1}}",
    "holds": 'model.preset = "dpp-py"\nprotocol = {kind = "hold", temperature = [110, 150, 170], sweeps = 400}',
}


@pytest.fixture(scope="session")
def configuration():
    """The configuration of one of `RUNS`, or of a text."""
    return lambda name: campaign.parse_config(RUNS.get(name, name))


@pytest.fixture(scope="session")
def series():
    """What a run of a configuration could have measured: jumps at 234 K on heating and 221 K on cooling, and noise."""

    def make(config):
        rng = np.random.default_rng(5)
        legs = make_legs(config.protocol.build())
        T, leg, high = [], [], []
        for index, part in enumerate(legs):
            t = part.measured() / part.sweeps
            here = part.begin.temperature + t * (part.end.temperature - part.begin.temperature)
            T.append(here)
            leg.append(np.full(here.size, index))
            high.append(here > (221.0 if part.end.temperature < part.begin.temperature else 234.0))
        shape = (config.run.replicas, np.concatenate(T).size)
        gamma = np.clip(np.where(np.concatenate(high), 0.9, 0.1) + 0.02 * rng.normal(size=shape), 0, 1)
        has_eta = config.model.build().distortion is not None
        eta = has_eta * (gamma - 0.1) * rng.choice([-1, 1], size=(shape[0], 1))
        dims = ("replica", "step")
        return xarray.Dataset(
            {"gamma": (dims, gamma), "q": (dims, 2 * gamma - 1), "eta": (dims, eta), "energy": (dims, gamma)},
            coords={"temperature": ("step", np.concatenate(T)), "leg": ("step", np.concatenate(leg))},
            attrs={"n_sites": config.model.build().lattice.n_sites},
        )

    return make
