"""Reference maps to measure estimates against, and how results are kept."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from explain_subjects import KEPT, Subject
from side_by_side import RESULTS, machine
from torch import Tensor

from tremor.explain.fills import Mean
from tremor.explain.game import Game, masked
from tremor.explain.players import Box, Players
from tremor.explain.targets import Predicted


def game_of(subject: Subject, record: int, players: Players) -> Game:
    """The logit of the predicted class; absent players show the mean training spectrogram."""
    x = subject.test[record]
    return masked(subject.predict, x, players, background(subject), Predicted(), batch=32)


def background(subject: Subject) -> Mean:
    return Mean(subject.train.mean(0))


@dataclass(frozen=True)
class Reference:
    """Owen values by `(pair, player)` of mirrored orderings, each down to every player."""

    pairs: Tensor

    @property
    def values(self) -> Tensor:
        return self.pairs.mean(0)

    @property
    def variance(self) -> float:
        """Of the reference itself, summed over players."""
        return float(self.pairs.var(0).sum()) / len(self.pairs)

    @property
    def own_error(self) -> float:
        return math.sqrt(self.variance / self._energy)

    @property
    def _energy(self) -> float:
        return float(self.values.square().sum()) - self.variance

    def error(self, found: Tensor) -> float:
        """Relative L2, what the reference's own variance adds to it taken off."""
        off = float((found - self.values).square().sum()) - self.variance
        return math.sqrt(max(off, 0.0) / self._energy)


def reference(subject: Subject, record: int, players: Players, pairs: int) -> Reference:
    """Kept once made; more pairs are added to those there are."""
    grid = "x".join(map(str, players.grid))
    file = KEPT / f"owen_{subject.name.replace(' ', '_')}_{record}_{grid}.pt"
    kept = [*torch.load(file, weights_only=True)] if file.is_file() else []
    game = game_of(subject, record, players)
    while len(kept) < pairs:
        rng = np.random.default_rng([99, record, len(kept)])
        orders = _mirrored(players, players.whole, rng)
        kept.append(sum(_credits(game, order) for order in orders) / 2)
        torch.save(torch.stack(kept), file)
    return Reference(torch.stack(kept[:pairs]))


def _mirrored(players: Players, box: Box, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """An ordering of the tree and its mirror."""
    halves = players.halves(box)
    if halves is None:
        own = players.ids(box).tolist()
        return own, own
    (a, mirrored_a), (b, mirrored_b) = (_mirrored(players, half, rng) for half in halves)
    return (
        (a + b, mirrored_b + mirrored_a) if rng.random() < 0.5 else (b + a, mirrored_a + mirrored_b)
    )


def _credits(game: Game, order: list[int]) -> Tensor:
    """What each player adds in its turn."""
    places = torch.tensor(order)
    rank = torch.empty_like(places)
    rank[places] = torch.arange(len(order))
    steps = torch.arange(1, len(order)).split(256)
    inner = [game(rank[None] < k[:, None]) for k in steps]
    ends = (torch.tensor([worth], dtype=torch.float64) for worth in (game.empty, game.full))
    first, last = ends
    credit = torch.empty(len(order), dtype=torch.float64)
    credit[places] = torch.cat([first, *inner, last]).diff()
    return credit


def keep_errors(name: str, what: str, goal: str, **measures: Mapping[str, float]) -> None:
    """Write errors as JSON, rounded, and print them: lines of the results' table."""
    rounded = {m: {k: float(f"{v:.3g}") for k, v in of.items()} for m, of in measures.items()}
    result = {"what": what, "goal": goal, "rival": "", "times_faster_than_rival": {}, **rounded}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result | {"machine": machine()}, indent=1))
    print(json.dumps(result, indent=1), flush=True)


def processor_seconds(
    candidates: Mapping[str, Callable[[], Any]], rounds: int
) -> dict[str, list[float]]:
    """As `interleaved`, but the seconds of this process alone: others may run beside it."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, call in candidates.items():
            began = time.process_time()
            call()
            if number:
                seconds[name].append(time.process_time() - began)
    return seconds
