"""The course of a search: ask Optuna, run the jobs, tell it what validation said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from tremor.config.overrides import groups_of, loosen, quoted
from tremor.doors.checking import CONFIGS
from tremor.doors.search_space import SearchSpace, space_of
from tremor.doors.shell import own_groups
from tremor.doors.study_of_trials import STORAGE, Study
from tremor.doors.sweep_check import examined
from tremor.doors.sweep_course import Course
from tremor.doors.sweep_share import share
from tremor.errors import Refused
from tremor.evaluation.swept import score_of
from tremor.training.sweep_folder import DONE, FAILED, PRUNED, REFUSED, Job, Sweep, state_of

MOST = 8
"""Trials at a time where the launcher would run more: a search learns between them."""
HOPELESS = 4
"""Trials without a good one among them after which a search ends by itself."""
ROOT = CONFIGS / "train.yaml"


class Search:
    """A sweep whose jobs are the trials of a study."""

    def __init__(self, course: Course, params: dict[str, str]):
        self.course, self.params = course, params
        self.space: SearchSpace
        self.study: Study
        self.pattern: Job

    def run(self, arguments: Sequence[str]) -> None:
        """Finish what is unfinished, then go on until the study has its trials."""
        course = self.course
        if course.sweep is None:
            said = "a search has no rehearsal: its values are chosen on the way"
            raise Refused(said, "dry_run", "dry_run=true without -m, on one of its jobs")
        self._prepare(arguments)
        retry, total = course.settings.retry, int(course.settings.n_trials)
        with course.told():
            again = self._again(course.sweep.again(retry)) if retry else []
            self._launch(again, len(again))
            course.seen = len(self._sweep().jobs)
            while (left := total - self.study.asked()) > 0 and not self._hopeless():
                self._launch(self._ask(min(left, self._together(left))), total)

    def _prepare(self, arguments: Sequence[str]) -> None:
        """The space, checked at both ends, and the study."""
        course, settings = self.course, self.course.settings
        typed = [f"{key}={value}" for key, value in self.params.items()]
        groups = own_groups(ROOT)
        parser = OverridesParser.create(config_loader=course.context.config_loader)
        loose = loosen(typed, groups, groups_of(CONFIGS))
        self.space = space_of(loose, arguments, parser)
        ends = [
            course.job(number, self.space.overrides(values), values)
            for number, values in enumerate(self.space.ends())
        ]
        self.pattern, _ = examined(ends, course.compose, bool(settings.check))
        self._refuse_blind()
        course.claim()
        self.study = Study.open(settings, self.storage, self.pattern.mode)

    def _refuse_blind(self) -> None:
        """A search sees validation, by metrics.csv."""
        if not self.pattern.monitor.startswith("val/"):
            said = f"a search is led by validation only, not by {self.pattern.monitor or 'nothing'}"
            raise Refused(said, "train.monitor", "train.monitor=val/loss")
        if OmegaConf.select(self.course.config, "logger.csv") is None:
            raise Refused("a search reads metrics.csv", "logger.csv", "leave logger.csv as it is")

    @property
    def storage(self) -> str:
        """Where the study is kept."""
        assert self.course.sweep is not None
        return str(self.course.settings.storage or self.course.sweep.folder / "optuna.log")

    def _together(self, left: int) -> int:
        """How many trials are asked for at a time."""
        asked = self.course.settings.max_batch_size
        at_once = share(self.course.config.hydra.launcher, left, None).jobs
        return int(asked or min(at_once, MOST))

    def _ask(self, count: int) -> list[Job]:
        """New trials as jobs, written down."""
        sweep = self._sweep()
        first, jobs = len(sweep.jobs), []
        for number in range(first, first + count):
            trial, values = self.study.ask(self.space.drawn)
            jobs.append(self._job(number, trial, values))
        self.course.note(jobs)
        return jobs

    def _job(self, number: int, trial: int, values: dict[str, str]) -> Job:
        job = self.course.job(number, self.space.overrides(values), values)
        return replace(job, trial=trial, monitor=self.pattern.monitor, mode=self.pattern.mode)

    def _again(self, jobs: Sequence[Job]) -> list[Job]:
        """Jobs to run again: as their own trials where these are open, else as new ones."""
        self._tell([job for job in self._sweep().jobs if job not in jobs])
        found = []
        for job in jobs:
            assert job.trial is not None
            open_still = self.study.running(job.trial)
            trial = job.trial if open_still else self.study.repeat(self.space.drawn, job.values)
            found.append(replace(job, trial=trial))
        self.course.note(found)
        return found

    def _launch(self, jobs: Sequence[Job], of: int) -> None:
        """Run some trials, and tell the study how they ended."""
        if jobs:
            storage = f"++hydra.job.env_set.{STORAGE}={quoted(self.storage)}"
            self.course.launch(jobs, of, [storage])
            self._tell(jobs)

    def _tell(self, jobs: Sequence[Job]) -> None:
        """Trials that ended are told of; those that were cut off stay open."""
        sweep = self._sweep()
        for job in jobs:
            place = sweep.place(job)
            state = state_of(place).state
            assert job.trial is not None
            if state in (DONE, PRUNED, FAILED, REFUSED):
                value = score_of(place, job) if state == DONE else None
                self.study.tell(job.trial, value, pruned=state == PRUNED)

    def _hopeless(self) -> bool:
        """Whether the first trials all went wrong, or the launcher did: more would, too."""
        sweep = self._sweep()
        states = [state.state for state in sweep.states().values()]
        good = any(state in (DONE, PRUNED) for state in states)
        if good or len(states) < HOPELESS:
            return False
        print("no trial has ended well: the search ends here")
        return True

    def _sweep(self) -> Sweep:
        assert self.course.sweep is not None
        return self.course.sweep
