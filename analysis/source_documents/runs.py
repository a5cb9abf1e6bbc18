"""Results of run files: those that are there already, or new ones."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mcsco import campaign

if TYPE_CHECKING:
    import xarray

    from mcsco.model import Model

log = logging.getLogger("mcsco")

FILES, RESULTS = Path("runs"), Path("results")

_LOOP = {"run.replicas": 4, "protocol.sweeps_per_kelvin": 100, "protocol.measure_every": 25}
_HOLDS = {"run.replicas": 4, "protocol.sweeps": 2000}
QUICK: dict[str, dict[str, Any]] = {
    "pmpea/thermal_loop": _LOOP,
    "pmpea/hs_branch": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 20, "protocol.measure_every": 10},
    "pmpea/paraelastic-32": {"run.replicas": 8, "protocol.sweeps": 8000},
    "pmpea/paraelastic-64": {"run.replicas": 4, "protocol.sweeps": 8000},
    "pmpea/poling": {"run.replicas": 4, "protocol.sweeps": 8000},
    "pmpea/symmetry-breaking-entropy": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 20},
    "pmpea-surface/surface": {"run.replicas": 2, "protocol.sweeps": 1500},
    "pmpea-displacive/thermal_loop": {"run.replicas": 2, "protocol.sweeps_per_kelvin": 20, "protocol.measure_every": 5},
    "pmpea-elastic/thermal_loop": {"run.replicas": 3, "protocol.sweeps_per_kelvin": 40, "protocol.measure_every": 10},
    "pmpea-elastic/rate-10": {"run.replicas": 4},
    "pmpea-elastic/rate-100": {"run.replicas": 4},
    "pmpea-elastic/rate-1000": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 300},
    "pmpea-nn/thermal_loop": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 100, "protocol.measure_every": 25},
    "pmpea-nn/hs_branch": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 100, "protocol.measure_every": 25},
    "pmpea-nn/rate-20": {"run.replicas": 4},
    "pmpea-nn/rate-200": {"run.replicas": 4},
    "pmpea-nn/rate-2000": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 1000},
    "pmpea-kinetics/frozen": {"run.replicas": 4},
    "pmpea-kinetics/tiesst": {"run.replicas": 4},
    "fe2fe/equilibrium": _HOLDS,
    "fe2fe/neighbours": _HOLDS,
    "fe2fe/cooling": {"run.replicas": 2, "protocol.sweeps_per_kelvin": 100, "protocol.measure_every": 25},
    "fe2co/equilibrium": _HOLDS,
    "fe2co/neighbours": _HOLDS,
    "fe2co/cooling": {"run.replicas": 2, "protocol.sweeps_per_kelvin": 100, "protocol.measure_every": 25},
    "dinuclear/thermal": {"run.replicas": 4, "protocol.sweeps_per_kelvin": 20},
    "dinuclear/pressure_298K": {"run.replicas": 4, "protocol.sweeps_per_gpa": 2500},
    "dpp-py/thermal_loop": _LOOP,
    "dpp-py/pressure_298K": {"run.replicas": 4, "protocol.sweeps_per_gpa": 5000},
}
"""What a quick trial changes in a run file; a file that is not here is quick as it is."""


class Run(NamedTuple):
    """A finished run."""

    config: campaign.RunConfig
    dataset: xarray.Dataset

    @property
    def model(self) -> Model:
        """The crystal."""
        return self.config.model.build()


class Runs:
    """Finished runs by the name of their file, simulated when they are asked for first.

    Parameters
    ----------
    full : bool
        The files as they are, into the directories that they name; otherwise smaller trials of them, into
        ``results/source-documents/<file>-<configuration hash>``.
    files, results : Path
        Where run files and results are.
    """

    def __init__(self, full: bool = False, files: Path = FILES, results: Path = RESULTS) -> None:
        self.full, self.files, self.results = full, files, results
        self._known: dict[str, Run] = {}

    def __call__(self, name: str) -> Run:
        """The run of ``runs/<name>.toml``; loaded if its directory has it with this configuration.

        Raises
        ------
        InputError
            If the file has a mistake, or the directory holds another run.
        """
        if name not in self._known:
            self._known[name] = self._finished(name)
        return self._known[name]

    def config(self, name: str) -> campaign.RunConfig:
        """The configuration of this tier."""
        config = campaign.read_config(self.files / f"{name}.toml")
        changes = {} if self.full else QUICK.get(name, {})
        return campaign.with_values(config, changes) if changes else config

    def directory(self, name: str) -> campaign.RunDirectory:
        """Where the result is, or will be."""
        config = self.config(name)
        if self.full or name not in QUICK:
            return campaign.RunDirectory(self.results / name)
        trial = f"{name.replace('/', '-')}-{config.fingerprint[:12]}"
        return campaign.RunDirectory(self.results / "source-documents" / trial)

    def _finished(self, name: str) -> Run:
        config, directory = self.config(name), self.directory(name)
        existing = directory.existing()
        if existing is not None:
            campaign.check_same(config, existing, directory.path)
        if directory.is_finished:
            return Run(config, directory.result())
        log.info("simulating %s, about %.0f s", self.files / f"{name}.toml", campaign.estimated_seconds(config))
        keeper = campaign.Keeper(directory, config, self.files)
        dataset = campaign.execute(config, keeper=keeper)
        directory.save(config, dataset, self.files)
        return Run(config, dataset)
