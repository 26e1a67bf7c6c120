"""Predict a part of the split, judge the predictions, draw and write them: for every door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from tremor.config.build import Plain, build
from tremor.data.audit import warning
from tremor.data.labels import Labelled, limits, visso
from tremor.doors.data import Data
from tremor.doors.processes import alone
from tremor.errors import TremorError
from tremor.evaluation.pretraining import collapse
from tremor.files import write_json, write_whole
from tremor.report import plots
from tremor.report.plots_sequence import timeline
from tremor.report.svg import save_png
from tremor.report.verdict_figures import figures_of
from tremor.tasks.base import Task
from tremor.training.callbacks import Progress


def predictions(task: Task, data: Data, split: str, config: Plain) -> pd.DataFrame:
    """Probabilities of every record of a part, in the order of the table."""
    settings = alone(config["trainer"])
    trainer: lightning.Trainer = build(settings, callbacks=[Progress()], logger=False)
    batches: Any = trainer.predict(task, data.module.loader(split))
    said = {name: torch.cat([b[name] for b in batches]).numpy() for name in batches[0]}
    index = said.pop("index")
    whole = [np.isfinite(values.reshape(len(index), -1)).all(1) for values in said.values()]
    lost = len(index) - int(np.logical_and.reduce(whole).sum())
    if lost:
        fault = f"the network gives no number for {lost} of {len(index)} records: it has diverged"
        raise TremorError(fault, split, "a smaller optimizer.lr, or trainer.gradient_clip_val=1.0")
    asked = ["record_id", "group", *dict.fromkeys(["label", *data.labelled.columns])]
    table: pd.DataFrame = data.records.table.iloc[index][asked].reset_index(drop=True)
    return pd.concat([table, *_columns(said, data.labelled)], axis=1)


def _columns(said: dict[str, Any], labelled: Labelled) -> Iterator[pd.DataFrame]:
    """Columns of what a task said of each record; a row of numbers has one for each class.

    Where several heads were asked, the classes are those of the head that the name ends with.
    """
    for name, values in said.items():
        classes = labelled.heads.get(name.partition("_")[2], labelled.classes)
        names = [name] if values.ndim == 1 else [f"{name}_{label}" for label in classes]
        yield pd.DataFrame(values, columns=names)


def judge_part(task: Task, data: Data, split: str, config: Plain, folder: Path) -> dict[str, Any]:
    """Judge a part; leaves predictions.csv, metrics.json and figures in `folder`."""
    said = predictions(task, data, split, config)
    table, parts = data.records.table.assign(seen=config["loader"]["keep"]), data.parts
    verdict: dict[str, Any] = build(config["evaluation"])(
        said,
        classes=data.labelled.classes,
        table=table[table["record_id"].isin(said["record_id"])],
        train_table=table[parts == "train"] if (parts == "train").any() else None,
        split=split,
        ordered=data.labelled.ordered,
    )
    verdict |= task.findings()
    if "codebook" in verdict:
        worry = collapse(verdict["codebook"])
        verdict["verdict"] = [worry, *verdict["verdict"]] if worry else verdict["verdict"]
    if leak := warning(data.audit):
        verdict["verdict"] = [leak, *verdict["verdict"]]
    write_whole(folder / "predictions.csv", said.to_csv(index=False))
    write_json(folder / "metrics.json", verdict)
    for name, figure in figures_of(verdict).items():
        save_png(figure, folder / f"{name}.png")
    return verdict


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
