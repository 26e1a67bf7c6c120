"""What was measured of each record, gathered to verdicts and to a summary of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from tremor.explain.audit import checks
from tremor.explain.audit.curves import Curve, Curves, mean_at
from tremor.explain.audit.deletion_checks import deletion, insertion, random_maps, side
from tremor.explain.audit.sensitivity import Sensitivity
from tremor.explain.audit.similarity import Likeness, between_records, template
from tremor.explain.audit.verdict import Entry, Verdict, caption, overall
from tremor.explain.groups.pointing import Pointing

CRUCIAL = ("deletion", "parameter randomisation", "another seed")
GRID = 21  # points of the mean curves

M = TypeVar("M")


@dataclass(frozen=True)
class Measured:
    """Of one record; None for a check that was not made of it.

    `curves` by the name of the fill. `randomised` compares its map with that of a randomised
    network, `unrelated` those of two randomised networks, and `seeds`, `estimators`, `fills` two
    maps of the trained network.
    """

    record_id: str
    event: str
    curves: Mapping[str, Curves] = field(default_factory=dict)
    sensitivity: Sensitivity | None = None
    randomised: Likeness | None = None
    unrelated: Likeness | None = None
    seeds: Likeness | None = None
    estimators: Likeness | None = None
    fills: Likeness | None = None

    def numbers(self) -> dict[str, Any]:
        """For a table with a row per record."""
        deletion = {
            fill: {
                "full": c.full,
                "empty": c.empty,
                "most_first": c.most_first.area,
                "least_first": c.least_first.area,
                "random": c.random_area,
                "ratio": None if c.scale is None else c.delta / c.scale,
                "beaten": c.beaten,
                "evaluations": c.evaluations,
            }
            for fill, c in self.curves.items()
        }
        names = ("sensitivity", "randomised", "unrelated", "seeds", "estimators", "fills")
        others = {name: getattr(self, name) for name in names}
        made = {name: asdict(found) for name, found in others.items() if found is not None}
        return {"record_id": self.record_id, "event": self.event, "deletion": deletion, **made}


@dataclass(frozen=True)
class Audit:
    """Of a set of records: the verdict of each check and of all, and mean curves for figures."""

    entries: tuple[Entry, ...]
    curves: dict[str, dict[str, list[float]]]
    records: tuple[Measured, ...]

    @property
    def verdict(self) -> Verdict:
        return overall(self.entries)

    @property
    def caption(self) -> str:
        """What every figure of these maps must carry; "" where the audit passed."""
        return caption(self.entries)

    def summary(self) -> dict[str, Any]:
        """Plain numbers and words: no NaN, None where a number is undefined."""
        made = [found.check for found in self.entries]
        found: dict[str, Any] = plain(
            {
                "verdict": self.verdict,
                "caption": self.caption,
                "checks": [asdict(found) for found in self.entries],
                "not_made": [name for name in CRUCIAL if name not in made],
                "curves": self.curves,
                "records": [record.numbers() for record in self.records],
            }
        )
        return found


def audited(
    measured: Sequence[Measured], maps: Sequence[Tensor] = (), aim: Pointing | None = None
) -> Audit:
    """The checks that were made, judged over records; `maps (*cells)`, one for each record.

    `aim` is how well the maps point at evidence that is known. Without maps, or with maps of
    different shapes, records are not compared with each other.
    """
    events = [m.event for m in measured]
    same = len(maps) == len(measured) and len({x.shape for x in maps}) == 1
    chance = _mean_correlation(between_records(maps, events)) if same else None
    entries = _deletion(measured)
    entries += _check(measured, lambda m: m.sensitivity, checks.sensitivity)
    entries += _randomisation(measured)
    entries += _check(measured, lambda m: m.seeds, partial(checks.another_seed, chance=chance))
    entries += _check(
        measured, lambda m: m.estimators, partial(checks.another_estimator, chance=chance)
    )
    entries += _check(measured, lambda m: m.fills, partial(checks.another_fill, chance=chance))
    entries += [checks.template(template(maps, events), events)] if same and maps else []
    entries += [] if aim is None else [checks.points(aim)]
    return Audit(tuple(entries), _mean_curves(measured), tuple(measured))


def plain(value: Any) -> Any:
    """The same as JSON has it: None for what is not finite, lists for tuples."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _known(
    measured: Sequence[Measured], chosen: Callable[[Measured], M | None]
) -> tuple[list[M], list[str]]:
    """What is there of a measure, and the events of those records."""
    pairs = [(found, m.event) for m in measured if (found := chosen(m)) is not None]
    return [found for found, _ in pairs], [event for _, event in pairs]


def _check(
    measured: Sequence[Measured],
    chosen: Callable[[Measured], M | None],
    judge: Callable[[Sequence[M], Sequence[str]], Entry],
) -> list[Entry]:
    some, events = _known(measured, chosen)
    return [judge(some, events)] if some else []


def _fills(measured: Sequence[Measured]) -> list[str]:
    return list(dict.fromkeys(fill for m in measured for fill in m.curves))


def _deletion(measured: Sequence[Measured]) -> list[Entry]:
    sides = []
    for fill in _fills(measured):
        curves, events = _with_fill(measured, fill)
        sides.append(side(fill, curves, events))
    return [judge(sides) for judge in (deletion, random_maps, insertion)] if sides else []


def _with_fill(measured: Sequence[Measured], fill: str) -> tuple[list[Curves], list[str]]:
    return _known(measured, lambda m: m.curves.get(fill))


def _randomisation(measured: Sequence[Measured]) -> list[Entry]:
    trained, events = _known(measured, lambda m: m.randomised)
    unrelated, _ = _known(measured, lambda m: m.unrelated)
    return [checks.randomisation(trained, unrelated, events)] if trained else []


def _mean_correlation(found: Sequence[Likeness]) -> float | None:
    known = [x.correlation for x in found if x.correlation is not None]
    return sum(known) / len(known) if known else None


def _mean_curves(measured: Sequence[Measured]) -> dict[str, dict[str, list[float]]]:
    """For each fill the mean scores over records, and the range of random orders' means."""
    grid = torch.linspace(0, 1, GRID, dtype=torch.float64)
    found = {}
    for fill in _fills(measured):
        curves, _ = _with_fill(measured, fill)
        drawn = torch.stack([mean_at(same, grid) for same in _by_order(curves)])
        lines = {
            "fraction": grid,
            "most_first": mean_at([c.most_first for c in curves], grid),
            "least_first": mean_at([c.least_first for c in curves], grid),
            "insertion": mean_at([c.insertion for c in curves], grid),
            "random": drawn.mean(0),
            "random_low": drawn.amin(0),
            "random_high": drawn.amax(0),
        }
        found[fill] = {name: line.tolist() for name, line in lines.items()}
    return found


def _by_order(curves: Sequence[Curves]) -> list[list[Curve]]:
    """The curves of the first random order of all records, of the second …"""
    return [list(same) for same in zip(*(c.random for c in curves), strict=True)]
