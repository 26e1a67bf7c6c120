"""Where a run's numbers go: metrics.csv always; TensorBoard and W&B mirror it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from tremor.config.build import Plain
from tremor.files import told, write_whole
from tremor.training.mirrors import About, Mirror
from tremor.training.tensorboard_mirror import TensorBoardMirror
from tremor.training.wandb_mirror import WandbMirror, mode

Row = dict[str, str]


class CSVLog(Logger):
    """metrics.csv in the run folder: one row for each time that numbers are logged.

    Rows are appended; a new column rewrites the file whole. After a resume, rows that the resumed
    run computes again are dropped first.
    """

    def __init__(self, folder: str):
        super().__init__()
        self.path = Path(folder) / "metrics.csv"
        self._columns: list[str] = ["step", "epoch"]
        self._begun = False

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: config.yaml in the run folder says it."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        row = {name: repr(float(value)) for name, value in metrics.items()}
        row["step"] = str(step)
        if "epoch" in row:
            row["epoch"] = str(int(float(row["epoch"])))
        if not self._begun or any(name not in self._columns for name in row):
            self._rewrite(
                [r for r in self.rows() if self._begun or int(r["step"]) < int(step or 0)], row
            )
        else:
            with told(self.path), self.path.open("a", newline="") as file:
                csv.DictWriter(file, self._columns).writerow(row)

    def rows(self) -> list[Row]:
        """What the file holds now."""
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))

    def _rewrite(self, kept: list[Row], row: Row) -> None:
        self._begun = True
        names = [name for r in [*kept, row] for name in r]
        self._columns = list(dict.fromkeys([*self._columns, *names]))
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows([*kept, row])
        write_whole(self.path, text.getvalue())


def csv_log(folder: str) -> CSVLog:
    """The record of truth."""
    return CSVLog(folder)


def tensorboard(about: About) -> TensorBoardMirror:
    """Scalars, figures and hyperparameters under `tensorboard/` of the run folder."""
    return TensorBoardMirror(about)


def wandb(
    about: About,
    project: str = "tremor",
    entity: str | None = None,
    name: str | None = None,
    group: str | None = None,
    tags: list[str] | None = None,
    offline: bool | None = None,
    log_model: bool = False,
    patience: float = 600.0,
) -> WandbMirror:
    """Weights & Biases; `offline: null` means offline unless the user is logged in."""
    asked: Plain = {"project": project, "entity": entity, "name": name, "group": group}
    asked |= {"tags": [*tags_of(about.config, about.choices), *(tags or [])]}
    asked |= {"mode": mode(offline)}
    return WandbMirror(about, asked, log_model=log_model, patience=patience)


def close(loggers: list[Logger], code: int) -> None:
    """End every logger in the run's true state: its exit code."""
    for logger in loggers:
        if isinstance(logger, Mirror):
            logger.end(code)
        else:
            logger.finalize("failed" if code else "success")


def tags_of(config: Plain, choices: Mapping[str, str]) -> list[str]:
    """Tags to filter runs by, such as `num_classes_2`, `train_frac_0.7`, `model_lstm`."""
    dataset = config["dataset"]
    frac = dataset.get("train_frac")
    share = round(1 - dataset["val_ratio"] - dataset["test_ratio"], 6) if frac is None else frac
    facts = {"num_classes": dataset["num_classes"], "train_frac": share}
    parts = {group: choices[group] for group in ("dataset", "encoder", "model") if group in choices}
    return [f"{name}_{value}" for name, value in (facts | parts).items()]
