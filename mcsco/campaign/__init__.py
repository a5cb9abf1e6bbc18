"""From an input file to a directory of results."""

from mcsco.campaign.config import RunConfig, parse_config, read_config
from mcsco.campaign.run import check_memory, check_same, execute, measured_curve, output_directory, total_updates
from mcsco.campaign.store import RunDirectory

__all__ = [
    "RunConfig",
    "RunDirectory",
    "check_memory",
    "check_same",
    "execute",
    "measured_curve",
    "output_directory",
    "parse_config",
    "read_config",
    "total_updates",
]
