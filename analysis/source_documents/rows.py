"""Which function makes which statement: all of them, 1 to 40."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.source_documents import clusters, dinuclear, entropy, loops, pressure, structure
from analysis.source_documents.claim import Claim
from analysis.source_documents.runs import Runs

ROWS: dict[int, Callable[[Runs], list[Claim]]] = {
    1: loops.transitions,
    2: loops.width,
    3: loops.order_parameter_loop,
    4: loops.scan_rate,
    5: loops.gradual_part,
    6: loops.magnetism,
    7: loops.definition,
    8: structure.variants,
    9: structure.angle,
    10: structure.strain,
    11: structure.constancy,
    12: structure.volume,
    13: structure.bragg,
    14: structure.melting,
    15: structure.paraelastic,
    16: structure.trapping,
    17: entropy.calorimetric,
    18: entropy.symmetry_breaking,
    19: entropy.spin,
    20: entropy.vibrations,
    21: entropy.total,
    22: entropy.usual_range,
    23: entropy.parameters,
    24: entropy.saturation,
    25: entropy.molecules,
    26: entropy.conditions,
    27: clusters.fe2fe,
    28: clusters.fe2co,
    29: clusters.cooling,
    30: clusters.iron_bonds,
    31: clusters.cobalt_bonds,
    32: clusters.trapping,
    33: dinuclear.thermal,
    34: dinuclear.raman,
    35: dinuclear.diffraction,
    36: dinuclear.light,
    37: pressure.thermal_loop,
    38: pressure.compression,
    39: pressure.compressibility,
    40: pressure.light,
}
"""Statement number → its rows."""


def make_claims(runs: Runs, numbers: Iterable[int] = tuple(ROWS)) -> list[Claim]:
    """All rows of the given statements, in order."""
    return [claim for number in sorted(set(numbers)) for claim in ROWS[number](runs)]
