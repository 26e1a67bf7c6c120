"""Where a run's numbers go: metrics.csv always; TensorBoard and W&B mirror it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from tremor.config.build import Plain
from tremor.files import told, write_whole

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


def tensorboard(folder: str) -> TensorBoardLogger:
    """Scalars and figures under `tensorboard/` of the run folder."""
    return TensorBoardLogger(folder, name="", version="tensorboard", default_hp_metric=False)


def wandb(
    folder: str,
    config: Plain,
    tags: list[str],
    project: str = "tremor",
    entity: str | None = None,
    name: str | None = None,
    group: str | None = None,
    offline: bool | None = None,
    log_model: bool = False,
) -> WandbLogger:
    """Weights & Biases; `offline: null` means offline unless the user is logged in."""
    away = not logged_in() if offline is None else offline
    label = name or "/".join(Path(folder).parts[-2:])
    return WandbLogger(
        name=label,
        save_dir=folder,
        offline=away,
        project=project,
        entity=entity,
        group=group,
        tags=tags,
        config=config,
        log_model=log_model and not away,
    )


def logged_in() -> bool:
    """Is there a W&B key for this user, in the environment or kept by `wandb login`?"""
    netrc = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    kept = netrc.is_file() and "wandb" in netrc.read_text()
    return kept or bool(os.environ.get("WANDB_API_KEY"))


def log_figures(loggers: list[Logger], figures: Mapping[str, Any], step: int) -> None:
    """Hand figures to the loggers that take pictures."""
    for logger in loggers:
        for name, figure in figures.items():
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_figure(name, figure, step, close=False)
            elif isinstance(logger, WandbLogger):
                import wandb as package

                logger.experiment.log({name: package.Image(figure)})


def log_summary(loggers: list[Logger], numbers: Mapping[str, float], step: int) -> None:
    """Final numbers to every mirror."""
    for logger in loggers:
        if not isinstance(logger, CSVLog):
            logger.log_metrics(dict(numbers), step)


def close(loggers: list[Logger], failed: bool) -> None:
    """End every logger with the run's true state."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.experiment.finish(exit_code=int(failed))
        else:
            logger.finalize("failed" if failed else "success")


def tags_of(config: Plain, choices: Mapping[str, str]) -> list[str]:
    """Tags to filter runs by, such as `num_classes_2`, `train_frac_0.7`, `model_lstm`."""
    dataset = config["dataset"]
    frac = dataset.get("train_frac")
    share = round(1 - dataset["val_ratio"] - dataset["test_ratio"], 6) if frac is None else frac
    facts = {"num_classes": dataset["num_classes"], "train_frac": share}
    parts = {group: choices[group] for group in ("dataset", "encoder", "model") if group in choices}
    return [f"{name}_{value}" for name, value in (facts | parts).items()]
