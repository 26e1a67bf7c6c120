"""Losses of classes that exclude each other, and of some that do not; of heads, weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from tremor.errors import Refused


def focal_cross_entropy(
    logits: Tensor, target: Tensor, weighed: Tensor | None = None, gamma: float = 0.0
) -> Tensor:
    """Focal cross-entropy with shares as targets: `logits` and `target` are `(batch, class)`.

    The loss that each class would have as a hard label, `(1 - p)^gamma (-log p)`, in proportion to
    its share, so that mixed labels are mixed losses. `weighed` are the same shares times the
    weights of their records, all 1 if not given. Divided by the sum of the shares as they were:
    rows of zeros (unknown labels) take no part; 0 where there is nothing else.
    """
    chance = logits.float().log_softmax(-1)
    each = -(target if weighed is None else weighed) * chance
    if gamma:
        away = -torch.expm1(chance)
        each = each * away.clamp(min=torch.finfo(away.dtype).eps) ** gamma
    return each.sum() / target.sum().clamp(min=torch.finfo(target.dtype).eps)


def focal_binary_cross_entropy(
    logits: Tensor,
    y: Tensor,
    positive: Tensor | None = None,
    gamma: float = 0.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Focal cross-entropy of yes or no for each class, the mean over all that is known.

    `logits` and `y` are `(batch, class)`, labels 1, 0 and -1 (unknown: no part); 0 where nothing
    is known. `positive (class,)` are weights of the labels 1; `smoothing` is the share of each
    label that is spread over both answers.
    """
    known = y >= 0
    share = y.clamp(min=0) * (1 - smoothing) + smoothing / 2
    logits = logits.float()
    yes, no = -logsigmoid(logits), -logsigmoid(-logits)
    if gamma:
        least = torch.finfo(logits.dtype).eps
        yes = yes * logits.neg().sigmoid().clamp(min=least) ** gamma
        no = no * logits.sigmoid().clamp(min=least) ** gamma
    weighed = share if positive is None else share * positive
    each = (weighed * yes + (1 - share) * no) * known
    return each.sum() / known.sum().clamp(min=1)


class Weighing(nn.Module):
    """Losses of the heads `(head,)` to one: their sum, each times its weight.

    With `uncertainty` the network learns to weigh them as well (Kendall et al. 2018): a head's loss
    L counts as `exp(-s) L + s / 2`, lowest where the log-variance s is log 2L.
    """

    def __init__(self, heads: Sequence[str], weights: Mapping[str, float], uncertainty: bool):
        super().__init__()
        for head, weight in weights.items():
            if head not in heads or weight < 0:
                fault = f"task.weights gives {head} {weight}; the heads are {', '.join(heads)}"
                raise Refused(fault, "task.weights", f"task.weights={{{heads[0]}:1.0}}")
        self.weights: Tensor
        each = torch.tensor([weights.get(head, 1.0) for head in heads])
        if not each.any():
            remedy = f"task.weights={{{heads[0]}:1.0}}"
            raise Refused("task.weights are all 0: nothing is learned", "task.weights", remedy)
        self.register_buffer("weights", each, persistent=False)
        self.log_variance = nn.Parameter(torch.zeros(len(heads))) if uncertainty else None

    def forward(self, losses: Tensor, known: Tensor) -> Tensor:
        """The loss of a batch; `known (head,)` is true where any record knows the answer."""
        if self.log_variance is not None:
            losses = (-self.log_variance).exp() * losses + self.log_variance / 2
        return (self.weights * losses * known).sum()
