"""How much each step weighs, chunk by chunk, in logarithms summed in float64."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

NEVER = -1e30  # a logarithm of nothing that stays finite when subtracted
STEEP = 60 / 64  # fall of the log weights a step, over a chunk, that keys can carry
LEAST, MOST = -25.0, 80.0  # logarithms of divisors


@dataclass(frozen=True)
class Scales:
    """Weights of steps `(head, step)`, the heads of all batch items in a row.

    Log weights count from the first step: what a step weighs at a later one differs from them by
    the forget gates in between, which cancel between a sum and its count. A state is kept over
    `exp(top)`, the largest weight up to the end of its chunk.
    """

    log: Tensor  # (head, step) log weight of each step
    best: Tensor  # (head, step) the largest so far
    before: Tensor  # (head, chunk) the largest before each chunk
    written: Tensor  # (head, step, 1) weight of a step in the state at its chunk's end, by `scale`
    kept: Tensor  # (chunk, head, 1, 1) share of a chunk's first state that is left at its end
    floor: Tensor  # (head, step) the least divisor
    steep: Tensor  # (head, step): done with a table of weights
    wide: list[list[bool]]  # the same by slab and chunk
    size: int  # steps of a chunk
    slab: int  # heads of a slab

    @classmethod
    def of(
        cls,
        taken: Tensor,
        forgotten: Tensor,
        scale: float,
        size: int,
        slab: int,
        dtype: torch.dtype,
    ) -> Scales:
        """Of gates `(head, step)`, in chunks of `size` steps and slabs of `slab` heads."""
        fine = torch.float32 if taken.device.type == "mps" else torch.float64
        passed = logsigmoid(forgotten.to(fine)).cumsum(-1)
        log = taken.to(fine) - passed
        best = log.cummax(-1).values
        steps = log.shape[-1]
        top = best[:, [*range(size - 1, steps - 1, size), steps - 1]]
        before = pad(top, (1, 0), value=NEVER)[:, :-1]
        own = top.repeat_interleave(size, -1)[:, :steps]
        lag = (own - best).masked_fill_(best < NEVER / 2, 0.0)
        spread = pad(lag, (0, -steps % size)).unflatten(-1, (-1, size)).amax(-1)
        wide = torch.stack([part.any(0) for part in (spread > STEEP * size).split(slab)])
        steep = wide.repeat_interleave(slab, 0).repeat_interleave(size, 1)[: len(log), :steps]
        lag.masked_fill_(steep, 0.0)
        floor = (-passed).sub_(best).clamp_(LEAST, MOST).sub_(lag).exp_()
        written = (log - own).exp_().mul_(scale)[..., None]
        kept = (before - top).exp_().T[..., None, None]
        written, kept, floor = (part.to(dtype) for part in (written, kept, floor))
        return cls(log, best, before, written, kept, floor, steep, wide.tolist(), size, slab)

    def slabs(self) -> list[Scales]:
        """The same for each slab of heads."""
        rows, count = self.slab, len(self.wide)
        by_head = (x.split(rows) for x in (self.log, self.best, self.before, self.written))
        own = (self.kept.split(rows, 1), self.floor.split(rows), self.steep.split(rows))
        rest = ([[wide] for wide in self.wide], [self.size] * count, [rows] * count)
        each = zip(*by_head, *own, *rest, strict=True)
        return [Scales(*own) for own in each]
