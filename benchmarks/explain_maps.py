"""Error of spectrogram maps at equal evaluations, against the shap library's Partition explainer.

Needs outputs/benchmarks (see explain_subjects.py). The first run makes the references, which takes
an hour; they are kept there.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from statistics import mean

import numpy as np
import shap
import torch
from explain_errors import background, game_of, keep_errors, reference
from explain_subjects import SUBJECTS, Subject
from torch import Tensor

from tremor.explain.estimators.guided_owen import GuidedOwen
from tremor.explain.estimators.owen import Owen
from tremor.explain.estimators.partition_shap import PartitionShap
from tremor.explain.game import Game
from tremor.explain.players import Box, Players, rectangles

BUDGETS = (500, 2000)
GOAL = "owen <= 0.5 of shap's error at 500, <= 0.35 at 2,000 (CNN)"
SETTINGS = {  # subject, players, records, pairs of the reference, seeds
    "cells": ("station_cnn", rectangles((3, 33, 96), joint=False), 2, 4, 2),
    "tiles": ("station_cnn", rectangles((3, 33, 96), 3, 4), 4, 12, 2),
    "convnext": ("convnext", rectangles((3, 33, 96), 3, 4), 2, 12, 1),
}


def shap_partition(subject: Subject, record: int, budget: int) -> Tensor:
    """The library itself, every cell a player; it takes pictures with components last."""

    def logits(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found: Tensor = subject.predict(torch.from_numpy(x).float().permute(0, 3, 1, 2))
        return found.numpy()

    image = subject.test[record].permute(1, 2, 0).numpy()
    fill = background(subject)(subject.test[record])[0].permute(1, 2, 0).numpy()
    masker = shap.maskers.Image(fill, image.shape)
    own = int(logits(image[None]).argmax())
    found = shap.Explainer(logits, masker)(image[None], max_evals=budget, outputs=[own])
    return torch.from_numpy(found.values[0, ..., 0]).permute(2, 0, 1).flatten().double()


def partition(subject: Subject, record: int, budget: int, game: Game) -> Tensor:
    """shap's estimate: by the library for cells; for tiles by its equal (tests: to 1e-6)."""
    if game.players.count == subject.test[record].numel():
        return shap_partition(subject, record, budget)
    return PartitionShap(budget)(game).values


def even_at_best(players: Players, truth: Tensor, boxes: int) -> float:
    """Error of spreading exactly known credits evenly over so many boxes of the tree."""
    import heapq

    def entry(box: Box) -> tuple[float, Box]:
        x = truth[players.ids(box)]
        return -float((x - x.mean()).square().sum()) / max(box.size - 1, 1), box

    heap = [entry(players.whole)]
    done = 0
    while heap and len(heap) + done < boxes:
        halves = players.halves(heapq.heappop(heap)[1])
        for half in halves or ():
            heapq.heappush(heap, entry(half)) if half.size > 1 else None
            done += half.size == 1
    left = -sum(density * (box.size - 1) for density, box in heap)
    return float((left / truth.square().sum()) ** 0.5)


def measure(name: str) -> None:
    of, players, records, pairs, seeds = SETTINGS[name]
    subject = SUBJECTS[of]()
    errors: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in subject.right(records):
        truth = reference(subject, record, players, pairs)
        errors["error of the reference itself"][name].append(truth.own_error)
        for budget in BUDGETS:
            game, found = game_of(subject, record, players), errors[f"error at {budget}"]
            for way, maps in _ways(subject, record, budget, game, seeds).items():
                found[way].append(mean(truth.error(values) for values in maps()))
            best = even_at_best(players, truth.values, budget // 2)
            found[f"exact credits of {budget // 2} boxes, spread evenly"].append(best)
            print(name, record, budget, {k: round(v[-1], 3) for k, v in found.items()}, flush=True)
    measures = {m: {k: mean(v) for k, v in of.items()} for m, of in errors.items()}
    ratios = {
        f"times shap's {m}": {
            k: mean(a / b for a, b in zip(v, of["shap"], strict=True))
            for k, v in of.items()
            if "owen" in k
        }
        for m, of in errors.items()
        if "shap" in of
    }
    what = f"{subject.name}, {players.count} players, {records} records, relative L2 error"
    keep_errors(f"explain_maps_{name}", what, GOAL, **measures, **ratios)


def _ways(
    subject: Subject, record: int, budget: int, game: Game, seeds: int
) -> dict[str, Callable[[], list[Tensor]]]:
    def ours(kind: type[Owen] | type[GuidedOwen], orderings: int | None) -> list[Tensor]:
        return [kind(budget, orderings, seed)(game).values for seed in range(seeds)]

    return {
        "shap": lambda: [partition(subject, record, budget, game)],
        "owen": lambda: ours(Owen, None),
        "owen, 2 orderings": lambda: ours(Owen, 2),
        "owen, 4 orderings": lambda: ours(Owen, 4),
        "guided owen": lambda: ours(GuidedOwen, None),
    }


def main() -> None:
    torch.set_num_threads(1)
    for name in sys.argv[1:] or SETTINGS:
        measure(name)


if __name__ == "__main__":
    main()
