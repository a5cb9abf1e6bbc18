"""χT of a mixture of HS and LS."""

import numpy as np
import pytest
import xarray as xr

from mcsco import InputError
from mcsco.observables import chi_T, spin_only


def test_plateaus_and_mixtures():
    assert chi_T(1.0) == 3.5
    assert chi_T(0.0) == 0.0
    assert chi_T(0.25, hs=3.2, ls=0.4) == pytest.approx(1.1)
    np.testing.assert_allclose(chi_T([0.0, 0.5, 1.0], ls=0.1), [0.1, 1.8, 3.5])
    assert chi_T(xr.DataArray([0.5], dims="step")).dims == ("step",)


def test_spin_only_values_of_the_usual_ions():
    # Textbook values: Fe(II) 3.00, Fe(III) 4.375/0.375, Co(II) 1.875 cm3 K/mol at g = 2.
    assert spin_only(2) == pytest.approx(3.001, abs=1e-3)
    assert spin_only(2.5) == pytest.approx(4.377, abs=1e-3)
    assert spin_only(1.5) == pytest.approx(1.876, abs=1e-3)
    assert spin_only(0) == 0
    assert spin_only(2, g=2.160) == pytest.approx(3.5, abs=1e-2)
    assert chi_T(0.5, hs=spin_only(2)) == pytest.approx(1.5006, abs=1e-3)


@pytest.mark.parametrize("gamma", [-0.5, 1.2, float("nan"), [0.5, -1.0]])
def test_values_that_are_no_hs_fraction(gamma):
    with pytest.raises(InputError, match="between 0 and 1"):
        chi_T(gamma)


def test_values_that_are_no_moment():
    with pytest.raises(InputError, match="hs"):
        chi_T(0.5, hs=-1)
    with pytest.raises(InputError, match="1/2"):
        spin_only(0.7)
    with pytest.raises(InputError):
        spin_only(2, g=0)
