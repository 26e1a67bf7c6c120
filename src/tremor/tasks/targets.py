"""What the network is to say of each label: all of one class, or shares of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.decoders.heads import Heads
from tremor.network.demands import share

TURN = 360.0


class Targets(nn.Module):
    """Labels `(batch, head)` to shares of the classes, `(batch, class)` for each head.

    `circular` names heads whose classes after the first are directions clockwise, evenly spread: a
    direction's share falls with the angle from the true one (von Mises, of so many degrees). The
    background stays as it is. `label_smoothing` is then spread over all classes. An unknown label
    (-1) has no share in anything.
    """

    def __init__(
        self,
        heads: Heads,
        circular: Mapping[str, float] | None = None,
        label_smoothing: float = 0.0,
    ):
        super().__init__()
        share("train.label_smoothing", label_smoothing)
        wide = dict(circular or {})
        refuse_no_circle(heads, wide)
        for place, (head, classes) in enumerate(heads.items()):
            rows = torch.eye(len(classes))
            if head in wide:
                rows[1:, 1:] = directions(len(classes) - 1, wide[head])
            rows = (1 - label_smoothing) * rows + label_smoothing / len(classes)
            known_or_not = torch.cat([rows, torch.zeros(1, len(classes))])  # -1 is the last row
            self.register_buffer(f"shares{place}", known_or_not, persistent=False)

    def forward(self, y: Tensor) -> list[Tensor]:
        return [getattr(self, f"shares{n}")[own] for n, own in enumerate(y.unbind(1))]


def weighed(shares: Sequence[Tensor], y: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """Each record's shares, `(batch, class)` for each head, times the weight of its true class.

    Weights of the classes that have the shares would let a rare neighbour outdo the true class.
    """
    each = zip(shares, y.unbind(1), weights, strict=True)
    return [own * weight[true, None] for own, true, weight in each]  # an unknown one stays nothing


def directions(count: int, degrees: float) -> Tensor:
    """Shares `(true, direction)` of directions evenly spread over the circle; rows sum to one."""
    steps = torch.arange(count, dtype=torch.float64)
    angle = (steps - steps[:, None]) * 2 * math.pi / count
    near: Tensor = angle.cos() / math.radians(degrees) ** 2
    return near.softmax(-1).float()


def refuse_no_circle(heads: Heads, circular: Mapping[str, float]) -> None:
    """Circular heads are heads, of three directions or more, at a width above 0."""
    for head, degrees in circular.items():
        key = f"task.circular.{head}"
        if len(heads.get(head, ())) < 4:
            fit = [name for name, classes in heads.items() if len(classes) > 3]
            fault = f"{key}: no head {head} of background and three directions or more"
            remedy = f"task.circular={{{fit[-1]}:22.5}}" if fit else "task.circular=null"
            raise Refused(fault, key, remedy)
        if not 0 < degrees <= TURN:
            fault = f"{key} is {degrees}, must be above 0 and at most 360 degrees"
            raise Refused(fault, key, f"task.circular={{{head}:22.5}}")
