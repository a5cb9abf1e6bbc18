"""Which points are run again, and how that is written down."""

from __future__ import annotations

from mcsco.campaign.campaign import CampaignDirectory
from mcsco.campaign.config import RunConfig
from mcsco.campaign.reruns import Rerun, longer_task
from mcsco.campaign.verdicts import NOT_JUDGED
from mcsco.observables import VERDICTS


def run_longer(directory: CampaignDirectory, config: RunConfig, factor: float) -> list[Rerun]:
    """Plan a longer run of every task that is done and has not converged; `run_campaign` does them.

    Each is written into the directory with its parameters and the verdict that it answers. Its number of sweeps is that
    of the latest run of the task times `factor`, its seed is a new one. The result so far stands until it is done.

    Parameters
    ----------
    directory : CampaignDirectory
    config : RunConfig
        Of the campaign.
    factor : float
        Above 1.

    Returns
    -------
    list of Rerun
        Those that were added.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    judged = {verdict.name: verdict for verdict in directory.verdicts()}
    reruns, added = directory.reruns.read(), []
    for task in directory.tasks(config):
        verdict = judged.get(task.name)  # of one that waits to be run again the verdict is that of another name
        if verdict is None or verdict.verdict in (VERDICTS[0], NOT_JUDGED):
            continue
        before = reruns.setdefault(task.slot, [])
        rerun = longer_task(task, len(before) + 1, factor, f"{verdict.verdict}: {verdict.reason}")
        before.append(rerun)
        added.append(rerun)
    if added:
        directory.reruns.write(reruns)
    return added
