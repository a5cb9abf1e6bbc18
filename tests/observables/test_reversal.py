"""FORC diagrams: a set of independent hysterons gives back its distribution."""

import numpy as np
import pytest
import xarray

from mcsco import InputError, ReversalCurves
from mcsco.observables import reversal_diagram
from mcsco.sampling import make_legs

BIAS, COERCIVITY = 227.0, 7.0
SPREAD = (2.0, 1.5)


def hysterons(n, seed):
    """β and α of n independent domains: Gaussian bias and coercivity."""
    rng = np.random.default_rng(seed)
    bias, coercivity = rng.normal(BIAS, SPREAD[0], n), np.abs(rng.normal(COERCIVITY, SPREAD[1], n))
    return bias - coercivity, bias + coercivity


def preisach(protocol, replicas=4, n=20000, noise=0.0):
    """Q of a set of hysterons along a protocol."""
    legs = make_legs(protocol)
    T = np.concatenate([leg.at(leg.measured())[0] for leg in legs])
    rng = np.random.default_rng(5)
    q = np.empty((replicas, T.size))
    for r in range(replicas):
        beta, alpha = hysterons(n, r)
        up = np.full(n, legs[0].begin.temperature > legs[0].end.temperature)
        for i, t in enumerate(T):
            up = np.where(t > alpha, True, np.where(t < beta, False, up))
            q[r, i] = 2 * up.mean() - 1
    q += noise * rng.normal(size=q.shape)
    return xarray.Dataset({"q": (("replica", "step"), q)}, coords={"temperature": ("step", T)})


CURVES = {
    "heating": ReversalCurves(250.0, (232.0, 208.0), curves=49, sweeps_per_kelvin=2, measure_every=1),
    "cooling": ReversalCurves(204.0, (222.0, 246.0), curves=49, sweeps_per_kelvin=2, measure_every=1),
}


@pytest.mark.parametrize("name", CURVES)
def test_distribution_of_a_preisach_set(name):
    """Total, mean bias and coercivity, and the density itself against the Gaussian it was drawn from."""
    found = reversal_diagram(preisach(CURVES[name], noise=0.002), smoothing=2)
    assert found.on_heating == (name == "heating")
    assert found.switched.value == pytest.approx(1.0, abs=0.03)
    assert found.bias.value == pytest.approx(BIAS, abs=0.1)
    assert found.coercivity.value == pytest.approx(COERCIVITY, abs=0.1)
    bias, coercivity = found.axes
    x, y = (bias - BIAS) / SPREAD[0], (coercivity - COERCIVITY) / SPREAD[1]
    # d bias d coercivity = ½ dT_A dT_B
    known = 0.5 * np.exp(-(x**2 + y**2) / 2) / (2 * np.pi * SPREAD[0] * SPREAD[1])
    inside = np.isfinite(found.density)
    assert np.abs(found.density - known)[inside].max() < 0.15 * known.max()
    correlation = np.corrcoef(found.density[inside], known[inside])[0, 1]
    assert correlation > 0.98


def test_a_wrong_distribution_is_told_apart():
    """The same curves against a Gaussian 3 K away: the bounds of the test above are tight enough."""
    found = reversal_diagram(preisach(CURVES["heating"]), smoothing=2)
    assert abs(found.bias.value - (BIAS + 3.0)) > 1.0
    bias, coercivity = found.axes
    wrong = np.exp(-(((bias - BIAS - 3) / 2) ** 2 + ((coercivity - COERCIVITY) / 1.5) ** 2) / 2)
    inside = np.isfinite(found.density)
    assert np.corrcoef(found.density[inside], wrong[inside])[0, 1] < 0.9


def test_error_is_that_of_replicas():
    """Noise alone makes ρ scatter by its error."""
    found = reversal_diagram(preisach(CURVES["heating"], replicas=8, n=2000, noise=0.02))
    quiet = np.isfinite(found.density) & (found.axes[1] > 14.0)  # no hysterons there
    z = (found.density / found.error)[quiet]
    assert 0.5 < np.mean(z**2) < 2.5


def test_legs_of_reversal_curves():
    legs = ReversalCurves(250, (230, 210), curves=3, sweeps_per_kelvin=10, pressure=0.1).legs()
    assert [leg.end.temperature for leg in legs] == [230.0, 250.0, 220.0, 250.0, 210.0, 250.0]
    assert [leg.sweeps for leg in legs] == [200, 200, 300, 300, 400, 400]
    assert all(leg.begin.pressure == 0.1 for leg in legs)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"saturation": 220.0}, r"reversal = \(230.0, 210.0\) K: must differ, and lie on one side"),
        ({"reversal": 230}, "reversal = 230: must be first and last"),
        ({"curves": 1}, "curves = 1"),
        ({"sweeps_per_kelvin": 0}, "sweeps_per_kelvin = 0"),
    ],
)
def test_wrong_protocols(arguments, match):
    with pytest.raises(InputError, match=match):
        ReversalCurves(**({"saturation": 250.0, "reversal": (230, 210)} | arguments))


def test_too_few_curves():
    few = ReversalCurves(250.0, (232.0, 208.0), curves=3, sweeps_per_kelvin=2)
    with pytest.raises(InputError, match="has 3 reversal curves; a FORC diagram needs 5"):
        reversal_diagram(preisach(few, n=10))
