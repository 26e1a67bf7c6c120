"""Predictions with the features that they are made from, and how far these are from training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.config.build import Plain
from tremor.config.rules_task import told
from tremor.doors.answers import answered, predictions, table_of
from tremor.doors.data import Data
from tremor.doors.sharing import ALL, Share
from tremor.evaluation.unusual import DISTANCE, DRAWN, Usual
from tremor.tasks.base import Task
from tremor.tasks.watched import Watched

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Asking:
    """A network that is asked about records, with the features that it answers from."""

    task: Task
    data: Data
    config: Plain
    share: Share = ALL

    def about(self, rows: NDArray[np.int64], of: str) -> tuple[pd.DataFrame, Values | None]:
        """What is said of records by their rows, which ascend, and features if there are any."""
        loader = self.data.module.loader_of(rows, self.share.rank, self.share.world)
        said = answered(Watched(self.task), loader, self.config, of, self.share)
        features = said.pop("features", None)
        wide = None if features is None else features.astype(np.float64)
        return table_of(self.data, said), wide

    def usual(self, most: int) -> Usual | None:
        """What `most` training records, drawn at random, look like to the network."""
        train = self.data.module.part("train").positions
        if not len(train):
            return None
        dealt = np.random.default_rng(self.config["seed"]).permutation(train)
        _, features = self.about(np.sort(dealt[: min(most, DRAWN)]), "train")
        return None if features is None else Usual.of(features)

    def part(self, name: str) -> NDArray[np.int64]:
        """The rows of a part of the split."""
        return self.data.module.part(name).positions


@dataclass(frozen=True)
class Heard:
    """Predictions of a part, those of validation where they can teach about it, and features."""

    said: pd.DataFrame
    taught: pd.DataFrame | None = None
    features: Values | None = None


def heard(task: Task, data: Data, split: str, config: Plain, share: Share = ALL) -> Heard:
    """What the network says of a part, and where that is the test part of validation too.

    There both have a column `distance`, where the network has features: from those of training.
    """
    if told(config["task"]) == "none":
        return Heard(predictions(task, data, split, config, share))
    asking = Asking(task, data, config, share)
    said, features = asking.about(asking.part(split), split)
    if split != "test" or not len(asking.part("val")):
        return Heard(said, features=features)
    taught, theirs = asking.about(asking.part("val"), "val")
    usual = None if features is None else asking.usual(len(said))
    if features is None or theirs is None or usual is None:
        return Heard(said, taught, features)
    return Heard(_far(said, features, usual), _far(taught, theirs, usual), features)


def _far(said: pd.DataFrame, features: Values, usual: Usual) -> pd.DataFrame:
    """Predictions with how far each record is from those of training."""
    return said.assign(**{DISTANCE: usual.distance(features)})
