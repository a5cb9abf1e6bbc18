"""One line of a table."""

import math
from dataclasses import dataclass
from typing import Any

from mcsco.observables import Estimate

NAN = math.nan


@dataclass(frozen=True)
class Row:
    """One quantity in all four views; NaN where a view does not have it."""

    quantity: str
    unit: str
    simulation: Estimate
    mean_field: float
    landau: float
    measured: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data; NaN becomes None."""
        numbers = {
            "simulation": self.simulation.value,
            "error": self.simulation.error,
            "mean_field": self.mean_field,
            "landau": self.landau,
            "measured": self.measured,
        }
        rest = {key: None if math.isnan(value) else value for key, value in numbers.items()}
        return {"quantity": self.quantity, "unit": self.unit, **rest, "remark": self.simulation.reason}
