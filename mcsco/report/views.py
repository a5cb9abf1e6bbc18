"""How runs of each protocol are shown: where a new kind of protocol says what its table and figure are.

Thermal protocols (ramp, cycle, holds) and quenches have pages of their own (`mcsco.report.thermal_loop`,
`mcsco.report.quench`); every other kind is one entry here.
"""

from mcsco.report.driven import FIELD, PRESSURE
from mcsco.report.exchange import EXCHANGE
from mcsco.report.kinetics import KINETICS
from mcsco.report.reversal import REVERSAL
from mcsco.report.sequence import SEQUENCE
from mcsco.report.surface import SURFACE
from mcsco.report.view import View

VIEWS: dict[str, View] = {
    "pressure-ramp": PRESSURE,
    "pressure-cycle": PRESSURE,
    "field-cycle": FIELD,
    "replica-exchange": EXCHANGE,
    "reversal-curves": REVERSAL,
    "free-energy-surface": SURFACE,
    "relaxation": KINETICS,
    "illumination": KINETICS,
    "temperature-scan": KINETICS,
    "sequence": SEQUENCE,
}
"""By the protocol's kind in run files."""
