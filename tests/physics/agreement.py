"""When a simulation agrees with an exact value: standard errors, and how many comparisons there are.

"Within three standard errors" holds for one comparison with a chance of 0.27 % to fail although all is right. Of n
comparisons one would fail n times as often, so that the limit is raised to where the largest of n independent
normal numbers lies with the same 0.27 %: 3.0 for one, 3.6 for ten, 4.2 for a hundred. A limit on the largest |z| does
not see errors that are too small or small shifts everywhere. The mean square of z does, and is limited as well.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from mcsco.observables import Estimate

CHANCE = 2 * stats.norm.sf(3.0)


class Comparison(NamedTuple):
    """One simulated value and what it should be."""

    what: str
    expected: float | Estimate
    simulated: Estimate

    @property
    def z(self) -> float:
        """Difference in standard errors."""
        value, error = _split(self.expected)
        return (self.simulated.value - value) / math.hypot(self.simulated.error, error)

    def __str__(self) -> str:
        value, error = _split(self.expected)
        reference = f"{value:.8g}" if error == 0 else f"{value:.8g} ± {error:.2g}"
        found = f"{self.simulated.value:.8g} ± {self.simulated.error:.2g}"
        return f"{self.what}: {found} against {reference}, z = {self.z:+.2f}"


def limit(n: int) -> float:
    """|z| that the largest of n independent normal numbers exceeds with the chance of 3σ for one."""
    return float(stats.norm.isf(-math.expm1(math.log1p(-CHANCE) / n) / 2))


def expected_maximum(n: int) -> float:
    """Median of the largest |z| of n independent normal numbers."""
    return float(stats.norm.isf(-math.expm1(-math.log(2.0) / n) / 2))


def check(claim: str, comparisons: Sequence[Comparison], record_property: Any, together: int = 1) -> None:
    """Fail unless all agree; hand the result to whoever collects the validated claims.

    Parameters
    ----------
    claim : str
        What is validated, for the table of claims.
    comparisons : sequence of Comparison
    record_property : callable
        The fixture of pytest.
    together : int
        How many comparisons come from the same measurements, and may be fully correlated.
    """
    n = len(comparisons)
    without = [c for c in comparisons if not math.isfinite(c.z)]
    assert not without, f"no error: {without[0].what}: {without[0].simulated}; {without[0].expected}"
    z = np.array([c.z for c in comparisons])
    worst = comparisons[int(np.abs(z).argmax())]
    record_property("claim", json.dumps({"claim": claim, "rows": [_plain(c) for c in comparisons]}))
    assert np.abs(z).max() < limit(n), f"{claim}: largest of {n}, limit {limit(n):.2f}: {worst}"
    independent = n / together
    assert np.mean(z**2) < stats.chi2.isf(CHANCE, independent) / independent, f"{claim}: z = {np.round(z, 1).tolist()}"


def is_rejected(comparisons: Sequence[Comparison]) -> bool:
    """Whether the largest |z| exceeds twice the limit: for models that are wrong on purpose."""
    return max(abs(c.z) for c in comparisons) > 2 * limit(len(comparisons))


def _split(expected: float | Estimate) -> tuple[float, float]:
    return (expected.value, expected.error) if isinstance(expected, Estimate) else (expected, 0.0)


def _plain(c: Comparison) -> dict[str, Any]:
    value, error = _split(c.expected)
    return {
        "what": c.what,
        "expected": value,
        "expected_error": error,
        "simulated": c.simulated.value,
        "error": c.simulated.error,
        "n_effective": c.simulated.n_effective,
        "z": c.z,
    }
