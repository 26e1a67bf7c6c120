"""Precursor or quiet: what is found, against how many false alarms in a month at a station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tremor.evaluation import chance
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import Asked, Mask, against, by_group
from tremor.evaluation.metrics import Floats
from tremor.evaluation.scoring import Plain, Scorer

MONTH = 730.5  # hours
POINTS = 50
WITHOUT_HOURS = "quiet window"


@dataclass(frozen=True)
class Quiet:
    """The judged quiet windows: how many, their hours (unknown: `None`), at how many stations."""

    windows: int
    hours: float | None
    stations: int | None

    @classmethod
    def of(cls, count: int, rows: pd.DataFrame | None) -> Quiet:
        """From the rows of the quiet windows in the table, if there is one."""
        if rows is None:
            return cls(count, None, None)
        stations = int(rows["station"].nunique()) if "station" in rows else None
        hours = rows["hours"].to_numpy(np.float64) if "hours" in rows else np.full(count, np.nan)
        return cls(count, float(hours.sum()) if np.isfinite(hours).all() else None, stations)

    @property
    def each(self) -> float:
        """Quiet windows in a station-month: by this, a share of windows is false alarms a month."""
        return self.windows * MONTH / self.hours if self.hours else 1.0

    def said(self) -> Plain:
        """As the verdict has it."""
        facts = {"windows": self.windows, "hours": self.hours, "stations": self.stations}
        return facts | {"unit": "station-month" if self.hours else WITHOUT_HOURS}


def detection(
    judged: Judged, classes: Sequence[str], rows: pd.DataFrame | None, asked: Asked
) -> Plain | None:
    """Precursors found and false alarms; `None` unless there are both precursors and quiet windows.

    `judged` is the first head, whose class 0 is the background; `rows` are its records in the
    table, whose column `hours` is how long each window is. A false alarm is a quiet window that
    is called a precursor; a station-month is 730.5 hours of judged quiet windows, of whatever
    stations, and without `hours` false alarms are counted per quiet window instead. Keys, where a
    score is `{value, lo, hi, chance, p}`::

        background: str           name of class 0
        precursors, quiet: {records, groups}
        exposure: {windows, hours, stations, unit}  unit: station-month, or quiet window
        rate: score               share of precursors found, as the head answers (likeliest class)
        false_alarms: score       per exposure["unit"], as the head answers; less is better
        auroc: score              of 1 - p(background)
        curve: [{threshold, rate: {value, lo, hi}, false_alarms: {value, lo, hi}}]
                                  an alarm where 1 - p(background) >= threshold; thresholds rise

    Chance and p: labels permuted between groups; that of the rate is what as many alarms would
    find at random.
    """
    true = judged.labels > 0
    if true.all() or not true.any():
        return None
    alarm = Alarm.of(judged, asked)
    quiet = Quiet.of(int((~true).sum()), None if rows is None else rows[~true])
    found: Plain = {"background": classes[0], "exposure": quiet.said()}
    for name, keep in (("precursors", true), ("quiet", ~true)):
        counts = {"records": int(keep.sum()), "groups": alarm.groups(keep)}
        found[name] = counts
    found |= _own(alarm, quiet.each, asked)
    return found | {"auroc": _area(alarm, asked), "curve": curve(alarm, quiet.each)}


@dataclass(frozen=True)
class Alarm:
    """Records as precursor (1) or quiet (0), with the draws of their groups."""

    binary: Judged
    scorer: Scorer

    @classmethod
    def of(cls, judged: Judged, asked: Asked) -> Alarm:
        """What a head says of precursor or quiet, whatever the class of precursor."""
        quiet = judged.chances[:, 0]
        binary = Judged(
            (judged.labels > 0).astype(np.int64),
            (judged.predicted > 0).astype(np.int64),
            np.stack([quiet, 1 - quiet], 1),
            judged.rows,
            judged.names,
        )
        return cls(binary, asked.scorer(binary, background=0))

    def groups(self, keep: Mask) -> int:
        """How many groups some records are of."""
        return len(np.unique(self.binary.rows[keep]))

    def share(self, keep: Mask, alarms: Mask) -> list[Plain]:
        """The share of alarms `(record, threshold)` among some records, with intervals."""
        above = by_group(self.binary, (alarms & keep[:, None]).astype(float))
        count = by_group(self.binary, keep.astype(float))
        below = self.scorer.counts @ count
        drawn = np.full((len(below), alarms.shape[1]), np.nan)
        known = (below > 0)[:, None]
        np.divide(self.scorer.counts @ above, below[:, None], out=drawn, where=known)
        whole, groups = above.sum(0) / count.sum(), self.groups(keep)
        return [
            self.scorer.share(float(value), drawn[:, t], groups) for t, value in enumerate(whole)
        ]


def _own(alarm: Alarm, each: float, asked: Asked) -> Plain:
    """`rate` and `false_alarms` of the head's own answers."""
    true, said = alarm.binary.labels > 0, alarm.binary.predicted > 0
    dealt = asked.permuted(alarm.binary) > 0
    found = _mean(dealt, said), _mean(~dealt, said)
    rate, false = (alarm.share(keep, said[:, None])[0] for keep in (true, ~true))
    value = false["value"]
    return {
        "rate": rate | against(rate["value"], found[0]),
        "false_alarms": _times(false, each) | against(value * each, found[1] * each, smaller=True),
    }


def _mean(rows: Mask, said: Mask) -> Floats:
    """Share of alarms among the records that each row names: `(permutation,)`."""
    return np.asarray((rows & said).sum(1) / rows.sum(1))


def _times(score: Plain, factor: float) -> Plain:
    """A share with its interval in another unit."""
    return {key: None if value is None else value * factor for key, value in score.items()}


def _area(alarm: Alarm, asked: Asked) -> Plain:
    value, drawn = alarm.scorer.areas()
    null = chance.null(alarm.binary, asked.permutations, asked.seed)["auroc"]
    return alarm.scorer.metric("auroc", value, drawn) | against(value, null, 0.5)


def curve(alarm: Alarm, each: float) -> list[Plain]:
    """Rate and false alarms at thresholds that are quantiles of the scores."""
    score, true = alarm.binary.chances[:, 1], alarm.binary.labels > 0
    thresholds = np.unique(np.quantile(score, np.linspace(0, 1, POINTS), method="nearest"))
    alarms = score[:, None] >= thresholds
    pairs = zip(thresholds, alarm.share(true, alarms), alarm.share(~true, alarms), strict=True)
    return [
        {"threshold": float(t), "rate": rate, "false_alarms": _times(false, each)}
        for t, rate, false in pairs
    ]
