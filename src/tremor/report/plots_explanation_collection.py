"""Figures straight from a collection of explanations: its mean maps, and each of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tremor.explain import units
from tremor.explain.compared import stations_of
from tremor.explain.explanation import Axis
from tremor.explain.explanations import Explanations
from tremor.report.plots_explanation import (
    MeanMap,
    one_station_classes,
    stations_classes,
)
from tremor.report.plots_explanation_record import Record, record_spectrogram, record_waveform
from tremor.report.plots_explanation_scale import Floats
from tremor.report.plots_explanation_sheet import About, score

ALONE = Axis("", ("",))
"""The rows of a map that has time alone."""


def about(found: Explanations, caption: str = "") -> About:
    """What figures say of a collection; `caption` is what its audit says."""
    meta = found.meta
    return About(
        method=str(meta.get("explainer") or meta["method"]),
        score=score(str(meta.get("target", "predicted"))),
        fill=_named(meta.get("fill")),
        evaluations=float(found.table["evaluations"].median()),
        resolution=found.resolution(),
        units={axis.name: axis.unit for axis in found.axes},
        failed=caption,
    )


def mean_maps(found: Explanations) -> list[MeanMap]:
    """The mean of each station and class that has records; without stations, of each class."""
    table = found.table.reset_index(drop=True)
    stations = stations_of(found, otherwise="all records")
    made = []
    for key, rows in table.groupby([stations, table["label"]]).indices.items():
        (station, label), chosen = np.asarray(key, dtype=object), table.iloc[rows]
        made.append(
            MeanMap(
                values=found.values[rows].mean(axis=0, dtype=np.float64),
                station=str(station),
                label=_class(found, label),
                records=len(rows),
                events=int(chosen["group"].nunique()) if "group" in chosen else len(rows),
                p_time=_arrival(found, chosen.get("p_time_s")),
            )
        )
    return made


def overview(found: Explanations, caption: str = "") -> Figure:
    """The mean map of each class, at each station where there are many."""
    found = _with_rows(found)
    maps = mean_maps(found)
    if len({one.station for one in maps}) > 1:
        return stations_classes(maps, found.axes, about(found, caption), found.classes)
    return one_station_classes(maps, found.axes, about(found, caption))


def single(
    found: Explanations,
    row: int,
    caption: str = "",
    waveform: Floats | None = None,
    seconds: Floats | None = None,
) -> Figure:
    """One record of a collection; a spectrogram can have its `waveform (component, sample)` above.

    The resolution and the evaluations are those of this record.
    """
    found = _with_rows(found)
    told, axes = found.table.iloc[row], found.axes
    record = Record(
        name=str(told.get("record_id", row)),
        label=_class(found, told.get("label")),
        predicted=_class(found, told.get("predicted")),
        logit=float(told["output"]),
        values=found.values[row],
        inputs=found.inputs[row],
        errors=None if found.errors is None else found.errors[row],
        leaf=found.leaf[row],
        waveform=waveform,
        seconds=seconds,
        p_time=_arrival(found, pd.Series([told.get("p_time_s")])),
        score="difference of logits" if "contrast" in str(found.meta.get("target")) else "logit",
    )
    said = [caption, str(told.get("note") or "")]
    mine = replace(
        about(found, " ".join(part for part in said if part)),
        resolution=found.one(row).resolution(),
        evaluations=float(told["evaluations"]),
    )
    if len(axes) == 2 and isinstance(axes[0].values[0], str):
        return record_waveform(record, axes, mine)
    return record_spectrogram(record, axes, mine)


def _with_rows(found: Explanations) -> Explanations:
    """The same with one row of cells where there was time alone."""
    if len(found.axes) > 1:
        return found
    return replace(
        found,
        values=found.values[:, None],
        errors=None if found.errors is None else found.errors[:, None],
        leaf=found.leaf[:, None],
        inputs=found.inputs[:, None],
        axes=(ALONE, *found.axes),
    )


def _class(found: Explanations, label: Any) -> str:
    """The name of a class by its number."""
    if pd.isna(label) or not 0 <= int(label) < len(found.classes):
        return "unknown"
    return found.classes[int(label)]


def _arrival(found: Explanations, times: pd.Series[Any] | None) -> float | None:
    """The median P arrival in the unit of time, where the maps run in time."""
    unit, middle = found.axes[-1].unit, _middle(times)
    if middle is None or units.base(unit) != "s":
        return None
    return float(units.converted(middle, unit))


def _middle(times: pd.Series[Any] | None) -> float | None:
    """The median of the times that are known."""
    numbers = pd.to_numeric(pd.Series([]) if times is None else times, errors="coerce").dropna()
    return float(numbers.median()) if len(numbers) else None


def _named(fill: Any) -> str:
    """A fill by its name, or by the class that its node of config builds."""
    if isinstance(fill, Mapping):
        return str(fill.get("name") or str(fill.get("_target_", "")).rpartition(".")[2])
    return "" if fill is None else str(fill)
