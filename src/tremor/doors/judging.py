"""Predict a part of the split, judge the predictions, draw and write them: for every door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from tremor.config.build import Plain, build
from tremor.data.files import write_json, write_whole
from tremor.doors.data import Data
from tremor.errors import TremorError
from tremor.report import plots
from tremor.report.svg import save_png
from tremor.tasks.classification import Classification
from tremor.training.callbacks import Progress


def predictions(task: Classification, data: Data, split: str, config: Plain) -> pd.DataFrame:
    """Probabilities of every record of a part, in the order of the table."""
    settings = config["trainer"] | {"enable_checkpointing": False}
    trainer: lightning.Trainer = build(settings, callbacks=[Progress()], logger=False)
    batches = trainer.predict(task, data.module.loader(split))
    index = torch.cat([rows for rows, _ in batches or []]).numpy()
    chances = torch.cat([p for _, p in batches or []]).numpy()
    lost = int((~np.isfinite(chances)).any(axis=1).sum())
    if lost:
        fault = f"the network gives no number for {lost} of {len(index)} records: it has diverged"
        raise TremorError(fault, split, "a smaller optimizer.lr, or trainer.gradient_clip_val=1.0")
    table = data.records.table.iloc[index][["record_id", "group", "label"]].reset_index(drop=True)
    table["predicted"] = chances.argmax(axis=1)
    for column, name in enumerate(data.records.classes):
        table[f"p_{name}"] = chances[:, column]
    return table


def judge_part(
    task: Classification, data: Data, split: str, config: Plain, folder: Path
) -> dict[str, Any]:
    """Judge a part; leaves predictions.csv, metrics.json and figures in `folder`."""
    said = predictions(task, data, split, config)
    table, parts = data.records.table, data.parts
    verdict: dict[str, Any] = build(config["evaluation"])(
        said,
        classes=data.records.classes,
        table=table[table["record_id"].isin(said["record_id"])],
        train_table=table[parts == "train"],
        split=split,
    )
    write_whole(folder / "predictions.csv", said.to_csv(index=False))
    write_json(folder / "metrics.json", verdict)
    for name, figure in verdict_figures(verdict).items():
        save_png(figure, folder / f"{name}.png")
    return verdict


def verdict_figures(verdict: dict[str, Any]) -> dict[str, Figure]:
    """The figures of a verdict by file name."""
    return {
        "confusion": plots.confusion(verdict["confusion"], verdict["classes"]),
        "per_class": plots.per_class(verdict),
    }


def fan_figure(data: Data, config: Plain) -> Figure:
    """The fan charts of all records, aligned on P where it is known: what the classes look like."""
    table, rate = data.records.table, data.records.sampling_rate
    p_time = table["p_time_s"] if "p_time_s" in table else pd.Series(0.0, table.index)
    fan = build(config["report"]["fan"])(
        data.records.view(data.module.length),
        table["label"].to_numpy(),
        data.records.classes,
        rate,
        channels=data.records.channels,
        lengths=data.records.lengths.clip(max=data.module.length),
        align=((p_time.median() - p_time) * rate).round().to_numpy(np.int64),
    )
    return plots.fan_chart(fan)
