"""A kernel given as an array over the lattice, and what is refused."""

import numpy as np
import pytest

from mcsco import InputError, Lattice, LongRange, Model, SpinCrossover


def symmetric(shape):
    kernel = np.random.default_rng(1).random(shape)
    axes = tuple(range(len(shape)))
    kernel = kernel + np.roll(np.flip(kernel, axes), (1,) * len(shape), axes)
    kernel[(0,) * len(shape)] = 0.0
    return kernel


@pytest.mark.parametrize("shape", [(3, 3), (4, 4), (4, 5), (2, 2), (2, 4, 3)])
def test_array_keeps_its_couplings(shape):
    """Also through a file, and where r is the image of −r."""
    kernel = symmetric(shape)
    model = Model(Lattice(shape), SpinCrossover(1.0, 1.0), interactions=[LongRange(kernel)])
    assert model.interactions[0].on_grid(shape) == pytest.approx(np.fft.fftn(kernel).real, abs=1e-12)
    assert Model.from_dict(model.to_dict()) == model


@pytest.mark.parametrize("kernel", [((0, 1), 0.1), [5], [[[0, 1], 0.1], [[0, 1], 0.2]], 3, "x", {(0, 0): 1.0}])
def test_refused(kernel):
    with pytest.raises(InputError, match="kernel"):
        LongRange(kernel)


def test_array_without_symmetry_is_refused():
    kernel = symmetric((3, 3))
    kernel[0, 1] += 0.1
    with pytest.raises(InputError, match="equal"):
        LongRange(kernel)
