"""A sweep on its way: its jobs are written down, launched, watched, and told of at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from tremor.config.overrides import quoted
from tremor.doors.shell import translated
from tremor.doors.sweep_check import examined
from tremor.doors.sweep_end import conclude
from tremor.doors.sweep_record import as_typed, new_sweep, recorded, taken_up
from tremor.doors.sweep_share import share
from tremor.doors.sweep_watch import watching
from tremor.errors import FAULT, REFUSED, STOPPED, TremorError
from tremor.files import free, near, told
from tremor.training import sweep_folder
from tremor.training.sweep_folder import Job, Sweep

ONWARD = "python simple_train.py sweep={} retry={}"


@dataclass
class Course:
    """What a sweeper needs to run its jobs; `sweep` is `None` where no folder keeps a record."""

    config: DictConfig
    context: HydraContext
    task: TaskFunction
    sweep: Sweep | None
    claimed: bool = False
    results: list[int] = field(default_factory=list)
    seen: int = 0
    announced: bool = False

    @classmethod
    def open(cls, context: HydraContext, task: TaskFunction, config: DictConfig) -> Course:
        """Find a folder, or take up the one of the sweep that goes on."""
        place = Path(str(config.hydra.sweep.dir)).expanduser()
        if config.hydra.sweeper.retry is not None:
            sweep = taken_up(place.resolve())
            return cls(config, context, task, sweep, claimed=True)._settled()
        if not recorded(config, place):
            return cls(config, context, task, None)._settled()
        return cls(config, context, task, new_sweep(free(place.resolve()), config))._settled()

    def _settled(self) -> Course:
        """With a launcher that knows the sweep's folder."""
        if self.sweep is not None:
            with read_write(self.config.hydra.sweep), open_dict(self.config.hydra.sweep):
                self.config.hydra.sweep.dir = str(self.sweep.folder)
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=self.context, task_function=self.task, config=self.config
        )
        return self

    def claim(self) -> None:
        """Make the sweep's folder; one that another sweep has just taken gets a number."""
        while self.sweep is not None and not self.claimed:
            folder = self.sweep.folder
            with told(folder):
                folder.parent.mkdir(parents=True, exist_ok=True)
                try:
                    folder.mkdir()
                    self.claimed = True
                except FileExistsError:
                    self.sweep = replace(self.sweep, folder=free(folder))
                    self._settled()

    @property
    def settings(self) -> Any:
        """The sweeper's own settings."""
        return self.config.hydra.sweeper

    def job(self, number: int, overrides: Sequence[str], values: dict[str, str]) -> Job:
        """A job by its overrides."""
        return Job(number, list(overrides), as_typed(self.config, overrides), values)

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The config of a job, with Hydra's own part."""
        loader = self.context.config_loader
        composed: DictConfig = loader.load_sweep_config(self.config, list(overrides))
        return composed

    def plan(self, jobs: Sequence[Job]) -> list[Job]:
        """Jobs, checked and written down; without a record they are only composed."""
        if self.sweep is None:
            for job in jobs:
                self.compose(job.overrides)
            return list(jobs)
        planned = examined(jobs, self.compose, bool(self.settings.check))
        self.claim()
        self.note(planned)
        return planned

    def note(self, jobs: Sequence[Job]) -> None:
        """Write jobs down, new ones or anew."""
        if self.sweep is not None:
            keys = [*self.sweep.keys, *(key for job in jobs for key in job.values)]
            kept = replace(self.sweep, keys=list(dict.fromkeys(keys)))
            self.sweep = kept.with_jobs(list(jobs)).write()

    def launch(self, jobs: Sequence[Job], of: int, extra: Sequence[str] = ()) -> None:
        """Run jobs; whatever breaks one of them, or the launcher, the others' states are kept."""
        if not jobs:
            print("sweep    there is nothing to run again")
            return
        node = self.config.hydra.launcher
        shares = share(node, len(jobs), self.settings.threads)
        most = self.settings.max_batch_size or shares.most or len(jobs)
        if self.sweep is not None and not self.announced:
            self.announced = True
            told_jobs = f"{of} job{'s' * (of != 1)}{shares.words()}"
            print(f"sweep    {told_jobs}; outputs are in {self.near}/<job>")
        for some in (jobs[at : at + most] for at in range(0, len(jobs), most)):
            with watching(self.sweep, some, self.seen, of):
                self._hand_over(some, shares.threads, extra)
            self.seen += len(some)

    def _hand_over(self, jobs: Sequence[Job], threads: int | None, extra: Sequence[str]) -> None:
        words = [[*job.overrides, *self._own(job, threads), *extra] for job in jobs]
        try:
            ended = self.launcher.launch(words, initial_job_idx=jobs[0].number)
        except Exception as error:  # a killed worker takes others with it: their folders tell
            print(f"the launcher broke: {translated(error).problem}")
            self.results += [FAULT] * len(jobs)
            return
        self.results += [_code(one) for one in ended]

    def _own(self, job: Job, threads: int | None) -> Iterator[str]:
        """What Hydra is told of one job beside its config."""
        if self.sweep is None:
            return
        yield f"hydra.sweep.dir={quoted(str(self.sweep.folder))}"
        yield f"hydra.sweep.subdir='{job.number}'"
        told = {"JOB": job.number, "THREADS": threads, "TRIAL": job.trial}
        for name, value in told.items():  # the sweeper's own node may not differ in Hydra 1.4
            if value is not None:
                yield f"++hydra.job.env_set.TREMOR_{name}='{value}'"

    @property
    def near(self) -> str:
        """The sweep's folder as one types it from here."""
        assert self.sweep is not None
        return near(self.sweep.folder)

    @contextmanager
    def told(self) -> Iterator[None]:
        """At the end, however it comes, tables are written and what went wrong is told."""
        stopped = False
        try:
            yield
        except KeyboardInterrupt:
            stopped = True
        if self.sweep is None:
            self._tell_codes(stopped)
            return
        bad = conclude(self.sweep)
        if stopped:
            onward = ONWARD.format(self.near, "missing")
            raise TremorError(self._stopped(), self.near, onward, code=STOPPED)
        if bad:
            count = len(self.sweep.jobs)
            refused = len(bad) == count and all(it == sweep_folder.REFUSED for it in bad)
            said = f"{len(bad)} of {count} jobs did not end well"
            onward = ONWARD.format(self.near, "failed")
            raise TremorError(said, self.near, onward, code=REFUSED if refused else FAULT)

    def _stopped(self) -> str:
        """That this process stops, and what goes on without it."""
        assert self.sweep is not None
        states = [state.state for state in self.sweep.states().values()]
        running = states.count(sweep_folder.RUNNING)
        if str(self.config.hydra.launcher._target_).endswith("SlurmLauncher"):
            return "stopped; jobs in Slurm's queue go on: scancel them, or wait before a retry"
        return f"stopped; jobs that still run: {running}" if running else "stopped"

    def _tell_codes(self, stopped: bool) -> None:
        """Without a record, the jobs' own exit codes say what happened."""
        if stopped:
            raise TremorError("stopped", code=STOPPED)
        bad = [code for code in self.results if code]
        if bad:
            refused = len(bad) == len(self.results) and set(bad) == {REFUSED}
            said = f"{len(bad)} of {len(self.results)} jobs did not end well"
            raise TremorError(said, code=REFUSED if refused else FAULT)


def _code(ended: JobReturn) -> int:
    """A job's exit code; one that broke before it could give one has a fault."""
    return int(ended.return_value or 0) if ended.status == JobStatus.COMPLETED else FAULT
