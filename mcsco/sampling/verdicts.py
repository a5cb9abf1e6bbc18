"""Whether holds are precise enough to end, and what is stored about their convergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.observables import VERDICTS, Convergence, convergence
from mcsco.sampling.legs import Leg

if TYPE_CHECKING:
    import xarray

    from mcsco.sampling.results import Variable

JUDGED = ("q", "eta", "energy")
"""Quantities whose convergence is judged, η by its magnitude; γ is as converged as q."""

_ABOUT = {
    "hold_leg": ("leg of the protocol that the verdict is about", "1"),
    "hold_temperature": ("temperature of the hold", "K"),
    "hold_measurements": ("measurements of each replica", "1"),
    "hold_discarded": ("measurements at the start that are not in equilibrium", "1"),
    "hold_drift": ("difference of the halves over its standard error", "1"),
    "hold_r_hat": ("split R-hat over replicas", "1"),
    "hold_n_effective": ("independent measurements, the fewest of q, eta and energy", "1"),
    "hold_excess": ("largest standard error over the one asked for", "1"),
}


_NUMBERS = ("hold_drift", "hold_r_hat", "hold_n_effective", "hold_excess")


def _judged(series: npt.NDArray[np.float64], precision: Mapping[str, float]) -> Convergence:
    """The verdict on (γ, q, η, energy, …) of shape (at least 4, replica, step)."""
    _, q, eta, energy = series[:4]
    wanted = dict(precision)
    if "gamma" in wanted:  # q = 2γ − 1
        wanted["q"] = min(2.0 * wanted.pop("gamma"), wanted.get("q", np.inf))
    return convergence(dict(zip(JUDGED, (q, np.abs(eta), energy), strict=True)), wanted)


def is_precise(series: npt.NDArray[np.float64], precision: Mapping[str, float]) -> bool:
    """Whether a hold may end after these measurements of γ, q, η and energy, shape (4, replica, step)."""
    scale = {"gamma": series[0], "q": series[1], "eta": np.abs(series[2]), "energy": series[3]}
    # Correlations only enlarge an error: most looks end here, at no cost.
    if any(scale[name].std() / np.sqrt(scale[name].size) > wanted for name, wanted in precision.items()):
        return False
    return _judged(series, precision).is_converged


def verdict_variables(legs: Sequence[Leg], series: npt.NDArray[np.float64]) -> dict[str, Variable]:
    """Variables with the dimension ``hold``: a verdict on every leg at constant conditions, and its numbers.

    Parameters
    ----------
    legs : sequence of Leg
        As they were done.
    series : ndarray, shape (4, replica, step)
        γ, q, η and energy at every measurement of all legs.
    """
    found: list[tuple[int, float, Convergence]] = []
    first = 0
    for index, leg in enumerate(legs):
        n = leg.measured().size
        if leg.begin == leg.end and not leg.logarithmic and n:
            judged = _judged(series[:, :, first : first + n], dict(leg.precision))
            found.append((index, leg.begin.temperature, judged))
        first += n
    if not found:
        return {}
    columns: dict[str, Any] = {
        "hold_leg": [index for index, _, _ in found],
        "hold_temperature": [T for _, T, _ in found],
        **{name: [getattr(c, name[5:]) for _, _, c in found] for name in list(_ABOUT)[2:]},
    }
    variables: dict[str, Variable] = {
        name: (("hold",), np.array(values), dict(zip(("long_name", "units"), _ABOUT[name], strict=True)))
        for name, values in columns.items()
    }
    codes = np.array([VERDICTS.index(c.verdict) for _, _, c in found], dtype=np.int8)
    quantities = np.array([JUDGED.index(c.quantity) for _, _, c in found], dtype=np.int8)
    return variables | {
        "hold_verdict": (("hold",), codes, _flags("verdict on the convergence of the hold", VERDICTS)),
        "hold_quantity": (("hold",), quantities, _flags("quantity that decides the verdict", JUDGED)),
    }


def _flags(name: str, meanings: Sequence[str]) -> dict[str, Any]:
    """Attributes of a variable of codes, after the CF conventions."""
    words = " ".join(meaning.replace(" ", "_") for meaning in meanings)
    return {
        "long_name": name,
        "units": "1",
        "flag_values": np.arange(len(meanings), dtype=np.int8),
        "flag_meanings": words,
    }


def stored_verdicts(columns: Mapping[str, npt.ArrayLike]) -> list[Convergence]:
    """The verdicts that were stored, from the columns ``hold_*`` of one run; holds that are filled up are left out."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    verdicts = []
    for i, code in enumerate(arrays["hold_verdict"].astype(float)):
        if not code >= 0:
            continue
        n, cut = (int(arrays[f"hold_{name}"][i]) for name in ("measurements", "discarded"))
        drift, r_hat, n_effective, excess = (float(arrays[name][i]) for name in _NUMBERS)
        quantity = JUDGED[int(arrays["hold_quantity"][i])]
        verdicts.append(Convergence(VERDICTS[int(code)], quantity, n, cut, drift, r_hat, n_effective, excess))
    return verdicts


def verdicts_of(dataset: xarray.Dataset) -> list[tuple[float, Convergence]]:
    """Temperature and verdict of every hold of a result; empty if it has none, or was made before there were any."""
    if "hold_verdict" not in dataset:
        return []
    columns = {str(name): dataset[name].values for name in dataset.variables if str(name).startswith("hold_")}
    verdicts = stored_verdicts(columns)
    return list(zip(columns["hold_temperature"][: len(verdicts)].tolist(), verdicts, strict=True))
