"""Series and loops whose true values are known."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240611)


@pytest.fixture
def ar1(rng) -> Callable[..., np.ndarray]:
    """Stationary chains x_t = φ x_{t−1} + noise of mean 0 and variance 1, with 2τ = (1 + φ)/(1 − φ) exactly."""

    def chains(phi: float, *shape: int) -> np.ndarray:
        noise = rng.normal(size=shape) * np.sqrt(1 - phi**2)
        noise[..., 0] /= np.sqrt(1 - phi**2)
        return lfilter([1.0], [1.0, -phi], noise, axis=-1)

    return chains


@pytest.fixture
def cycle(rng) -> Callable[..., xr.Dataset]:
    """Thermal cycles with jumps of q and |η| at given temperatures, one per replica and cycle, and noise."""

    def dataset(q_up, q_down, eta_up, eta_down, noise=0.05, step=0.5, per_temperature=3, cycles=1) -> xr.Dataset:
        heating = np.repeat(np.arange(150.0, 300.0 + step / 2, step), per_temperature)
        T = np.tile(np.concatenate([heating, heating[::-1]]), cycles)
        up = np.tile(np.repeat([True, False], heating.size), cycles)
        columns = [np.asarray(v, dtype=float)[:, None] for v in (q_up, q_down, eta_up, eta_down)]
        q = np.where(np.where(up, columns[0], columns[1]) <= T, 0.9, -1.0)
        eta = np.where(np.where(up, columns[2], columns[3]) <= T, 0.8, 0.0)
        q = q + noise * rng.normal(size=q.shape)
        # Each replica picks its own domain: the signed mean over replicas says nothing.
        eta = (eta + noise * rng.normal(size=eta.shape)) * rng.choice([-1, 1], size=(len(eta), 1))
        return xr.Dataset(
            {
                "q": (("replica", "step"), q),
                "gamma": (("replica", "step"), (1 + q) / 2),
                "eta": (("replica", "step"), eta),
            },
            coords={"temperature": ("step", T)},
        )

    return dataset
