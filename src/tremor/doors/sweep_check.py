"""Every job of a sweep is composed and checked before the first one starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from tremor.config.check import Problem
from tremor.errors import Refused, TremorError
from tremor.training.sweep_folder import Job

Compose = Callable[[Sequence[str]], DictConfig]
ANYWAY = "hydra.sweeper.check=false lets the others run"


def examined(jobs: Sequence[Job], compose: Compose, check: bool) -> list[Job]:
    """The jobs, each with the number that chooses its best epoch.

    If one of them has a wrong config none is started, unless `check` is off.
    """
    found, wrong = [], {}
    for job in jobs:
        config = compose(job.overrides)
        monitor, mode = (OmegaConf.select(config, f"train.{key}") for key in ("monitor", "mode"))
        found.append(replace(job, monitor=str(monitor or ""), mode=str(mode or "min")))
        problems = _problems(config) if check else []
        if problems:
            wrong[job.number] = problems
    if wrong:
        raise _refusal(wrong, len(jobs))
    return found


def _problems(config: DictConfig) -> list[Problem]:
    """What is wrong with the config of one job."""
    from tremor.config.roots import TrainRoot
    from tremor.doors.checking import problems_of

    with _as_job(config):
        own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        try:
            return problems_of(own, TrainRoot)[0]
        except TremorError as error:
            return [Problem(error.where, error.problem, error.remedy)]


@contextmanager
def _as_job(config: DictConfig) -> Iterator[None]:
    """Hydra's own settings as the job will see them."""
    before = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)
    try:
        yield
    finally:
        HydraConfig.instance().cfg = before


def _refusal(wrong: dict[int, list[Problem]], jobs: int) -> Refused:
    """One error with every problem once, and the jobs that have it."""
    numbers: dict[Problem, list[int]] = {}
    for number, problems in wrong.items():
        for problem in dict.fromkeys(problems):
            numbers.setdefault(problem, []).append(number)
    lines = [
        f"{problem}  [{'every job' if len(who) == jobs else _named(who)}]"
        for problem, who in numbers.items()
    ]
    said = f"{len(wrong)} of {jobs} jobs would be refused, so none was started:"
    mend = "mend the keys above" + (f"; {ANYWAY}" if len(wrong) < jobs else "")
    return Refused("\n".join([said, *lines]), remedy=mend)


def _named(numbers: list[int]) -> str:
    """`job 3`, `jobs 1, 2, 5`, and no more than eight of them."""
    shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
    return f"job{'s' * (len(numbers) > 1)} {shown}"
