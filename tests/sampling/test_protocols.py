"""Protocols: the arithmetic of their legs, and what they refuse."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcsco import FieldCycle, Hold, InputError, PressureCycle, PressureRamp, Ramp, ThermalCycle, presets, simulate
from mcsco.sampling import PROTOCOLS, make_legs, n_updates


def test_ramp():
    (leg,) = Ramp((150, 300), sweeps_per_kelvin=20, measure_every=30, pressure=0.1, field=-0.2).legs()
    assert leg.begin == (150.0, 0.1, -0.2)
    assert leg.end == (300.0, 0.1, -0.2)
    assert (leg.sweeps, leg.measure_every, leg.skip) == (3000, 30, 0)


def test_ramp_down_and_defaults():
    (leg,) = Ramp((300.0, 299.0)).legs()
    assert (leg.begin.temperature, leg.end.temperature, leg.sweeps) == (300.0, 299.0, 400)
    assert leg.measure_every == 100  # four a kelvin
    assert Ramp((1, 2), 0.01).legs()[0].sweeps == 1
    assert Ramp((1, 2), 2).legs()[0].measure_every == 1
    assert Ramp((1, 2), 5, measure_every=99).legs()[0].measure_every == 5  # at least one measurement a leg


def test_hold():
    (leg,) = Hold(235, 1000, measure_every=7, equilibration=50, pressure=1.0, field=0.5).legs()
    assert leg.begin == leg.end == (235.0, 1.0, 0.5)
    assert (leg.sweeps, leg.measure_every, leg.skip) == (1050, 7, 50)


def test_thermal_cycle():
    cycle = ThermalCycle((150, 300), sweeps_per_kelvin=4, cycles=3, pressure=0.5)
    legs = cycle.legs()
    assert len(legs) == 6
    assert legs[0] == legs[2] == legs[4] == Ramp((150, 300), 4, pressure=0.5).legs()[0]
    assert legs[1] == legs[3] == legs[5] == Ramp((300, 150), 4, pressure=0.5).legs()[0]
    assert ThermalCycle((300, 150), 4).legs()[0].end.temperature == 150.0


@given(
    first=st.floats(1, 500), last=st.floats(1, 500), rate=st.floats(0.01, 100), every=st.none() | st.integers(1, 1000)
)
def test_every_ramp_has_a_measurement_and_the_right_length(first, last, rate, every):
    if first == last:
        return
    (leg,) = Ramp((first, last), rate, every).legs()
    assert leg.sweeps >= 1
    assert abs(leg.sweeps - abs(last - first) * rate) <= max(0.5, 1 - abs(last - first) * rate)
    assert 1 <= leg.measure_every <= leg.sweeps


def test_sequences():
    parts = [Hold(150, 10), Ramp((150, 160), 2), ThermalCycle((160, 170), 1)]
    legs = make_legs(parts)
    assert legs == tuple(leg for part in parts for leg in part.legs())
    assert make_legs(tuple(parts)) == make_legs(iter(parts)) == legs
    assert make_legs(parts[1]) == parts[1].legs()
    assert n_updates(legs, 3) == 3 * (10 + 20 + 10 + 10)


def test_protocols_are_frozen_values():
    assert Ramp([150, 300]) == Ramp((150.0, 300.0))
    assert hash(Hold(235, 10)) == hash(Hold(235.0, 10))
    assert Hold(235, 10) != Hold(235, 11)
    with pytest.raises(FrozenInstanceError):
        Hold(235, 10).sweeps = 5
    assert set(PROTOCOLS.values()) >= {Ramp, Hold, ThermalCycle}


@pytest.mark.parametrize("make", [Ramp, ThermalCycle])
@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"temperature": 150}, "temperature = 150: must be first and last temperature in K, e.g."),
        ({"temperature": (150,)}, r"temperature = \(150,\): must be first and last"),
        ({"temperature": (1, 2, 3)}, "must be first and last"),
        ({"temperature": "12"}, "temperature = '12': must be first and last"),
        ({"temperature": (0, 300)}, "temperature = 0 K: must be greater than 0"),
        ({"temperature": (150, math.nan)}, "temperature = nan K: must be finite"),
        ({"temperature": ("150", 300)}, "temperature = '150' K: must be a number"),
        ({"temperature": (200, 200)}, "must differ; use Hold"),
        ({"sweeps_per_kelvin": 0}, "sweeps_per_kelvin = 0 MCS/K: must be greater than 0"),
        ({"sweeps_per_kelvin": math.inf}, "sweeps_per_kelvin = inf MCS/K: must be finite"),
        ({"measure_every": 0}, "measure_every = 0: must be at least 1"),
        ({"measure_every": 2.5}, "measure_every = 2.5: must be a whole number"),
        ({"pressure": "1"}, "pressure = '1' GPa: must be a number"),
        ({"field": math.nan}, "field = nan kJ/mol: must be finite"),
    ],
)
def test_wrong_ramps(make, arguments, match):
    with pytest.raises(InputError, match=match):
        make(**({"temperature": (150, 300)} | arguments))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"temperature": -1}, "temperature = -1 K: must be greater than 0"),
        ({"temperature": (150, 300)}, "temperature = .*must be a number"),
        ({"sweeps": 0}, "sweeps = 0: must be at least 1"),
        ({"sweeps": 10.0}, "sweeps = 10.0: must be a whole number"),
        ({"measure_every": 0}, "measure_every = 0: must be at least 1"),
        ({"measure_every": 101}, "measure_every = 101: must not exceed the 100 sweeps"),
        ({"equilibration": -1}, "equilibration = -1: must be at least 0"),
        ({"pressure": None}, "pressure = None GPa: must be a number"),
        ({"field": True}, "field = True kJ/mol: must be a number"),
    ],
)
def test_wrong_holds(arguments, match):
    with pytest.raises(InputError, match=match):
        Hold(**({"temperature": 235, "sweeps": 100} | arguments))


@pytest.mark.parametrize("cycles", [0, -1, 1.5, True])
def test_wrong_number_of_cycles(cycles):
    with pytest.raises(InputError, match="cycles = "):
        ThermalCycle((150, 300), cycles=cycles)


@pytest.mark.parametrize("protocol", [[], None, 3, "ramp", [Hold(1, 10), 5], [[Hold(1, 10)]], Ramp])
def test_what_is_no_protocol(protocol):
    with pytest.raises(InputError, match="protocol = "):
        make_legs(protocol)


def test_whole_numbers_of_numpy_become_plain_ones():
    """They are written into JSON at the end of a simulation."""
    hold = Hold(np.float32(235), np.int64(100), np.int64(10), np.int64(5))
    cycle = ThermalCycle(np.array([150.0, 300.0]), np.float64(2), np.int64(3), np.int64(2))
    for part, names in ((hold, ("sweeps", "measure_every", "equilibration")), (cycle, ("measure_every", "cycles"))):
        for name in names:
            assert type(getattr(part, name)) is int


def test_pressure_protocols():
    cycle = PressureCycle((0.5, 1.5), temperature=200, sweeps_per_gpa=1000, cycles=2, field=0.1)
    legs = cycle.legs()
    assert len(legs) == 4
    assert (legs[0].begin, legs[0].end, legs[0].sweeps) == ((200.0, 0.5, 0.1), (200.0, 1.5, 0.1), 1000)
    assert legs[1].begin == legs[0].end
    assert legs[0].measure_every == 5  # 200 a branch
    (ramp,) = PressureRamp((0, 3), 298, sweeps_per_gpa=10, measure_every=7).legs()
    assert (ramp.sweeps, ramp.measure_every, ramp.end.pressure) == (30, 7, 3.0)


def test_field_cycle():
    legs = FieldCycle((-1, 1), 300, sweeps=100, pressure=0.2).legs()
    assert [(leg.begin.field, leg.end.field) for leg in legs] == [(-1.0, 1.0), (1.0, -1.0)]
    assert all(leg.begin.pressure == 0.2 and leg.measure_every == 1 for leg in legs)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: PressureCycle((1, 1), 200), r"pressure = \(1.0, 1.0\): must differ"),
        (lambda: PressureCycle(1, 200), "pressure = 1: must be first and last pressure in GPa"),
        (lambda: PressureRamp((0, 1), -5), "temperature = -5 K: must be greater than 0"),
        (lambda: PressureRamp((0, 1), 200, sweeps_per_gpa=0), "sweeps_per_gpa = 0 MCS/GPa"),
        (lambda: FieldCycle((0, math.nan), 200), "field = nan kJ/mol: must be finite"),
        (lambda: FieldCycle((-1, 1), 200, sweeps=0), "sweeps = 0"),
        (lambda: FieldCycle((-1, 1), 200, cycles=0), "cycles = 0"),
    ],
)
def test_wrong_drives(make, match):
    with pytest.raises(InputError, match=match):
        make()


@pytest.mark.parametrize(
    ("protocol", "start"),
    [
        (Ramp((150, 160), 1), "LS"),
        (Ramp((160, 150), 1), "HS+"),
        (PressureCycle((0, 1), 298, 10), "HS+"),
        (PressureRamp((1, 0), 298, 10), "LS"),
    ],
)
def test_start_fits_the_first_branch(protocol, start):
    """What is about to be cooled or compressed is HS."""
    assert simulate(presets.load("dpp-py", (4, 4)), protocol, replicas=1, threads=1).attrs["start"] == start
