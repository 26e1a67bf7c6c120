"""`hydra/sweeper=optuna`: each trial is chosen by what validation said of those before it.

Hydra imports this file at each start: what is heavy is imported when a sweep runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from tremor.doors.search import Search


class OptunaSweeper(Sweeper):
    """A search with a persistent study; its settings are read where they are used."""

    def __init__(self, params: dict[str, Any] | None, **settings: Any) -> None:
        self.params = {str(key): str(value) for key, value in (params or {}).items()}
        self.search: Search

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Claim the sweep's folder, and make the launcher."""
        from tremor.doors.search import Search
        from tremor.doors.sweep_course import Course

        course = Course.open(hydra_context, task_function, config)
        self.search = Search(course, self.params)

    def sweep(self, arguments: list[str]) -> None:
        """Go on with what is unfinished, then try new values until there are enough trials."""
        self.search.run(arguments)
