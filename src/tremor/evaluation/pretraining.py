"""The verdict on pretraining without labels: is what is hidden told better than by guessing?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.chance import p_value
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Draws, Plain

NULL = "flips of the sign of each group's lead over chance, one-sided"
FEW_CODES, SMALL_SHARE = 1.5, 0.02
SAID = {
    "accuracy": "The right one of the candidates is found for a share of {} of the hidden steps",
    "explained": "The share explained of the variance that was hidden is {}",
}


@dataclass(frozen=True)
class Ratio:
    """A metric as sums over groups `(group,)`: its value is `above` / `below`.

    `lead` is how far each group is better than guessing, in the unit of `above`.
    """

    above: Floats
    below: Floats
    lead: Floats
    chance: float


def judge(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    table: pd.DataFrame | None = None,
    train_table: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
    split: str = "test",
    ordered: bool = False,
    features: Floats | None = None,
    draws: int = 2000,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Plain:
    """Judge what a self-supervised task said of hidden parts of records in groups.

    It is called as every judge is; without labels, classes, tables and validation say nothing here.
    """
    hidden = predictions[predictions["masked"] > 0]
    if hidden.empty:
        raise Refused("nothing was hidden in any record", split, "a larger task.mask_share")
    rows, names = pd.factorize(hidden["group"].astype(str), sort=True)
    scorer = Draws(np.zeros(len(names), np.int64), draws, level, seed)
    found = ratios(hidden, rows.astype(np.int64))
    metrics = {name: _score(scorer, ratio, permutations) for name, ratio in found.items()}
    verdict = {"split": split, "records": len(hidden), "groups": len(names), "metrics": metrics}
    null = {"permutations": permutations, "seed": seed, "unit": "group", "method": NULL}
    verdict |= {"interval": scorer.said(), "null": null}
    return verdict | {"verdict": sentences(verdict)}


def ratios(hidden: pd.DataFrame, rows: Index) -> dict[str, Ratio]:
    """The metrics of contrastive predictions or of reconstructions, by their columns."""
    weight = hidden["masked"].to_numpy(np.float64)

    def summed(values: pd.Series[float]) -> Floats:
        return np.asarray(np.bincount(rows, values.to_numpy(np.float64) * weight), np.float64)

    below, loss = summed(pd.Series(1.0, hidden.index)), summed(hidden["loss"])
    if "variance" in hidden:
        variance = summed(hidden["variance"])
        return {"explained": Ratio(variance - loss, variance, variance - loss, 0.0)}
    right, chance = summed(hidden["accuracy"]), summed(hidden["chance"])
    guess = summed(-np.log(hidden["chance"]))
    return {
        "accuracy": Ratio(right, below, right - chance, float(chance.sum() / below.sum())),
        "loss": Ratio(loss, below, guess - loss, float(guess.sum() / below.sum())),
    }


def _score(scorer: Draws, ratio: Ratio, permutations: int) -> Plain:
    """Value, interval, chance, and p under flipped signs."""
    value = float(ratio.above.sum() / ratio.below.sum())
    drawn = (scorer.counts @ ratio.above) / (scorer.counts @ ratio.below)
    signs = np.random.default_rng((scorer.seed, 1)).choice(
        [-1.0, 1.0], (permutations, scorer.groups)
    )
    p = p_value(float(ratio.lead.sum()), signs @ ratio.lead)
    return scorer.value(value, drawn) | {"chance": ratio.chance, "p": p}


def sentences(verdict: Plain) -> list[str]:
    """What a reader must know, worries first."""
    name, main = next(iter(verdict["metrics"].items()))
    records, groups = verdict["records"], verdict["groups"]
    base = f"n = {records} records of {groups} events ({verdict['split']})."
    few = f"Fewer than {FEWEST} events: no interval can be given."
    worry = "NOT above chance: the interval contains what guessing reaches."
    if main["lo"] is None:
        return [few, _headline(name, main), base]
    worries = [worry] if main["lo"] <= main["chance"] else []
    return [*worries, _headline(name, main), base]


def _headline(name: str, main: Plain) -> str:
    said = f"{main['value']:.3f}"
    said += "" if main["lo"] is None else f" ({main['lo']:.3f} to {main['hi']:.3f})"
    return f"{SAID[name].format(said)}; chance is {main['chance']:.3f}, p = {main['p']:.2g}."


def collapse(codebook: Plain) -> str:
    """A warning where too few codes are in use to tell anything apart; empty where all is well.

    `smallest` is the number of codes in effect of the group that has the fewest: one dead group is
    not made up for by the others. `used` of all `size` codes occur.
    """
    each, share = codebook["smallest"], codebook["used"] / codebook["size"]
    if each >= FEW_CODES and share >= SMALL_SHARE:
        return ""
    return (
        f"COLLAPSED: in a group {each:.1f} codes are in effect and {share:.1%} of the codes occur, "
        "so the task asks for next to nothing. Do not use these weights; train anew with a larger "
        "task.diversity_weight or a smaller optimizer.lr."
    )
