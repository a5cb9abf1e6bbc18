"""The file that describes a batch system: what every job asks for, and how many there are."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from mcsco.campaign.durations import parse_duration
from mcsco.campaign.explain import explain
from mcsco.campaign.fields import Text
from mcsco.campaign.section import Section
from mcsco.errors import InputError

_MEMORY = re.compile(r"\d+(\.\d+)? ?([kMGT]i?B)")
_WORD = re.compile(r"[^\s'\"\\$`;&|<>()]+")


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _memory(value: str) -> str:
    if not _MEMORY.fullmatch(value) or not re.search(r"[1-9]", value):
        raise ValueError("must be an amount of memory such as '64 GB'")
    return value


def _word(value: str) -> str:
    if not _WORD.fullmatch(value):
        raise ValueError("must be one word, without quotes and other signs of the shell")
    return value


Word = Annotated[Text, AfterValidator(_word)]
WallTime = Annotated[float, BeforeValidator(_duration), Field(ge=60, le=86400 * 365)]
Wait = Annotated[float, BeforeValidator(_duration), Field(gt=0, le=86400 * 365)]


class BatchSystem(BaseModel):
    """What is asked of a batch system; text and numbers only, which become lines of a job script."""

    model_config = Section.model_config

    kind: Literal["slurm", "pbs"]
    jobs: Annotated[int, Field(ge=1, le=10_000)]
    """Jobs at the same time; one that ends while there is work left gets a successor."""
    cores: Annotated[int, Field(ge=1, le=4096)] = 1
    """Cores of a job, with one worker process each."""
    memory: Annotated[Text, AfterValidator(_memory)]
    """Memory of a job."""
    walltime: WallTime
    """Time of a job, s; its workers end with a checkpoint before it is over."""
    queue: Word | None = None
    """Queue or partition."""
    account: Word | None = None
    """Whom the time is charged to."""
    directives: tuple[Annotated[Text, Field(min_length=1)], ...] = ()
    """More options of the job, one ``#SBATCH`` or ``#PBS`` line each."""
    prologue: tuple[Text, ...] = ()
    """Lines of the job script before the workers start."""
    interface: Word | None = None
    """Network interface by which this command and the jobs reach each other."""
    scratch: Word | None = None
    """Folder for temporary files on the disk of a compute node."""
    wait: Wait = 3600.0
    """Time, s, for which no worker at all is put up with, at the start or later."""

    @property
    def submit_command(self) -> str:
        """The program that takes a job script."""
        return {"slurm": "sbatch", "pbs": "qsub"}[self.kind]

    @property
    def cancel_command(self) -> str:
        """The program that ends a job."""
        return {"slurm": "scancel", "pbs": "qdel"}[self.kind]

    @property
    def lifetime(self) -> float:
        """Seconds after which a worker ends by itself, so that it can write checkpoints before it is killed."""
        return max(0.8 * self.walltime, self.walltime - 180.0)


def read_batch_system(path: Path) -> BatchSystem:
    """Read and validate the file of a batch system.

    Raises
    ------
    InputError
        With every error of the file, on one line.
    """
    remedy = "give the path of a TOML file"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {remedy}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not a text file; {remedy}") from None
    try:
        as_json = json.dumps(tomllib.loads(text), default=str)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid TOML ({' '.join(str(error).split())})") from None
    try:
        return BatchSystem.model_validate_json(as_json)
    except ValidationError as error:
        known = set(BatchSystem.model_fields)
        raise InputError(f"{path}: {'; '.join(explain(e, known) for e in error.errors())}") from None
