"""Scores of several classes a record in slices: women and men, young and old, each station."""

from __future__ import annotations

import pandas as pd

from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.multilabel_scores import Scores
from tremor.evaluation.multilabel_weighed import areas_of, mean_of
from tremor.evaluation.scoring import Plain
from tremor.evaluation.slicing import parts


def slices(scores: Scores, rows: pd.DataFrame) -> Plain:
    """Macro AUROC of each slice by its quantity, by the same draws; what is known of them.

    `rows` are the judged records in the order of the answers. Each slice: `name, records, groups,
    classes` (those that some of its records have and others not), `small` and `macro_auroc`.
    """
    return {
        quantity: [{"name": it.name} | _slice(scores, it.inside) for it in its]
        for quantity, its in parts(rows, scores.answers.rows).items()
    }


def _slice(scores: Scores, inside: Mask) -> Plain:
    """One slice; its interval needs `FEWEST` groups."""
    part, groups = scores.answers.keep(inside)
    sizes = part.group_sizes.min(1)
    whole, drawn = mean_of(areas_of(part, scores.shared.counts[:, groups])["auroc"])
    evidence = Evidence.averaged(sizes) if len(groups) >= FEWEST and sizes.any() else None
    score = scores.shared.known(float(whole), drawn, evidence) | {"chance": 0.5}
    counts = {
        "records": int(inside.sum()),
        "groups": len(groups),
        "classes": int((sizes > 0).sum()),
        "small": len(groups) < FEWEST,
    }
    return counts | {"macro_auroc": score}
