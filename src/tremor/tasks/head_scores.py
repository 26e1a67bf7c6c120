"""What validation says of several heads: losses, and scores that a constant does not flatter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassConfusionMatrix

from tremor.network.decoders.heads import Heads


class HeadScores(nn.Module):
    """Collected over the batches (and processes) of a validation; unknown labels (-1) are left out.

    Balanced accuracy is the mean recall of the classes that occur, macro F1 the mean over those
    that occur or are predicted. Not a number for a head of which no label is known.
    """

    def __init__(self, heads: Heads):
        super().__init__()
        self.heads = tuple(heads)
        counts = [MulticlassConfusionMatrix(len(c), ignore_index=-1) for c in heads.values()]
        self.confusions: Any = nn.ModuleList(counts)
        self.losses: Any = nn.ModuleList(MeanMetric() for _ in heads)

    def update(self, decided: Tensor, losses: Tensor, y: Tensor) -> None:
        """Classes decided for and labels, `(batch, head)` each; losses `(head,)`."""
        known = (y >= 0).sum(0)
        for place, said in enumerate(decided.unbind(1)):
            self.confusions[place].update(said, y[:, place])
            self.losses[place].update(losses[place], known[place])

    def taken(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses `(head,)` and the numbers to be logged by name; then all begins anew."""
        losses = torch.stack([metric.compute() for metric in self.losses])
        found: dict[str, Tensor] = {}
        for head, loss, matrix in zip(self.heads, losses, self.confusions, strict=True):
            found[f"{head}_loss"] = loss
            scores = scores_of(matrix.compute())
            found |= {f"{head}_{name}": value for name, value in scores.items()}
        for metric in (*self.losses, *self.confusions):
            metric.reset()
        mean = torch.stack([found[f"{head}_balanced_accuracy"] for head in self.heads]).nanmean()
        return losses, found | {"balanced_accuracy": mean}


def scores_of(matrix: Tensor) -> dict[str, Tensor]:
    """Balanced accuracy and macro F1 of counts `(true, predicted)`."""
    right, true, said = matrix.diagonal().float(), matrix.sum(1), matrix.sum(0)
    recall = (right / true)[true > 0]
    f1 = (2 * right / (true + said))[true + said > 0]
    return {"balanced_accuracy": recall.mean(), "macro_f1": f1.mean()}
