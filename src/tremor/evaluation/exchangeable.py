"""Whether test groups are like those of validation: what was fitted there holds only if so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from tremor.evaluation.metrics import Floats
from tremor.evaluation.paired import holm
from tremor.evaluation.scoring import Plain

QUANTITIES = ("magnitude", "distance_km", "depth_km", "snr_db", "age")
RARE, APART = 0.01, 0.2
"""p after correction, and how far from one half, from which a difference is a warning."""
FEWEST = 5
LATER = "test groups are {} than those of validation"
OTHER = "test groups have {} {} than those of validation"
STRANGE = "{:.0%} of the test records are of stations that validation has none of"


def exchangeable(test: pd.DataFrame, validation: pd.DataFrame) -> Plain:
    """What tells test groups from validation groups: `checks`, and `warnings` in words.

    Each check is the probability that a quantity is larger in a test group than in one of
    validation (`value`, chance 0.5), with p after Holm. `in_time`: they follow in time.
    """
    found = list(_checks(test, validation))
    corrected = holm([check["p"] for check in found])
    checks = [c | {"p_holm": p} for c, p in zip(found, corrected, strict=True)]
    apart = [c for c in checks if c["p_holm"] < RARE and abs(c["value"] - 0.5) > APART]
    warnings = [_said(check) for check in apart]
    new = _new_stations(test, validation)
    if new:
        warnings.append(STRANGE.format(new))
    return {
        "checks": checks,
        "new_stations": new,
        "in_time": any(check["quantity"] == "time" for check in apart),
        "warnings": warnings,
    }


def _checks(test: pd.DataFrame, validation: pd.DataFrame) -> Iterator[Plain]:
    for name in ("time", *QUANTITIES):
        ours, theirs = (known_of_groups(table, name) for table in (test, validation))
        if min(len(ours), len(theirs)) >= FEWEST and len(np.unique([*ours, *theirs])) > 1:
            area, p = stats.mannwhitneyu(ours, theirs)
            value = float(area / len(ours) / len(theirs))
            yield {"quantity": name, "value": value, "chance": 0.5, "p": float(p)}


def known_of_groups(table: pd.DataFrame, name: str) -> Floats:
    """The median of a quantity over each group's records, of the groups where it is known."""
    values = days(table) if name == "time" else table.get(name)
    if values is None:
        return np.zeros(0)
    each = pd.to_numeric(values).groupby(table["group"]).median().dropna()
    return each.to_numpy(np.float64)


def days(table: pd.DataFrame) -> pd.Series[float] | None:
    """When each record begins, in days from 1970; nothing where no time is known."""
    if "start_time" not in table or not table["start_time"].astype(bool).any():
        return None
    time = pd.to_datetime(table["start_time"], format="ISO8601", utc=True, errors="coerce")
    return (time - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)


def _said(check: Plain) -> str:
    more = check["value"] > 0.5
    if check["quantity"] == "time":
        return LATER.format("later" if more else "earlier")
    name = check["quantity"].removesuffix("_km").removesuffix("_db").replace("snr", "SNR")
    return OTHER.format("larger" if more else "smaller", name)


def _new_stations(test: pd.DataFrame, validation: pd.DataFrame) -> float:
    """The share of test records at stations that validation does not know."""
    if "station" not in test or not test["station"].astype(bool).any():
        return 0.0
    return float((~test["station"].isin(set(validation["station"]))).mean())
