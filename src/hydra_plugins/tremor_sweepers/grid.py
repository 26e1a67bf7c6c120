"""`-m key=a,b other=range(1,4)`: every combination, or those of a sweep that are still lacking.

Hydra imports this file at each start: what is heavy is imported when a sweep runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from tremor.doors.sweep_course import Course


class GridSweeper(Sweeper):
    """Every combination of the values given; its settings are read where they are used."""

    def __init__(self, params: dict[str, Any] | None, **settings: Any) -> None:
        self.params = params or {}
        self.course: Course

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Claim the sweep's folder, and make the launcher."""
        from tremor.doors.sweep_course import Course

        self.hydra_context = hydra_context
        self.course = Course.open(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> None:
        """Check all jobs, run them, tell what came of them."""
        course, retry = self.course, self.course.settings.retry
        if retry is not None and course.sweep is not None:
            jobs = course.sweep.again(retry)
        else:
            jobs = course.plan(self._jobs(arguments))
        with course.told():
            course.launch(jobs, len(jobs))

    def _jobs(self, arguments: Sequence[str]) -> list[Any]:
        """The jobs that the overrides stand for, in the order in which they were typed."""
        from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

        texts = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides(texts)
        _refuse_ranges(overrides)
        varied = {one.get_key_element(): one.key_or_group for one in overrides if _varies(one)}
        gone = {f"{one.get_key_element()}=null" for one in overrides if _deletes(one)}
        (every,) = BasicSweeper.split_arguments(overrides, None)
        jobs = (
            [word.removesuffix("=null") if word in gone else word for word in words]
            for words in every
        )
        return [
            self.course.job(number, words, dict(_values(words, varied)))
            for number, words in enumerate(jobs)
        ]


def _varies(override: Override) -> bool:
    return bool(override.is_sweep_override())


def _deletes(override: Override) -> bool:
    """`~key`: its sweeper writes `~key=null`, which Hydra 1.4 takes for a value to be there."""
    return bool(override.is_delete()) and override.value() is None


def _values(words: Sequence[str], varied: dict[str, str]) -> list[tuple[str, str]]:
    """What a job varies: `{"seed": "1"}`."""
    split = [word.partition("=") for word in words]
    return [(varied[key], value) for key, _, value in split if key in varied]


def _refuse_ranges(overrides: Sequence[Override]) -> None:
    """An interval has no end of values: a grid cannot have them all."""
    from tremor.errors import Refused

    for override in overrides:
        if _varies(override) and not override.is_discrete_sweep():
            said = f"{override.input_line.lstrip('+')} is an interval, and a grid takes every value"
            remedy = "hydra/sweeper=optuna, or list the values as key=a,b,c"
            raise Refused(said, override.key_or_group, remedy)
