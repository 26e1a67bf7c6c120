"""Predict a part of the split, judge the predictions, draw and write them: for every door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tremor.config.build import Plain, build
from tremor.data.audit import warning
from tremor.data.labels import limits, visso
from tremor.doors.data import Data
from tremor.doors.featured import heard
from tremor.doors.sharing import ALL, Share
from tremor.evaluation.columns import with_fitted
from tremor.evaluation.pretraining import collapse
from tremor.files import digest, safe, write_json, write_whole
from tremor.report import plots
from tremor.report.mistakes import write_mistakes
from tremor.report.papers import write_papers
from tremor.report.plots_sequence import timeline
from tremor.report.svg import save_png
from tremor.report.verdict_figures import figures_of
from tremor.tasks.base import Task

NAMED = 50
"""Records set aside that a verdict names."""


def judge_part(
    task: Task, data: Data, split: str, config: Plain, folder: Path, share: Share = ALL
) -> dict[str, Any]:
    """Judge a part; leaves predictions.csv, metrics.json and figures in `folder`.

    For the test part validation is predicted too: temperature, prediction sets and what is usual
    are fitted there.
    Of several processes the first one judges; the verdict of the others is empty.
    """
    found = heard(task, data, split, config, share)
    said, taught = found.said, found.taught
    counted = share.gathered(task.counted())
    if not share.first:
        return {}
    task.recount(counted)
    names = pd.concat([said["record_id"], *([] if taught is None else [taught["record_id"]])])
    table, parts = data.records.table.assign(seen=config["loader"]["keep"]), data.parts
    verdict: dict[str, Any] = build(config["evaluation"])(
        said,
        classes=data.labelled.classes,
        table=table[table["record_id"].isin(names)],
        train_table=table[parts == "train"] if (parts == "train").any() else None,
        validation=taught,
        split=split,
        ordered=data.labelled.ordered,
        features=found.features,
    )
    verdict |= task.findings()
    if "codebook" in verdict:
        worry = collapse(verdict["codebook"])
        verdict["verdict"] = [worry, *verdict["verdict"]] if worry else verdict["verdict"]
    if leak := warning(data.audit):
        verdict["verdict"] = [leak, *verdict["verdict"]]
    text = with_fitted(said, verdict).to_csv(index=False)
    write_whole(folder / "predictions.csv", text)
    verdict["predictions"] = digest(text)
    if taught is not None:
        write_whole(folder / "validation.csv", taught.to_csv(index=False))
    verdict["set_aside"] = _set_aside(data)
    write_json(folder / "metrics.json", verdict)
    write_mistakes(folder, verdict)
    for name, figure in figures_of(verdict).items():
        save_png(figure, folder / f"{safe(name)}.png")
    write_papers(folder)
    return verdict


def _set_aside(data: Data) -> Plain:
    """The records that the source could not use: how many, why, and the first of them by name."""
    found = data.records.meta["set_aside"]
    reasons = pd.Series([one["reason"].partition(" to ")[0] for one in found], dtype=str)
    names = [one["record_id"] for one in found[:NAMED]]
    counts = {str(why): int(count) for why, count in reasons.value_counts().items()}
    return {"count": len(found), "reasons": counts, "records": names}


def fan_figure(data: Data, config: Plain) -> Figure:
    """The fan charts of all records, aligned on P where it is known: what the classes look like."""
    table, rate = data.records.table, data.records.sampling_rate
    p_time = table["p_time_s"] if "p_time_s" in table else pd.Series(0.0, table.index)
    later = ((p_time.median() - p_time) * rate).round().fillna(0)
    fan = build(config["report"]["fan"])(
        data.records.view(data.module.length),
        table["label"].to_numpy(),
        data.labelled.strata,
        rate,
        channels=data.records.channels,
        lengths=data.records.lengths.clip(max=data.module.length),
        align=later.to_numpy(np.int64),
    )
    return plots.fan_chart(fan)


def timeline_figure(data: Data, config: Plain) -> Figure:
    """All events in time, and which class each belongs to."""
    table = data.labelled.table
    main_shock: str = config["dataset"]["main_shock"]
    return timeline(
        table["start_time"],
        table.dropna(axis=1, how="all").get("magnitude"),
        table["label"],
        data.labelled.classes,
        [*limits(data.labelled), *visso(data.labelled)],
        main_shock,
    )
