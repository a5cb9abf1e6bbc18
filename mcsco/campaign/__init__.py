"""From an input file to a directory of results."""

from mcsco.campaign.calibrate import Calibration, Trial, calibrate
from mcsco.campaign.config import RunConfig, parse_config, read_config
from mcsco.campaign.files import replaced
from mcsco.campaign.keeper import Keeper, StoppedError
from mcsco.campaign.keys import look_up, with_values
from mcsco.campaign.run import (
    check_memory,
    check_same,
    execute,
    make_journey,
    measured_curve,
    output_directory,
    total_updates,
)
from mcsco.campaign.store import RunDirectory

__all__ = [
    "Calibration",
    "Keeper",
    "RunConfig",
    "RunDirectory",
    "StoppedError",
    "Trial",
    "calibrate",
    "check_memory",
    "check_same",
    "execute",
    "look_up",
    "make_journey",
    "measured_curve",
    "output_directory",
    "parse_config",
    "read_config",
    "replaced",
    "total_updates",
    "with_values",
]
