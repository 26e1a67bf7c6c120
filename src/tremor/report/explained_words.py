"""What explanations are, in numbers for a summary and in a paragraph for a paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tremor.explain.audit.audit import Audit
from tremor.explain.compared import Difference
from tremor.explain.explanations import Explanations
from tremor.explain.groups.pointing import Pointing

METHODS = {
    "Owen": "Owen values (Owen, 1977) of single cells along a tree of halved rectangles, from "
    "antithetic random orderings",
    "GuidedOwen": "Owen values (Owen, 1977) along a tree of halved rectangles, from antithetic "
    "random orderings, with mean gradient credits as a control variate",
    "Leverage": "Shapley values by regression on coalitions drawn in pairs by their leverage "
    "(Musco & Witter, 2025)",
    "PartitionShap": "the hierarchical estimate of the shap library's Partition explainer",
    "ShapPartition": "the shap library's Partition explainer (Lundberg & Lee, 2017)",
    "ShapKernel": "the shap library's Kernel explainer (Lundberg & Lee, 2017), no feature dropped",
    "ShapGradient": "the shap library's Gradient explainer",
    "Occlusion": "the loss of the score when one part is replaced",
    "IntegratedGradients": "integrated gradients (Sundararajan et al., 2017), Gauss-Legendre",
    "ExpectedGradients": "expected gradients (Erion et al., 2021) over training records",
    "SmoothGrad": "SmoothGrad (Smilkov et al., 2017)",
    "GradCAM": "Grad-CAM (Selvaraju et al., 2017), signed",
    "LayerCAM": "LayerCAM (Jiang et al., 2021)",
    "HeadCAM": "the exact class activation map of the linear head, with the scale of LayerNorm "
    "held at the record's",
}
UNTESTED = 24
"""Comparisons without a test that are told one by one; more are counted."""

FILLS = {
    "mean": "the mean of training records",
    "samples": "training records, averaged over draws",
    "blur": "the record itself, smoothed",
    "zero": "zero",
    "noise": "noise of the record's own level",
}


def summary(
    found: Explanations,
    differences: list[Difference],
    audit: Audit | None,
    aim: Pointing | None,
    match: Sequence[str] = (),
) -> dict[str, Any]:
    """All of summary.json but the figures: plain types, None where a number is not known."""
    told = audit.summary() if audit else {"caption": "Not audited."}
    return {
        **{key: found.meta.get(key) for key in ("explainer", "space", "target", "split", "select")},
        "fill": found.meta.get("fill"),
        "records": len(found),
        "events": int(found.table["group"].nunique()),
        "resolution": found.resolution(),
        "units": {axis.name: axis.unit for axis in found.axes},
        "completeness_error": _spread(found.table["completeness_error"].abs()),
        "relative_standard_error": _spread(relative_errors(found)),
        "evaluations": {
            "per_record": float(found.table["evaluations"].median()),
            "total": int(found.table["evaluations"].sum()),
        },
        "overall": told.get("verdict"),
        "caption": told["caption"],
        "audit": told.get("checks"),
        "audit_records": told.get("records"),
        "differences": [told_difference(found, one) for one in differences],
        "pointing": None if aim is None else _pointing(aim),
        "notes": notes(found, differences),
        "match": list(match),
        "methods": paragraph(found, differences, match),
        "figures": [],
    }


def relative_errors(found: Explanations) -> list[float]:
    """Of each record that has any."""
    each = (found.one(row).relative_error for row in range(len(found)))
    return [error for error in each if error is not None]


def _spread(values: Any) -> dict[str, float] | None:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return {"median": float(np.median(known)), "max": float(known.max())} if len(known) else None


def told_difference(found: Explanations, one: Difference) -> dict[str, Any]:
    """A test in a few numbers."""
    names = {"station": one.station, "a": found.classes[one.a], "b": found.classes[one.b]}
    if one.found is None:
        return names | {"significant_cells": None, "smallest_p": None, "reason": one.reason}
    return names | {
        "significant_cells": int(one.found.significant.sum()),
        "cells": int(one.found.significant.size),
        "smallest_p": float(one.found.p.min()),
        "level": one.found.level,
        "records": list(one.found.records),
        "events": list(one.found.events),
        "reason": "",
    }


def _pointing(aim: Pointing) -> dict[str, Any]:
    """Scores with their intervals; null where there are too few events for one."""

    def told(score: Any) -> list[float | None]:
        return [float(v) if np.isfinite(v) else None for v in (score.value, score.low, score.high)]

    return {
        kind: {
            name: told(getattr(of, name))
            for name in ("score", "template", "beyond", "rolled", "lift")
        }
        for kind, of in {"signed": aim.signed, "absolute": aim.absolute}.items()
    } | {"records": aim.records, "events": aim.events, "area": aim.area}


def notes(found: Explanations, differences: list[Difference]) -> list[str]:
    """What must be known before the maps are read."""
    said = []
    still = int((found.values.reshape(len(found), -1) == 0).all(1).sum())
    if still:
        said.append(
            f"{still} of {len(found)} records: the score is the same whatever is replaced, "
            "so there is nothing to explain."
        )
    head, _, way = found.meta["target"].rpartition(":")
    if way in ("predicted", "true") and len(found.classes) > 1:
        of = f"{head}:" if head else ""
        pair = f"contrast({of}{found.classes[-1]},{of}{found.classes[0]})"
        said.append(
            f"Each class is asked for its own logit (target={found.meta['target']}): to compare "
            f"classes by one question, use 'target={pair}'."
        )
    counts = found.table["note"].value_counts()
    said += [f"{count} of {len(found)} records: {text}." for text, count in counts.items() if text]
    reasons = dict.fromkeys(f"{d.station}: {d.reason}" for d in differences if d.reason)
    untested = sum(bool(d.reason) for d in differences)
    if untested > UNTESTED:
        first = next(iter(reasons))
        return [*said, f"Not tested: {untested} of {len(differences)} comparisons; {first}, …"]
    return [*said, *(f"Not tested, {reason}." for reason in reasons)]


def comparisons(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """What came of each comparison of classes; many that were not made are counted."""
    made = [_test(one) for one in told if not one["reason"]]
    left = [one for one in told if one["reason"]]
    if len(left) <= UNTESTED:
        return [_test(one) for one in told]
    few = _test(left[0]).replace(": not made,", ":")
    return [*made, f"{len(left)} of {len(told)} not made, such as {few}"]


def _test(one: Mapping[str, Any]) -> str:
    what = f"{one['a']} − {one['b']} at {one['station']}"
    if one["reason"]:
        return f"{what}: not made, {one['reason']}"
    cells = f"{one['significant_cells']} of {one['cells']} cells significant"
    return f"{what}: {cells} (family-wise, smallest p {one['smallest_p']:.3f})"


def _score(target: str) -> str:
    """What was explained, as a paper says it."""
    if pair := re.fullmatch(r"contrast\((.+),(.+)\)", target):
        return f"the logit of {pair[1].strip()} less that of {pair[2].strip()}"
    head, _, way = target.rpartition(":")
    scores = {"predicted": "the logit of the predicted class", "true": "the true class's logit"}
    if way in scores:
        return scores[way] + (f" of {head}" if head else "")
    return f"the logit of {target}"


def paragraph(found: Explanations, differences: Sequence[Difference], match: Sequence[str]) -> str:
    """How the maps were made, ready for the methods section of a paper."""
    meta, size = found.meta, found.resolution()
    units = {axis.name: axis.unit for axis in found.axes}
    told = [f"{value:.3g} {units[name]}" for name, value in size.items()]
    score = _score(meta["target"])
    lines = [
        f"We explained {score} for {len(found)} records of {found.table['group'].nunique()} "
        f"events ({meta['split']} part, selection: {meta['select']}) in the {meta['space']}",
        f"by {METHODS.get(meta['method'], meta['method'])}.",
    ]
    if meta.get("fill"):
        lines.append(f"Absent parts were replaced by {FILLS.get(meta['fill'], meta['fill'])}.")
    each = float(found.table["evaluations"].median())
    lines.append(f"Each record took {each:,.0f} evaluations of the network (median)")
    lines[-1] += f"; maps resolve {' by '.join(told)}." if told else "."
    errors = relative_errors(found)
    if len(errors):
        lines.append(f"The median relative standard error of a map is {np.median(errors):.2g}.")
    made = [one.found for one in differences if one.found is not None]
    if made:
        lines.append(
            f"Differences between classes were tested by {made[0].permutations:,} permutations of "
            "events with family-wise control over all cells, stations and pairs of classes "
            "(max-T, 5 % in all)."
        )
    if made and match:
        lines.append(f"Events were matched on {', '.join(match)} for these tests.")
    lines.append(f"Computed with Tremor {meta['versions']['tremor']}.")
    return " ".join(lines)
