"""Loops against pressure and field: known loops with noise, and what is refused."""

import numpy as np
import pytest
import xarray

from mcsco import InputError
from mcsco.observables import driven_loop

STEPS = 400


def dataset(along, first, last, x_up, x_down, name, replicas=8, noise=0.02, seed=1, T=300.0):
    """A cycle of `along` whose branches are functions of the drive, with independent noise."""
    rng = np.random.default_rng(seed)
    drive = np.concatenate([np.linspace(first, last, STEPS), np.linspace(last, first, STEPS)])
    shift = rng.normal(0.0, 0.01, (replicas, 1)) * (last - first)
    x = np.concatenate([x_up(drive[:STEPS] - shift), x_down(drive[STEPS:] - shift)], axis=1)
    series = {"q": np.zeros_like(x), "eta": np.zeros_like(x)}
    series[name] = x + noise * rng.normal(size=x.shape)
    controls = {"temperature": np.full(2 * STEPS, T), "pressure": np.zeros(2 * STEPS), "field": np.zeros(2 * STEPS)}
    controls[along] = drive
    return xarray.Dataset(
        {key: (("replica", "step"), value) for key, value in series.items()},
        coords={key: ("step", value) for key, value in controls.items()},
    )


def test_pressure_loop():
    """HS to LS at 1.1 GPa on compression, back at 0.7 GPa on release."""
    data = dataset(
        "pressure", 0.0, 2.0, lambda p: np.where(p < 1.1, 0.9, -0.9), lambda p: np.where(p < 0.7, 0.9, -0.9), "q"
    )
    found = driven_loop(data)
    for estimate, expected in ((found.cross.up, 1.1), (found.cross.down, 0.7), (found.steepest.up, 1.1)):
        assert abs(estimate.value - expected) < 4 * estimate.error
        assert estimate.error < 0.02
    assert abs(found.width.value - 0.4) < 4 * found.width.error
    assert found.area.value == pytest.approx(-0.72, abs=0.05)
    assert found.of == "q"
    assert "rising" in str(found)


def test_ferroelastic_loop():
    """η = ±1 with coercive fields ±0.5 kJ/mol: the remanence keeps its sign."""
    data = dataset(
        "field", -1.0, 1.0, lambda h: np.where(h > 0.5, 0.95, -0.95), lambda h: np.where(h > -0.5, 0.95, -0.95), "eta"
    )
    found = driven_loop(data)
    assert abs(found.cross.up.value - 0.5) < 4 * found.cross.up.error
    assert abs(found.cross.down.value + 0.5) < 4 * found.cross.down.error
    assert found.remanence.up.value == pytest.approx(-0.95, abs=0.02)
    assert found.remanence.down.value == pytest.approx(0.95, abs=0.02)
    assert found.area.value == pytest.approx(2 * 0.95, abs=0.1)


def test_no_change_is_told():
    data = dataset("pressure", 0.0, 1.0, lambda p: 0.9 + 0 * p, lambda p: 0.9 + 0 * p, "q")
    found = driven_loop(data)
    assert np.isnan(found.cross.up.value)
    assert "GPa" in found.cross.up.reason


@pytest.mark.parametrize("change", ["nothing", "temperature", "both"])
def test_what_is_no_driven_loop(change):
    data = dataset("pressure", 0.0, 1.0, np.ones_like, np.ones_like, "q")
    drive = data["pressure"].values
    if change == "nothing":
        data = data.assign_coords(pressure=("step", 0 * drive))
    elif change == "temperature":
        data = data.assign_coords(temperature=("step", 300 + drive))
    else:
        data = data.assign_coords(field=("step", drive))
    with pytest.raises(InputError, match="needs a constant temperature"):
        driven_loop(data)


def test_unknown_order_parameter():
    data = dataset("pressure", 0.0, 1.0, np.ones_like, np.ones_like, "q")
    with pytest.raises(InputError, match="of = 'gamma': must be one of q, eta, eta_abs"):
        driven_loop(data, of="gamma")
