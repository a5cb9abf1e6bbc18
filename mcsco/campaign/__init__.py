"""From an input file to a directory of results."""

from mcsco.campaign.calibrate import Calibration, Trial, calibrate
from mcsco.campaign.campaign import CampaignDirectory, Status, run_campaign
from mcsco.campaign.config import RunConfig, parse_config, read_config
from mcsco.campaign.executors import Executor, LocalProcesses
from mcsco.campaign.files import replaced
from mcsco.campaign.keeper import Keeper
from mcsco.campaign.keys import look_up, with_values
from mcsco.campaign.opened import open_campaign, task_dataset
from mcsco.campaign.refine import refine
from mcsco.campaign.reruns import Rerun, longer_task
from mcsco.campaign.run import (
    check_memory,
    check_same,
    estimated_seconds,
    execute,
    make_journey,
    measured_curve,
    output_directory,
    site_updates,
    total_updates,
)
from mcsco.campaign.signals import StoppedError
from mcsco.campaign.store import RunDirectory
from mcsco.campaign.tasks import Task, make_tasks, n_points, points
from mcsco.campaign.unconverged import run_longer
from mcsco.campaign.verdicts import NOT_JUDGED, PointVerdict, TaskVerdict, point_verdicts

__all__ = [
    "NOT_JUDGED",
    "Calibration",
    "CampaignDirectory",
    "Executor",
    "Keeper",
    "LocalProcesses",
    "PointVerdict",
    "Rerun",
    "RunConfig",
    "RunDirectory",
    "Status",
    "StoppedError",
    "Task",
    "TaskVerdict",
    "Trial",
    "calibrate",
    "check_memory",
    "check_same",
    "estimated_seconds",
    "execute",
    "longer_task",
    "look_up",
    "make_journey",
    "make_tasks",
    "measured_curve",
    "n_points",
    "open_campaign",
    "output_directory",
    "parse_config",
    "point_verdicts",
    "points",
    "read_config",
    "refine",
    "replaced",
    "run_campaign",
    "run_longer",
    "site_updates",
    "task_dataset",
    "total_updates",
    "with_values",
]
