"""Temperature scaling: one number, fitted on validation, that makes all answers milder or bolder.

The answers themselves stay: it changes how sure they are said to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import by_group, means
from tremor.evaluation.metrics import CHUNK, Floats
from tremor.evaluation.proper import TINY, log_loss
from tremor.evaluation.scoring import Plain, Scorer

COLDEST, HOTTEST, POINTS = 0.05, 20.0, 121
METHOD = (
    "fitted on validation by log loss; validation has also chosen the epoch, so errors may be "
    "rarer there than elsewhere; interval: draws of validation groups"
)
SEPARATED = "every answer about validation is right: the bolder the better, without end"
WORTHLESS = "what is said of validation is worth less than silence: the milder the better"


def tempered(chances: Floats, temperature: float | Floats) -> Floats:
    """Probabilities `(…, class)` whose log odds are divided by a temperature: above 1, milder."""
    logits = np.log(np.clip(chances, TINY, None)) / temperature
    grown = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(grown / grown.sum(-1, keepdims=True))


def fitted(scorer: Scorer) -> Plain:
    """The temperature of least log loss over the records of `scorer`, those of validation."""
    judged = scorer.judged
    logs = np.linspace(np.log(COLDEST), np.log(HOTTEST), POINTS)
    costs = by_group(judged, _costs(judged, logs))
    counts = {"records": len(judged.labels), "groups": judged.groups}
    whole = costs.sum(0)
    if (edge := int(whole.argmin())) in (0, POINTS - 1):
        return counts | {"unavailable": WORTHLESS if edge else SEPARATED}
    value, drawn = (np.exp(_lowest(c, logs)) for c in (whole[None], scorer.counts @ costs))
    found = scorer.value(float(value[0]), drawn) | {"chance": 1.0}
    return found | counts | {"method": METHOD}


def _costs(judged: Judged, logs: Floats) -> Floats:
    """The log loss of each record at each log temperature `(record, point)`."""
    made = np.empty((len(judged.labels), len(logs)))
    step = max(1, CHUNK // max(judged.chances.size, 1))
    logits = np.log(np.clip(judged.chances, TINY, None))
    own = logits[np.arange(len(logits)), judged.labels]
    lead = logits - own[:, None]
    for first in range(0, len(logs), step):
        scale = np.exp(-logs[first : first + step])[:, None, None]
        scaled = lead * scale
        top = scaled.max(-1)
        made[:, first : first + step] = (np.log(np.exp(scaled - top[..., None]).sum(-1)) + top).T
    return made


def _lowest(costs: Floats, logs: Floats) -> Floats:
    """Where each curve `(draw, point)` is lowest: the vertex of the parabola around its least."""
    place = np.clip(costs.argmin(1), 1, len(logs) - 2)
    row = np.arange(len(costs))
    left, middle, right = (costs[row, place + by] for by in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    return np.asarray(logs[place] + np.clip(shift, -1, 1) * (logs[1] - logs[0]))


def scaled(scorer: Scorer, validation: Scorer, judge: Callable[[Scorer], Plain]) -> Plain:
    """The `temperature`, what `judge` says `after` it, and how much log loss it saves (`gain`).

    Where there is no best temperature it says why (`unavailable`), and there is nothing after it.
    """
    found = fitted(validation)
    if "unavailable" in found:
        return {"temperature": found}
    milder = replace(scorer.judged, chances=tempered(scorer.judged.chances, found["value"]))
    saved = log_loss(scorer.judged) - log_loss(milder)
    after = judge(scorer.over(milder))
    after.pop("scheme", None)
    gain = scorer.value(*means(scorer, saved)) | {"chance": 0.0}
    return {"temperature": found | {"gain": gain}, "after": after}
