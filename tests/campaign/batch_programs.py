"""Programs that stand for those of SLURM and PBS: jobs are processes of this machine, on the loopback."""

import os
import signal
import sys
import time
from pathlib import Path

PROGRAM = """#!{python}
import os, pathlib, shutil, signal, subprocess, sys, time

folder, name = pathlib.Path({folder!r}), pathlib.Path(sys.argv[0]).name
if name in ("sbatch", "qsub"):
    (folder / "submissions").open("a").write(sys.argv[-1] + "\\n")
    script = pathlib.Path(sys.argv[-1]).read_text()
    if (folder / "refuse").exists():
        sys.exit(name + ": error: invalid partition specified: nowhere")
    if (folder / "hang").exists():
        time.sleep(600)
    kept = folder / ("script-%d" % os.getpid())
    kept.write_text(script)
    with (folder / "output").open("ab") as output:
        job = subprocess.Popen(["bash", str(kept)], start_new_session=True, stdout=output, stderr=output)
    with (folder / "jobs").open("a") as jobs:
        jobs.write("%d\\n" % job.pid)
    print({{"sbatch": "Submitted batch job %d", "qsub": "%d.server"}}[name] % job.pid)
else:
    (folder / "cancelled").open("a").write(sys.argv[1] + "\\n")
    try:
        os.killpg(int(sys.argv[1]), signal.SIGTERM)
    except ProcessLookupError:
        sys.exit(name + ": error: invalid job id specified")
"""


class BatchSystem:
    """The commands of a batch system below a folder, and the jobs that they have begun.

    Parameters
    ----------
    folder : Path
        Gets ``bin``, which has to stand first in the ``PATH``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        for name in ("sbatch", "scancel", "qsub", "qdel"):
            program = folder / "bin" / name
            program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
            program.chmod(0o755)
        self.path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def refuse(self) -> None:
        """Refuse every job from now on."""
        (self.folder / "refuse").touch()

    def hang(self) -> None:
        """Do not answer any more."""
        (self.folder / "hang").touch()

    def jobs(self) -> list[int]:
        """Numbers of all jobs that ever began."""
        return self._numbers("jobs")

    def cancelled(self) -> list[int]:
        """Numbers of those that were ended by the command."""
        return self._numbers("cancelled")

    def scripts(self) -> list[str]:
        """What was submitted."""
        return [path.read_text() for path in sorted(self.folder.glob("script-*"))]

    def processes(self) -> list[int]:
        """Processes of all jobs that are alive."""
        import psutil

        alive = []
        for process in psutil.process_iter():
            try:
                if os.getpgid(process.pid) in self.jobs() and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process.pid)
            except (ProcessLookupError, psutil.NoSuchProcess):
                pass
        return alive

    def is_empty_within(self, seconds: float) -> bool:
        """Whether all processes of jobs end."""
        end = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True

    def kill(self, job: int) -> None:
        """As when a node is lost."""
        os.killpg(job, signal.SIGKILL)

    def end(self) -> None:
        """Leave nothing behind, whatever has failed."""
        for process in self.processes():
            os.kill(process, signal.SIGKILL)

    def _numbers(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(word.partition(".")[0]) for word in path.read_text().split()] if path.exists() else []
