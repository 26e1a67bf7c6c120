"""The earlier "TimeSHAP": kernel SHAP on windows, then on leads within the foremost of them.

Sizes of coalitions are drawn evenly, with replacement, and weighed as if every coalition of a size
were as likely as any other, which the lead priors make untrue. Its masks cannot be had again: seeds
came from one generator in the order of records, and how priors become chances of being drawn is not
known. Here a record has its own seed, and chances are those of the earlier LIME, made to sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tremor.explain.compat.lime import chances, starts
from tremor.explain.compat.spans import Weights
from tremor.explain.estimators.lime import ridge
from tremor.explain.levels import Levels, grouped, highest

ENDS = 1000.0  # weight of the empty and the full coalition
RIDGE = 1e-3
ROUND = 1e-6  # probabilities are kept so far from 0 and 1


@dataclass(frozen=True)
class Settings:
    """Numbers of masks that are asked for (fewer are drawn), and windows looked into."""

    m_event: int = 100
    m_feat: int = 100
    topk_events: int = 5


def weights(levels: Levels, priors: Tensor, how: Settings, seed: int) -> Weights:
    """Credits (logits) of windows, and of leads in the chosen ones, by `priors (lead,)`."""
    rng = np.random.default_rng(seed)
    windows = _credits(levels, levels.window, drawn(how.m_event, levels.windows, rng))
    chosen = tuple(highest(windows, how.topk_events).tolist())
    chance = chances(priors).numpy()
    known = chance / chance.sum() if bool((priors > 0).any()) else None
    leads = [
        _credits(levels, levels.within(w), drawn(how.m_feat, levels.leads, rng, known))
        for w in chosen
    ]
    return Weights(windows, chosen, torch.stack(leads), starts(levels))


def drawn(
    many: int,
    players: int,
    rng: np.random.Generator,
    chance: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None,
) -> Tensor:
    """Masks `(mask, player)`: none, equally many of each size between, all."""
    each = many // (players + 1)
    sizes = [0, *(size for size in range(1, players) for _ in range(each)), players]
    masks = torch.zeros(len(sizes), players, dtype=torch.bool)
    for row, size in zip(masks, sizes, strict=True):
        row[rng.choice(players, size, replace=False, p=chance)] = True
    return masks


def _credits(levels: Levels, group: Tensor, masks: Tensor) -> Tensor:
    """Slopes of logits by the kernel of Shapley values for evenly drawn sizes."""
    chance = grouped(levels.game, group)(masks).sigmoid().clamp(ROUND, 1 - ROUND)
    size, players = masks.sum(1).double(), masks.shape[1]
    inner = (players - 1) / (size * (players - size)).clamp(min=1)
    weight = torch.where((size == 0) | (size == players), ENDS, inner)
    return ridge(masks.double(), chance.logit(), weight, RIDGE).slopes
