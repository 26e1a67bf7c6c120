"""What reviewers ask of a study that learns from data, answered as far as a run knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tremor.report import answers
from tremor.report.known import Known

Answer = Callable[[Known], str]
HEAD = (
    "# Reviewer's checklist\n\nAfter REFORMS (Science Advances, 2024) and TRIPOD+AI (BMJ, 2024), "
    "in other words than theirs; a number is the module of REFORMS. What this run knows is filled "
    "in; the rest is for its author.\n\n"
    "| Item | This run | After |\n| --- | --- | --- |\n"
)


@dataclass(frozen=True)
class Item:
    """What is asked, what the run knows of it (nothing: `not reported`), and who asks."""

    asked: str
    answer: str
    source: str

    @property
    def known(self) -> bool:
        """Whether the run answers it."""
        return bool(self.answer)


def checklist(known: Known) -> list[Item]:
    """Every item, in the order of a paper."""
    return [Item(asked, answer(known), source) for asked, source, answer in ITEMS]


def markdown(items: list[Item]) -> str:
    """The checklist as a table."""
    rows = (
        f"| {item.asked} | {item.answer.replace('|', '/') or '**not reported**'} | {item.source} |"
        for item in items
    )
    return HEAD + "\n".join(rows) + "\n"


ITEMS: tuple[tuple[str, str, Answer], ...] = (
    ("The question, and the population that an answer is meant for", "REFORMS 1", answers.unknown),
    ("Why it is worth learning, and what is known already", "TRIPOD+AI", answers.unknown),
    ("What is to be told: the classes", "TRIPOD+AI", answers.outcome),
    ("Where the records come from", "REFORMS 3", answers.source),
    ("When and where they were measured, and what they stand for", "REFORMS 3", answers.unknown),
    ("How labels were given, by whom, and how surely", "TRIPOD+AI", answers.unknown),
    ("Which records were left out, and why", "TRIPOD+AI", answers.set_aside),
    ("How missing values were treated", "TRIPOD+AI", answers.unknown),
    ("How many records and groups, in each part", "TRIPOD+AI", answers.size),
    ("Why so many are enough", "TRIPOD+AI", answers.unknown),
    ("What is independent of what", "REFORMS 6", answers.unit),
    ("How the parts were divided", "REFORMS 5", answers.split),
    ("Whether test data leak into training", "REFORMS 6", answers.leaks),
    ("How signals are prepared", "REFORMS 4", answers.preparation),
    ("The network", "REFORMS 5", answers.network),
    ("Where its weights begin", "REFORMS 5", answers.pretraining),
    ("Whether pretraining has seen test records", "REFORMS 6", answers.unknown),
    ("How it is trained", "TRIPOD+AI", answers.training),
    ("What was chosen on which data", "REFORMS 5", answers.chosen),
    ("How settings were chosen, and how many were tried", "REFORMS 5", answers.unknown),
    ("The scores", "REFORMS 7", answers.scores),
    ("How uncertain they are", "REFORMS 7", answers.intervals),
    ("Against what chance", "REFORMS 7", answers.null),
    ("Against which simpler rules", "REFORMS 5", answers.baselines),
    ("Whether probabilities mean what they say", "TRIPOD+AI", answers.calibration),
    ("Whether prediction sets hold what they promise", "TRIPOD+AI", answers.sets),
    ("In which subgroups", "TRIPOD+AI", answers.slices),
    ("Which confounders were looked at", "REFORMS 6", answers.confounders),
    ("How much runs differ among themselves", "REFORMS 7", answers.seeds),
    ("Data of another place, time or maker", "REFORMS 8", answers.unknown),
    ("What the answers are for, and who would act on them", "TRIPOD+AI", answers.unknown),
    ("Limits of the study", "REFORMS 8", answers.unknown),
    ("Ethics, consent and who may be harmed", "TRIPOD+AI", answers.unknown),
    ("Code and versions", "REFORMS 2", answers.code),
    ("The command", "REFORMS 2", answers.command),
    ("The machine", "REFORMS 2", answers.machine),
    ("Where others get the data", "REFORMS 2", answers.unknown),
    ("Funding, interests, registration", "TRIPOD+AI", answers.unknown),
)
"""What is asked, by whom (REFORMS with its module), and how it is answered."""
