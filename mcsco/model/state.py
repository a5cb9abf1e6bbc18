"""A configuration of the lattice, as users and the energy oracle see it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class State(NamedTuple):
    """Spin and distortion of every molecule.

    A model without distortion has ``distortion == 0`` everywhere.
    """

    spin: npt.NDArray[np.int8]
    """σ = ±1, shape of the lattice."""
    distortion: npt.NDArray[Any]
    """u, shape of the lattice; int8 (0, ±1) for `OrderDisorder`, float32 for `Displacive`."""

    @property
    def gamma(self) -> float:
        """HS fraction γ."""
        return float(np.mean(self.spin > 0))

    @property
    def q(self) -> float:
        """Order parameter q = 2γ − 1 = ⟨σ⟩ of the spin."""
        return 2.0 * self.gamma - 1.0

    @property
    def eta(self) -> float:
        """η = ⟨u⟩, with its sign."""
        return float(np.mean(self.distortion, dtype=np.float64))
