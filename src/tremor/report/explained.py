"""Every figure of a collection of explanations, by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tremor.explain import units
from tremor.explain.audit.audit import Audit
from tremor.explain.compared import EVERYWHERE, Difference
from tremor.explain.explanation import Axis
from tremor.explain.explanations import Explanations
from tremor.explain.groups.bands import marginal, mean_map
from tremor.explain.groups.pointing import Aim, Pointing
from tremor.report import plots_explanation as maps
from tremor.report import plots_explanation_trust as trust
from tremor.report.plots_explanation_collection import about, mean_maps, single
from tremor.report.plots_explanation_marginals import Band, Marginal, marginals
from tremor.report.plots_explanation_sheet import About

EXAMPLES = 4  # single records that are drawn
MOST_STATIONS = 12  # that get a figure of their own
Waveform = Callable[[str], tuple[NDArray[Any], NDArray[Any]]]  # (component, sample), seconds


def figures(
    found: Explanations,
    differences: Sequence[Difference],
    audit: Audit | None,
    aim: Pointing | None,
    caption: str,
    waveform: Waveform | None = None,
) -> Iterator[tuple[str, str, Figure]]:
    """Name, caption and figure, the most telling first; drawn one at a time.

    `caption` is what the audit, this one or an earlier one, has figures say.
    """
    said = about(found, caption)
    yield from mean_figures(found, differences, caption)
    if audit is not None:
        curves = trust.curves_of(audit.curves)
        yield "deletion_insertion", "", trust.deletion_insertion(curves, said)
    if aim is not None:
        rows = [_score("signed", aim.signed), _score("without sign", aim.absolute)]
        yield "pointing", "", trust.pointing(rows, said)
    for number, row in enumerate(examples(found), 1):
        seen = waveform(str(found.table["record_id"].iloc[row])) if waveform else (None, None)
        yield f"record_{number}", _told(found, row), single(found, row, caption, *seen)


def mean_figures(
    found: Explanations, differences: Sequence[Difference], caption: str = ""
) -> Iterator[tuple[str, str, Figure]]:
    """Mean maps of classes, everywhere and by station, with tested differences; marginals."""
    said = about(found, caption)
    yield from _means(found, differences, said)
    yield "marginals", "", marginals(list(_marginals(found)), said)


def _means(
    found: Explanations, differences: Sequence[Difference], said: About
) -> Iterator[tuple[str, str, Figure]]:
    """Everywhere, station by class, and each station with its difference."""
    every, axes = mean_maps(found), found.axes
    names = list(dict.fromkeys(one.station for one in every))
    if len(names) < 2:
        yield _one_place("class_means", every, axes, said, differences)
        return
    lone = replace(found, table=found.table.drop(columns="station"))
    yield _one_place("class_means", mean_maps(lone), axes, said, _at(EVERYWHERE, differences))
    yield "stations_classes", "", maps.stations_classes(every, axes, said, found.classes)
    for label in dict.fromkeys(one.label for one in every):
        these = [one for one in every if one.label == label]
        yield (
            f"stations_{label}",
            f"Mean attribution of {label} at each station.",
            (maps.stations_one_class(these, axes, said)),
        )
    for name in names[:MOST_STATIONS]:
        there = [one for one in every if one.station == name]
        yield _one_place(f"station_{name}", there, axes, said, _at(name, differences))


def _at(station: str, differences: Sequence[Difference]) -> list[Difference]:
    return [one for one in differences if one.station == station]


def _one_place(
    title: str,
    there: Sequence[maps.MeanMap],
    axes: Sequence[Axis],
    said: About,
    differences: Sequence[Difference],
) -> tuple[str, str, Figure]:
    """The classes of one place beside each other, with their difference where there are two."""
    tested = [one for one in differences if one.found is not None]
    drawn = _difference(tested[0], there) if len(tested) == 1 else None
    words = f"Mean attribution of each class, {there[0].station}"
    words += ", and their difference with what is significant outlined." if drawn else "."
    return title, words, maps.one_station_classes(there, axes, said, drawn)


def _difference(tested: Difference, there: Sequence[maps.MeanMap]) -> maps.MeanMap | None:
    """The tested difference as a map among those of the classes."""
    found = tested.found
    if found is None or len(there) != 2:
        return None
    low, high = there
    return maps.MeanMap(
        values=found.difference[None] if low.values.ndim > 2 else found.difference,
        station=low.station,
        label=f"{high.label} − {low.label}",
        records=sum(found.records),
        events=sum(found.events),
        significant=found.significant,
        p_time=low.p_time,
    )


def _marginals(found: Explanations) -> Iterator[Marginal]:
    """The class means along frequency and time, with bands over events."""
    table = found.table.reset_index(drop=True)
    for axis in found.axes:
        if axis.unit not in units.BASE:
            continue
        along = marginal(found.values, found.axes, axis.name)
        bands = []
        for label, rows in table.groupby("label").indices.items():
            mean = mean_map(along[rows], table["group"].to_numpy()[rows])
            name = found.classes[int(str(label))]
            told = mean.mean, mean.low, mean.high, mean.records, mean.events
            bands.append(Band(name, *told))
        arrival = pd.to_numeric(table.get("p_time_s", pd.Series(dtype=float))).median()
        known = units.base(axis.unit) == "s" and np.isfinite(arrival)
        yield Marginal(axis, bands, float(units.converted(arrival, axis.unit)) if known else None)


def _score(name: str, aim: Aim) -> trust.Pointing:
    value, null = aim.score, aim.rolled
    return trust.Pointing(name, value.value, value.low, value.high, null.value, null.low, null.high)


def examples(found: Explanations, many: int = EXAMPLES) -> list[int]:
    """Records to look at: the surest decision of each class, then the least sure ones."""
    table = found.table.reset_index(drop=True)
    if len(table) <= many:
        return list(range(len(table)))
    size = table["output"].abs()
    sure = size.groupby(table["label"]).idxmax().tolist()[: many // 2]
    right = table["predicted"] == table["label"]
    order = table.assign(right=right, size=size).sort_values(["right", "size"]).index
    return [*sure, *[row for row in order if row not in sure][: many - len(sure)]]


def _told(found: Explanations, row: int) -> str:
    """A record in a few words."""
    told: Mapping[Any, Any] = found.table.iloc[row].to_dict()
    label, predicted = (found.classes[int(told[key])] for key in ("label", "predicted"))
    verdict = "rightly" if label == predicted else f"wrongly (it is {label})"
    return f"Record {told['record_id']}, {verdict} taken for {predicted}."
