"""What validation says of classes that a record may have at once: areas, F1, and the loss."""

from __future__ import annotations

import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from tremor.tasks.losses import focal_binary_cross_entropy


class Seen(Metric):
    """Logits and labels `(record, class)` of a validation: of all its batches and processes."""

    full_state_update = False
    logits: list[Tensor]
    y: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("logits", default=[], dist_reduce_fx="cat")
        self.add_state("y", default=[], dist_reduce_fx="cat")

    def update(self, logits: Tensor, y: Tensor) -> None:
        self.logits.append(logits.detach().float())
        self.y.append(y)

    def compute(self) -> tuple[Tensor, Tensor]:
        return dim_zero_cat(self.logits), dim_zero_cat(self.y)


def scores_of(logits: Tensor, predicted: Tensor, y: Tensor) -> dict[str, float]:
    """Loss, and means over classes of the area under the ROC and of F1, for `(record, class)`.

    Labels -1 are unknown. A class without a record that has it takes no part in the means, nor,
    for the area, one without a record that has it not; not a number where no class is left.
    """
    areas, f1 = [], []
    for own, said, label in zip(logits.T, predicted.T, y.T, strict=True):
        known = label >= 0
        values, answers, labels = own[known], said[known], label[known]
        if not bool((labels == 1).any()) or not bool(values.isfinite().all()):
            continue
        f1.append(float(f1_score(labels, answers)))
        if bool((labels == 0).any()):
            areas.append(float(roc_auc_score(labels, values)))
    loss = float(focal_binary_cross_entropy(logits, y))
    return {"loss": loss, "macro_auroc": _mean(areas), "macro_f1": _mean(f1)}


def _mean(values: list[float]) -> float:
    return float(torch.tensor(values, dtype=torch.float64).mean())
