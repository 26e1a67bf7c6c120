"""One chunk of a slab of heads: what is read of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.network.mlstm.scales import Scales


@dataclass(frozen=True)
class Chunk:
    """Views: `q, k, v (item, head, step, …)`, and of `Scales` what belongs to these steps."""

    q: Tensor
    k: Tensor
    v: Tensor
    written: Tensor  # (item, head, step, 1)
    kept: Tensor  # (heads of all items, 1, 1)
    log: Tensor
    best: Tensor
    before: Tensor
    wide: bool

    @property
    def scale(self) -> float:
        """Of keys."""
        return float(self.q.shape[-1] ** -0.5)

    def table(self) -> Tensor:
        """`(head, step, earlier step)`: the weight of each step over the largest one so far."""
        apart = self.log[:, None, :] - self.best[:, :, None]
        later = torch.ones(apart.shape[1:], dtype=torch.bool, device=apart.device).triu_(1)
        return apart.masked_fill_(later, -torch.inf).to(self.kept.dtype).exp_()

    def early(self) -> Tensor:
        """`(head, step, 1)`: the weight of what came before over the largest one so far."""
        return (self.before - self.best).to(self.kept.dtype).exp_()[..., None]


def chunks(q: Tensor, k: Tensor, v: Tensor, by: Scales) -> list[Chunk]:
    """The chunks of a slab `q, k, v (item, head, step, …)` in the order of time."""
    written = by.written.view(*q.shape[:3], 1)
    by_item = (x.split(by.size, 2) for x in (q, k, v, written))
    by_head = (x.split(by.size, 1) for x in (by.log, by.best))
    each = zip(*by_item, by.kept, *by_head, by.before.split(1, 1), by.wide[0], strict=True)
    return [Chunk(*own) for own in each]
