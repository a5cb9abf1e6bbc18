"""Springs and molecules that the tests share."""

import numpy as np
import pytest

from mcsco.model import OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs

CRYSTALS = {
    "chain": Crystal((7,)),
    "ring": Crystal((5,), "periodic"),
    "clamped ring": Crystal((5,), "periodic", clamped=True),
    "square": Crystal((4, 5)),
    "torus": Crystal((3, 4), "periodic"),
    "clamped torus": Crystal((3, 4), "periodic", clamped=True),
    "film": Crystal.film((3, 4)),
    "clamped film": Crystal.film((3, 4), clamped=True),
    "disc": Crystal.disc(5),
    "holes": Crystal((5, 5), "periodic", mask=~np.isin(np.arange(25), (6, 18)).reshape(5, 5)),
    "cube": Crystal((2, 3, 3)),
    "3-torus": Crystal((3, 3, 4), "periodic"),
    "3-film": Crystal.film((2, 3, 3)),
    "wire": Crystal((2, 3, 4), ("open", "open", "periodic")),
    "sphere": Crystal.sphere(3.5),
}


@pytest.fixture
def spin():
    return SpinCrossover(enthalpy=6.0, entropy=25.0, volume=10.0)


@pytest.fixture(params=CRYSTALS)
def crystal(request):
    return CRYSTALS[request.param]


@pytest.fixture
def springs(crystal):
    """With all terms on, and a reference lattice that fits neither of the two radii."""
    return Springs(50.0, 20.0, 5.0, 5.3, shear=0.03 if crystal.n_dimensions > 1 else 0.0, lattice_spacing=10.5)


@pytest.fixture
def model(crystal, springs, spin):
    return SpringModel(crystal, spin, springs, OrderDisorder())
