"""Named parameter sets of the potential, each with its source."""

from dataclasses import dataclass

from mcsco.errors import InputError
from mcsco.landau.potential import Potential


@dataclass(frozen=True)
class ParameterSet:
    """A named potential and where its numbers come from."""

    name: str
    summary: str
    source: str
    potential: Potential


SOURCE_PAPER = "Valverde-Muñoz et al., Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b"

PARAMETER_SETS = {
    given.name: given
    for given in (
        ParameterSet(
            name="source-paper",
            summary="[Fe(PM-PEA)2(NCS)2], eq. (4) as published; loop 235.0/214.6 K",
            source=f"{SOURCE_PAPER}, caption of Fig. 5",
            potential=Potential(a1=0.6, C=35.0, b=10.0, D=-6.5, E=-12.2, T_sc=235.0),
        ),
        ParameterSet(
            name="consistent-eq3",
            summary="[Fe(PM-PEA)2(NCS)2], eq. (3), distortion with entropy; loop 235.0/220.0 K, HShs from 800 K",
            source=f"a1, C and T_sc of {SOURCE_PAPER}; a0, T_c, b, D and E solved from the measured loop, "
            "HSls → HShs at 800 K and a stable LShs phase at all temperatures",
            potential=Potential(
                a1=0.6, C=35.0, b=11.336208, D=-9.0, E=-7.2, T_sc=235.0, a0=25.2 / (800.0 - 235.0), T_c=235.0
            ),
        ),
    )
}


def names() -> tuple[str, ...]:
    """Names of all parameter sets."""
    return tuple(PARAMETER_SETS)


def get(name: str) -> ParameterSet:
    """A parameter set with its source, or `InputError` with the known names."""
    if name not in PARAMETER_SETS:
        raise InputError(f"parameter set = {name!r}: unknown; known are {', '.join(PARAMETER_SETS)}")
    return PARAMETER_SETS[name]


def load(name: str) -> Potential:
    """The potential of a parameter set.

    Examples
    --------
    >>> from mcsco import landau
    >>> landau.load("source-paper").T_sc
    235.0
    """
    return get(name).potential


def source_paper() -> Potential:
    """The potential with the parameters that the source paper publishes."""
    return load("source-paper")
