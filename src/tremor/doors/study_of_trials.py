"""An Optuna study that outlives its process: trials are asked for, reported on, told of.

Only `hydra/sweeper=optuna` imports this file.
"""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.distributions import FloatDistribution as Floats
from optuna.distributions import IntDistribution as Ints
from optuna.trial import Trial, TrialState

AGAIN = "again"
"""Mark of a trial that repeats one that failed, and is not counted a second time."""
STORAGE = "TREMOR_STORAGE"  # tells each job where the study is
Space = dict[str, BaseDistribution]


@dataclass(frozen=True)
class Study:
    """A study in its storage."""

    study: optuna.Study

    @classmethod
    def open(cls, settings: Any, storage: str, mode: str) -> Study:
        """The study of a sweep, new or as it was left.

        A seed alone would draw the first values again when a study goes on, so that the number of
        its trials goes into the seed.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        kept = _storage(storage)
        direction = "maximize" if mode == "max" else "minimize"
        study = optuna.create_study(
            storage=kept,
            study_name=settings.study_name,
            direction=direction,
            load_if_exists=True,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.sampler = optuna.samplers.TPESampler(
                seed=int(settings.seed) + len(study.trials),
                n_startup_trials=settings.random_trials,
                constant_liar=True,
            )
        return cls(study)

    @classmethod
    def joined(cls, settings: Any) -> Study:
        """The study as a job of it sees it, with its pruner."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        pruner = optuna.pruners.MedianPruner(
            n_startup_trials=settings.prune_after_trials,
            n_warmup_steps=settings.prune_after_epochs,
        )
        kept = _storage(os.environ[STORAGE])
        return cls(optuna.load_study(study_name=settings.study_name, storage=kept, pruner=pruner))

    def trial(self, number: int) -> Trial:
        """A trial that runs, by its number."""
        known = self.study.get_trials(deepcopy=False)[number]
        return Trial(self.study, known._trial_id)

    def ask(self, space: Space) -> tuple[int, dict[str, str]]:
        """The next trial: its number, and its values as they are typed."""
        trial = self.study.ask(space)
        return trial.number, {key: str(value) for key, value in trial.params.items()}

    def repeat(self, space: Space, values: dict[str, str]) -> int:
        """A new trial with the values of one that failed; its number."""
        known = {key: typed(space[key], text) for key, text in values.items()}
        self.study.enqueue_trial(known, user_attrs={AGAIN: True})
        number: int = self.study.ask(space).number
        return number

    def asked(self) -> int:
        """How many trials there are, repeats not counted."""
        return sum(not trial.user_attrs.get(AGAIN) for trial in self.study.get_trials())

    def running(self, number: int) -> bool:
        """Whether a trial has not been told of yet."""
        state = self.study.get_trials(deepcopy=False)[number].state
        return bool(state == TrialState.RUNNING)

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """How a trial ended: with a value, pruned, or without either."""
        if not self.running(number):
            return
        if pruned:
            self.study.tell(number, state=TrialState.PRUNED)
        elif value is None or not math.isfinite(value):
            self.study.tell(number, state=TrialState.FAIL)
        else:
            self.study.tell(number, value)


def typed(distribution: BaseDistribution, text: str) -> Any:
    """A text as the value that a distribution draws."""
    kinds: dict[type, type] = {Ints: int, Floats: float, CategoricalDistribution: str}
    return kinds[type(distribution)](text)


def _storage(place: str) -> Any:
    """A database by its URL, or a journal in a file, which any file system can hold."""
    if "://" in place:
        return optuna.storages.RDBStorage(place)
    path = Path(place).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = optuna.storages.journal
    return optuna.storages.JournalStorage(journal.JournalFileBackend(str(path)))
