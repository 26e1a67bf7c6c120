"""The earlier fusion: spans of two methods, each lead scaled by its own largest weight.

The scale makes every lead's foremost span 1, whatever it is worth. `method_weights` weigh the
leads' scores only, which nothing that is measured ever read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tremor.errors import Refused
from tremor.explain.compat import CIRCULAR
from tremor.explain.compat.spans import Span, Spans, painted, spans_of
from tremor.explain.explanation import Explanation

Aggregate = Callable[[float, float], float]
NEAR = 0.02  # s between spans that are merged
ALIKE = 0.15  # of their mean: weights that are merged
PENALTY = 0.25  # of the sum of two weights that are of opposite sign
DEFAULT = (0.5, 0.5)


@dataclass(frozen=True)
class Geomean:
    """The geometric mean of two magnitudes."""

    def __call__(self, a: float, b: float) -> float:
        return math.sqrt(a * b)


@dataclass(frozen=True)
class Mean:
    """The mean of two magnitudes."""

    def __call__(self, a: float, b: float) -> float:
        return (a + b) / 2


@dataclass(frozen=True)
class Least:
    """The smaller of two magnitudes."""

    def __call__(self, a: float, b: float) -> float:
        return min(a, b)


@dataclass(frozen=True)
class Largest:
    """The larger of two magnitudes."""

    def __call__(self, a: float, b: float) -> float:
        return max(a, b)


def fuse(
    a: Explanation,
    b: Explanation,
    agg: Aggregate | None = None,
    beta: float = 1.0,
    tau: float = 0.02,
    topk: int = 5,
    method_weights: Mapping[str, Sequence[float]] | None = None,
    asked: str = "",
) -> Explanation:
    """The earlier LIME and TimeSHAP of one record as one: the `topk` leads of the largest mass.

    Spans that no other overlaps count `beta` times; weights below `tau` are dropped.
    """
    if a.axes != b.axes:
        raise Refused("explanations of different cells", "fusion", "the same record for both")
    agg = agg or Geomean()
    both = spans_of(a.values, a.axes), spans_of(b.values, b.axes)
    found = fused_spans(*both, agg, beta, tau)
    kept = foremost(found, topk)
    weights = (method_weights or {}).get(asked, DEFAULT)
    masses = [{name: _mass(rows) for name, rows in part.items()} for part in both]
    scores = {n: sum(w * m.get(n, 0.0) for w, m in zip(weights, masses, strict=True)) for n in kept}
    return replace(
        a,
        values=painted(kept, a.axes),
        errors=None,
        completeness_error=None,
        evaluations=a.evaluations + b.evaluations,
        method="EarlierFusion",
        settings={"agg": type(agg).__name__, "beta": beta, "tau": tau, "topk": topk},
        note=CIRCULAR,
        trust={f"lead_score_{name}": score for name, score in scores.items()},
    )


def fused_spans(first: Spans, second: Spans, agg: Aggregate, beta: float, tau: float) -> Spans:
    """Spans of every lead that either has, fused, small ones dropped, neighbours merged."""
    found = {}
    for lead in dict.fromkeys((*first, *second)):
        one, two = (scaled(spans.get(lead, [])) for spans in (first, second))
        rows = sorted(crossed(one, two, agg, beta))
        found[lead] = merged([row for row in rows if abs(row[2]) >= tau])
    return found


def scaled(spans: Sequence[Span]) -> list[Span]:
    """Weights over the largest magnitude among them."""
    most = max((abs(weight) for _, _, weight in spans), default=0.0) or 1.0
    return [(start, stop, weight / most) for start, stop, weight in spans]


def crossed(
    one: Sequence[Span], two: Sequence[Span], agg: Aggregate, beta: float
) -> Iterator[Span]:
    """Every overlap of two lists of spans with what both make of it, and those that have none."""
    met = set()
    for i, (start, stop, weight) in enumerate(one):
        for j, (begin, end, other) in enumerate(two):
            low, high = max(start, begin), min(stop, end)
            if low < high:
                met |= {(0, i), (1, j)}
                yield low, high, _both(weight, other, agg)
    for side, spans in enumerate((one, two)):
        alone = (span for place, span in enumerate(spans) if (side, place) not in met)
        yield from ((start, stop, beta * weight) for start, stop, weight in alone)


def _both(a: float, b: float, agg: Aggregate) -> float:
    """One weight of two: the aggregate where they are of one sign, else little."""
    if a * b < 0:
        return PENALTY * (a + b)
    return math.copysign(agg(abs(a), abs(b)), a if abs(a) >= abs(b) else b)


def merged(spans: Sequence[Span]) -> list[Span]:
    """Neighbouring spans of about one weight as one, which has their mean."""
    found: list[Span] = []
    for start, stop, weight in spans:
        begin, end, before = found[-1] if found else (-math.inf, -math.inf, 0.0)
        middle = abs(weight + before) / 2
        if start - end <= NEAR and abs(weight - before) <= ALIKE * middle:
            found[-1] = (begin, max(end, stop), (weight + before) / 2)
        else:
            found.append((start, stop, weight))
    return found


def foremost(spans: Spans, topk: int) -> Spans:
    """The leads of the largest mass; the first of equals first."""
    order = sorted(spans, key=lambda lead: -_mass(spans[lead]))
    return {lead: spans[lead] for lead in order[:topk]}


def _mass(spans: Sequence[Span]) -> float:
    return sum((stop - start) * abs(weight) for start, stop, weight in spans)
