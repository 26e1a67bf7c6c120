"""What a comparison found: configurations, their pairs, their curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.found_runs import Found
from tremor.evaluation.metrics import Floats
from tremor.evaluation.ordinal import SMALLER_IS_BETTER
from tremor.evaluation.paired import Score
from tremor.evaluation.runs import Plain, Run

CHANCE = {
    "balanced_accuracy": "1 / classes",
    "accuracy": "share of the most frequent class",
    "macro_f1": "mean under permuted labels",
    "mcc": "no correlation",
    "distance": "mean under permuted labels",
    "within_one": "mean under permuted labels",
    "kappa": "mean under permuted labels",
    "auroc": "no order",
    "macro_auroc": "no order",
    "macro_auprc": "mean share of records that have a class",
    "micro_f1": "mean under permuted labels",
    "exact_match": "share of the most frequent answer",
}
"""The metrics that can be compared, and where the chance level of each comes from."""
OWN = ("metric", "draws", "swaps", "level", "seed")
CLEAR = 0.05
"""A corrected p below it may be called clear."""


@dataclass(frozen=True)
class Configuration:
    """Runs that differ in seed, fold and place alone, and how good they are.

    `beside` has the mean of other metrics of ordered classes, where classes are ordered.
    """

    name: str
    runs: tuple[Run, ...]
    values: tuple[float, ...]
    mean: Score
    chance: float
    events: int
    beside: dict[str, Score] = field(default_factory=dict)

    @property
    def settings(self) -> Plain:
        return self.runs[0].settings

    @property
    def classes(self) -> tuple[str, ...]:
        return self.runs[0].classes

    @property
    def control(self) -> bool:
        return bool(self.runs[0].control)

    @property
    def seeds(self) -> int:
        return len({run.seed for run in self.runs})

    @property
    def sd(self) -> float | None:
        """Standard deviation over the runs; `None` for one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    @property
    def spread(self) -> str:
        """What the interval counts as chance."""
        if self.mean.lo is None:
            return f"no interval: fewer than {FEWEST} events, or one alone of a class"
        return "seeds and events" if len(self.runs) > 1 else "events alone: one seed"

    @property
    def experiments(self) -> list[str]:
        return list(dict.fromkeys(str(run.config["experiment_name"]) for run in self.runs))

    def shares(self) -> Floats:
        """Shares `(true class, predicted class)` of each true class, averaged over the runs."""
        counts = np.array([run.verdict["confusion"] for run in self.runs], float)
        totals = counts.sum(-1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
        return metrics.mean_known(np.moveaxis(shares, 0, -1))


@dataclass(frozen=True)
class Pair:
    """The first configuration's metric minus the second's, on what both judged."""

    first: int
    second: int
    runs: int
    difference: Score | None = None
    p: float | None = None
    p_holm: float | None = None
    note: str = ""

    @property
    def clear(self) -> bool:
        """Whether the difference stands: its interval is off zero and its corrected p is small."""
        if self.difference is None or not self.difference.ends or self.p_holm is None:
            return False
        low, high = self.difference.ends
        return (low > 0 or high < 0) and self.p_holm < CLEAR


@dataclass(frozen=True)
class Control:
    """A control beside the model that it is a control of (none where that was not run).

    With shuffled labels its runs are refits of the null: `p` is the share of them that do at least
    as well as the model's mean, the model counted in, and `least` the smallest p that so many runs
    can give. `above` says that the control itself is above chance with its interval: a leak.
    """

    number: int
    of: int | None
    refits: int
    above: bool
    p: float | None = None
    least: float | None = None


@dataclass(frozen=True)
class Line:
    """A curve: `(x, number of the configuration)` in order of x."""

    name: str
    points: list[tuple[float, int]]


@dataclass(frozen=True)
class Comparison:
    """All that a comparison found; pairs and lines name configurations by their number.

    `swaps` is how often predictions changed sides for a p below `CLEAR`, `draws` for the others.
    """

    metric: str
    draws: int
    swaps: int
    level: float
    seed: int
    configurations: list[Configuration]
    pairs: list[Pair]
    curves: dict[str, list[Line]]
    found: Found
    notes: list[str] = field(default_factory=list)
    reference: int = 0
    ablation: bool = False
    controls: list[Control] = field(default_factory=list)

    @property
    def held_against(self) -> list[tuple[int, Score, bool]]:
        """Each configuration that was tested against the reference: by how much it is more.

        And whether that stands.
        """
        found = []
        for pair in self.pairs:
            if self.reference in (pair.first, pair.second) and pair.difference is not None:
                other = pair.second if pair.first == self.reference else pair.first
                turned = pair.difference if other == pair.first else -pair.difference
                found.append((other, turned, pair.clear))
        return sorted(found, key=lambda each: each[0])

    @property
    def chance_source(self) -> str:
        return CHANCE[self.metric]

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return sign(self.metric)

    def plain(self) -> Plain:
        """The comparison as plain values for a JSON file."""
        own = {name: getattr(self, name) for name in OWN}
        curves = {key: [asdict(line) for line in lines] for key, lines in self.curves.items()}
        return own | {
            "chance_source": self.chance_source,
            "configurations": [_plain(c) for c in self.configurations],
            "pairs": [asdict(pair) for pair in self.pairs],
            "reference": self.configurations[self.reference].name,
            "controls": [asdict(control) for control in self.controls],
            "curves": curves,
            "notes": self.notes,
        }


def sign(metric: str) -> int:
    """1 where more of a metric is better, -1 where less is."""
    return -1 if metric in SMALLER_IS_BETTER else 1


def _plain(c: Configuration) -> Plain:
    runs = [
        {"folder": str(run.folder), "seed": run.seed, "fold": run.place[1], "value": value}
        for run, value in zip(c.runs, c.values, strict=True)
    ]
    numbers = {"chance": c.chance, "sd": c.sd, "events": c.events}
    beside = {metric: asdict(score) for metric, score in c.beside.items()}
    facts = {
        "control": c.control,
        "beside": beside,
        "classes": list(c.classes),
        "interval_over": c.spread,
        "experiments": c.experiments,
    }
    mean = {"mean": c.mean.value, "lo": c.mean.lo, "hi": c.mean.hi}
    return {"name": c.name} | mean | numbers | facts | {"runs": runs, "settings": c.settings}
