"""Games: what a coalition of players is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.fills import Fill
from tremor.explain.local.play import Whole
from tremor.explain.local.worth import LocalWorth
from tremor.explain.players import Players
from tremor.explain.predict import Predict as Predict
from tremor.explain.predict import logits as logits
from tremor.explain.predict import of_arrays as of_arrays
from tremor.explain.targets import Target

Worth = Callable[[Tensor], Tensor]  # masks (coalition, player) to (coalition,)


@dataclass
class Game:
    """The worth of coalitions, `full` and `empty` already known.

    `evaluations` counts the model's evaluations so far: `cost` for each coalition, and those for
    the two ends.
    """

    worth: Worth
    players: Players
    empty: float
    full: float
    cost: int = 1
    evaluations: int = field(default=0, kw_only=True)

    @classmethod
    def of(cls, worth: Worth, players: Players) -> Game:
        """A game that a function of masks describes."""
        ends = torch.tensor([[False], [True]]).expand(2, players.count)
        empty, full = worth(ends).tolist()
        return cls(worth, players, empty, full, evaluations=2)

    @property
    def gain(self) -> float:
        """What all players together bring: what complete credits sum to."""
        return self.full - self.empty

    def __call__(self, masks: Tensor) -> Tensor:
        """Worth `(coalition,)` of masks `(coalition, player)`, in float64 on the CPU."""
        if not len(masks):
            return torch.zeros(0, dtype=torch.float64)
        self.evaluations += len(masks) * self.cost
        return self.worth(masks).cpu().double()


@dataclass(frozen=True)
class Masked:
    """The score of a record with the cells of absent players replaced, averaged over backgrounds.

    At most `batch` inputs go through the model at once. `local` gives the same with less work,
    where the network allows it.
    """

    predict: Predict
    weights: Tensor  # (class,)
    record: Tensor  # (…)
    backgrounds: Tensor  # (background, …)
    labels: Tensor  # (…), the player of each cell
    batch: int
    local: LocalWorth | None = None

    @torch.inference_mode()
    def __call__(self, masks: Tensor) -> Tensor:
        if self.local is not None:
            return self.local(masks)
        return torch.cat([self._scores(part) for part in masks.split(self.batch)])

    def _scores(self, masks: Tensor) -> Tensor:
        kept = _pictures(self._cells(masks.to(self.record)))
        inputs = (torch.lerp(b, self.record, kept) for b in self.backgrounds)  # exact at 0 and 1
        scores = [logits(self.predict, x) @ self.weights for x in inputs]
        return torch.stack(scores).mean(0)

    def _cells(self, kept: Tensor) -> Tensor:
        """Of players `(coalition, player)`, for cells `(coalition, …)`."""
        if self._each:
            return kept.view(-1, *self.labels.shape)
        return kept[:, self.labels]

    @cached_property
    def _each(self) -> bool:
        """Every cell is a player, in order."""
        own = torch.arange(self.labels.numel(), device=self.labels.device)
        return torch.equal(self.labels.flatten(), own)


def _pictures(inputs: Tensor) -> Tensor:
    """Pictures with channels last in memory, where pooling is twice as fast on a CPU."""
    if inputs.ndim != 4:
        return inputs
    return inputs.contiguous(memory_format=torch.channels_last)


def masked(
    predict: Predict,
    record: Tensor,
    players: Players,
    fill: Fill,
    target: Target,
    label: int | None = None,
    batch: int = 256,
) -> Game:
    """The game of one record `(…)`, on the record's device."""
    if record.shape != players.labels.shape:
        fault = f"players for inputs {tuple(players.labels.shape)}, a record {tuple(record.shape)}"
        raise Refused(fault, "players", "players of the record's own shape")
    backgrounds = fill(record)
    ends = torch.cat([record[None], backgrounds])
    whole = Whole.of(predict, ends, players.labels, batch)
    known = _known(predict, ends, batch) if whole is None else whole.logits
    weights = target(known[0], label)
    scores = (known @ weights).cpu().double()
    labels = players.labels.to(record.device)
    laid = _pictures(record[None])[0], _pictures(backgrounds)
    local = None if whole is None else whole.worth(weights, batch)
    worth = Masked(predict, weights, *laid, labels, batch, local)
    empty, full = float(scores[1:].mean()), float(scores[0])
    return Game(worth, players, empty, full, len(backgrounds), evaluations=len(known))


@torch.inference_mode()
def _known(predict: Predict, inputs: Tensor, batch: int) -> Tensor:
    """Logits `(input, class)`, so many at a time."""
    return torch.cat([logits(predict, part) for part in inputs.split(batch)])
