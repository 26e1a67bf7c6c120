"""What was fitted on validation, as columns of predictions: calibrated probabilities and sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tremor.evaluation.conformal import Sets, aps, lac
from tremor.evaluation.metrics import Floats
from tremor.evaluation.scoring import Plain
from tremor.evaluation.temperature import tempered
from tremor.evaluation.unusual import DISTANCE

BETWEEN = "|"
"""What stands between the classes of a set."""


def with_fitted(said: pd.DataFrame, verdict: Plain) -> pd.DataFrame:
    """Predictions with `calibrated_<class>` and `set`, by the verdict's own temperature and sets.

    Of heads they are `calibrated_<head>_<class>` and `set_<head>`. `unusual` says which records are
    unlike those of training. Where nothing was fitted, the predictions are as they were.
    """
    if "called" in verdict:
        added = _of_classes(said, verdict)
    else:
        added = _of_one(said, verdict, "") if "calibration" in verdict else {}
        for head, own in verdict.get("heads", {}).items():
            added |= _of_one(said, own, f"{head}_")
    if "limit" in verdict.get("unusual", {}):
        added["unusual"] = said[DISTANCE] > verdict["unusual"]["limit"]
    return said.assign(**added)


def _of_one(said: pd.DataFrame, verdict: Plain, head: str) -> dict[str, Any]:
    """Columns of one question, whose answers shut each other out."""
    if "sets" not in verdict:
        return {}
    classes = verdict["classes"]
    chances = said[[f"p_{head}{name}" for name in classes]].to_numpy(np.float64)
    temperature = verdict["calibration"]["temperature"].get("value")
    found: dict[str, Any] = {}
    if temperature is not None:
        milder = tempered(chances, temperature)
        found = {f"calibrated_{head}{name}": milder[:, k] for k, name in enumerate(classes)}
    return found | {f"set_{head}".rstrip("_"): _sets(chances, verdict["sets"], classes)}


def _of_classes(said: pd.DataFrame, verdict: Plain) -> dict[str, Any]:
    """Columns of several classes that a record may have at once."""
    if "sets" not in verdict:
        return {}
    classes, found = verdict["classes"], {}
    for name, row in verdict["per_class"].items():
        p = said[f"p_{name}"].to_numpy(np.float64)
        temperature = row.get("calibration", {}).get("temperature", {}).get("value")
        if temperature is not None:
            milder = tempered(np.stack([1 - p, p], 1), temperature)
            found[f"calibrated_{name}"] = milder[:, 1]
    chances = said[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    return found | {"set": _sets(chances, verdict["sets"], classes)}


def _sets(chances: Floats, told: Plain, classes: Sequence[str]) -> list[str]:
    """The classes of each record's set by name."""
    ends = [np.inf if end is None else end for end in told["thresholds"].values()]
    strange = aps if told["method"] == "aps" else lac
    inside = Sets(strange, np.array(ends), filled="filled" in told)(chances)
    return [BETWEEN.join(np.compress(row, np.asarray(classes, object))) for row in inside]
