"""A sweep on its way: its jobs are written down, launched, watched, and told of at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from tremor.config.overrides import groups_of, quoted, tightened
from tremor.doors.checking import CONFIGS
from tremor.doors.shell import translated
from tremor.doors.sweep_check import examined
from tremor.doors.sweep_end import conclude
from tremor.doors.sweep_share import share
from tremor.doors.sweep_watch import watching
from tremor.errors import FAULT, REFUSED, STOPPED, Refused, TremorError
from tremor.files import near
from tremor.training import sweep_folder
from tremor.training.sweep_folder import PLAN, Job, Sweep

ONWARD = "python simple_train.py sweep={} retry={}"


@dataclass
class Course:
    """What a sweeper needs to run its jobs; `sweep` is `None` where no folder keeps a record."""

    config: DictConfig
    context: HydraContext
    launcher: Launcher
    sweep: Sweep | None
    results: list[int] = field(default_factory=list)
    seen: int = 0

    @classmethod
    def open(cls, context: HydraContext, task: TaskFunction, config: DictConfig) -> Course:
        """Claim a folder, or take up the one of the sweep that goes on."""
        place = Path(str(config.hydra.sweep.dir)).expanduser()
        sweep = None
        if config.hydra.sweeper.retry is not None:
            sweep = Sweep.read(place.resolve())
        elif _recorded(config, place):
            sweep = _new(_free(place.resolve()), config)
        if sweep is not None:
            with read_write(config), open_dict(config):
                config.hydra.sweep.dir = str(sweep.folder)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=config
        )
        return cls(config, context, launcher, sweep)

    @property
    def settings(self) -> Any:
        """The sweeper's own settings."""
        return self.config.hydra.sweeper

    def job(self, number: int, overrides: Sequence[str], values: dict[str, str]) -> Job:
        """A job by its overrides."""
        return Job(number, list(overrides), _as_typed(self.config, overrides), values)

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
        if self.sweep is not None and not self.seen:
            print(f"sweep    {of} jobs{shares.words()}; outputs are in {self.near}/<job>")
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
        yield f"hydra.sweeper.job={job.number}"
        if threads is not None:
            yield f"hydra.sweeper.threads={threads}"
        if job.trial is not None:
            yield f"hydra.sweeper.trial={job.trial}"

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
            raise TremorError("stopped", self.near, onward, code=STOPPED)
        if bad:
            count = len(self.sweep.jobs)
            refused = len(bad) == count and all(it == sweep_folder.REFUSED for it in bad)
            said = f"{len(bad)} of {count} jobs did not end well"
            onward = ONWARD.format(self.near, "failed")
            raise TremorError(said, self.near, onward, code=REFUSED if refused else FAULT)

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


def _recorded(config: DictConfig, place: Path) -> bool:
    """Whether a sweep keeps a record: it trains, in earnest, and this is its first process."""
    first = int(os.environ.get("LOCAL_RANK", 0)) == 0
    return place != Path() and first and not config.get("dry_run")


def _new(folder: Path, config: DictConfig) -> Sweep:
    """A sweep without jobs yet."""
    arguments: Any = OmegaConf.to_container(config.hydra.overrides.task)
    hydra: Any = OmegaConf.to_container(config.hydra.overrides.hydra)
    return Sweep(folder, arguments, _as_typed(config, arguments), hydra, [], str(Path.cwd()))


def _as_typed(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Overrides as a user types them."""
    foreign = set(groups_of(CONFIGS)) - set(config.hydra.runtime.choices)
    return tightened(overrides, foreign)


def _free(wanted: Path) -> Path:
    """The folder, or with a suffix if a sweep has it already."""
    names = (wanted.with_name(f"{wanted.name}_{n}") if n > 1 else wanted for n in range(1, 1000))
    for folder in names:
        if not (folder / PLAN).exists():
            return folder
    raise Refused("a thousand sweeps have this folder", str(wanted), "hydra.sweep.dir=<another>")
