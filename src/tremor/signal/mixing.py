"""Records mixed with each other while training: MixUp and CutMix of whole batches.

Randomness is torch's own, which the run seeds anew at each epoch, so that a resumed run repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Beta

from tremor.errors import Refused


@dataclass(frozen=True)
class Mixed:
    """A batch after mixing: `weight (batch,)` of each record is its own, the rest its partner's."""

    x: Tensor
    partner: Tensor
    weight: Tensor

    def of(self, labels: Tensor) -> Tensor:
        """Labels `(batch, class)` as shares, mixed as the records were."""
        own = self.weight[:, None].to(labels.dtype)
        return own * labels + (1 - own) * labels[self.partner]


class Mixing(nn.Module):
    """For each batch MixUp, CutMix or neither; each record has its own partner and weight.

    MixUp is a weighted mean of two records, CutMix pastes a box (frequency by time, or a span of
    time) of one into the other. Weights come from Beta(alpha, alpha); that of CutMix is the share
    of cells left after the box was clipped at the edges.
    """

    def __init__(
        self,
        mixup_p: float = 0.0,
        mixup_alpha: float = 0.4,
        cutmix_p: float = 0.0,
        cutmix_alpha: float = 1.0,
    ):
        super().__init__()
        chances, alphas = (mixup_p, cutmix_p), (mixup_alpha, cutmix_alpha)
        if min(chances) < 0 or sum(chances) > 1:
            fault = f"mixup_p={mixup_p} and cutmix_p={cutmix_p} are no shares of all batches"
            raise Refused(fault, "task.mix", "task.mix.mixup_p=0.25 task.mix.cutmix_p=0.25")
        for name, alpha in zip(("mixup_alpha", "cutmix_alpha"), alphas, strict=True):
            if alpha <= 0:
                key = f"task.mix.{name}"
                raise Refused(f"{key} is {alpha}, must be above 0", key, f"{key}=0.4")
        self.mixup_p, self.mixup_alpha = mixup_p, mixup_alpha
        self.cutmix_p, self.cutmix_alpha = cutmix_p, cutmix_alpha

    def forward(self, x: Tensor, length: Tensor) -> Mixed:
        """Records `(batch, channel, …cells)` of one length only, given as `length (batch,)`."""
        coin = float(torch.rand(()))
        if coin >= self.mixup_p + self.cutmix_p:
            alone = torch.arange(len(x), device=x.device)
            return Mixed(x, alone, torch.ones_like(alone, dtype=torch.float32))
        refuse_unequal(length)
        partner = torch.randperm(len(x), device=x.device)
        if coin < self.mixup_p:
            weight = drawn(self.mixup_alpha, x)
            return Mixed(mixed_up(x, partner, weight), partner, weight)
        box = boxes(x, drawn(self.cutmix_alpha, x))
        weight = 1 - box.float().flatten(1).mean(1)
        return Mixed(torch.where(box, x[partner], x), partner, weight)


def drawn(alpha: float, x: Tensor) -> Tensor:
    """A weight `(batch,)` for each record, from Beta(alpha, alpha)."""
    own = torch.tensor(alpha, device=x.device)
    return Beta(own, own).sample((len(x),))  # type: ignore[no-any-return]


def mixed_up(x: Tensor, partner: Tensor, weight: Tensor) -> Tensor:
    """The mean of each record `(batch, …)` and its partner, weighted by `weight (batch,)`."""
    return torch.lerp(x[partner], x, weight.to(x.dtype).view(-1, *[1] * (x.ndim - 1)))


def boxes(x: Tensor, weight: Tensor) -> Tensor:
    """True inside a box of each record: `(batch, 1, …cells)` of `x (batch, channel, …cells)`.

    Its sides are in proportion to the record's, its centre is anywhere, and `1 - weight (batch,)`
    of the cells lie in it before it is clipped.
    """
    sizes = x.shape[2:]
    share = (1 - weight) ** (1 / len(sizes))
    inside = torch.ones(len(x), *[1] * (x.ndim - 1), dtype=torch.bool, device=x.device)
    for axis, size in enumerate(sizes):
        centre = torch.randint(size, (len(x),), device=x.device)
        side = (share * size).long()
        low = centre - side // 2
        at = torch.arange(size, device=x.device)
        within = (at >= low[:, None]) & (at < (low + side)[:, None])
        shape = [len(x), 1, *[1] * len(sizes)]
        shape[2 + axis] = size
        inside = inside & within.view(shape)
    return inside


def refuse_unequal(length: Tensor) -> None:
    """Records of unequal `length (batch,)`: the longer one's padding would tell which is which."""
    if bool((length != length[0]).any()):
        fault = "records of unequal lengths cannot be mixed"
        raise Refused(fault, "dataset.align", "dataset.align=trim, or task.mix with both p 0")
