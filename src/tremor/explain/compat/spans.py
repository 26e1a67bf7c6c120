"""Weights of spans of time, lead by lead: what the earlier work calls an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from tremor.explain import units
from tremor.explain.explanation import Axis

Span = tuple[float, float, float]  # start and stop [s], weight
Spans = dict[str, list[Span]]


@dataclass(frozen=True)
class Weights:
    """Of windows `(window,)`, and of leads `(chosen, lead)` in the `chosen` ones of them.

    `starts (window + 1,)` are the samples at which windows begin, and the end of the last.
    """

    windows: Tensor
    chosen: tuple[int, ...]
    leads: Tensor
    starts: tuple[int, ...]

    def scores(self) -> Tensor:
        """Of leads: sums of magnitudes over the windows chosen."""
        return self.leads.abs().sum(0)

    def top_leads(self, most: int) -> list[int]:
        """The leads of the highest scores; the first of equals first."""
        return self.scores().argsort(descending=True, stable=True)[:most].tolist()

    def spans(self, names: Sequence[str], rate: float, most: int) -> Spans:
        """Spans of the top leads in the chosen windows, by the time."""
        found: Spans = {}
        for lead in self.top_leads(most):
            each = zip(self.chosen, self.leads[:, lead].tolist(), strict=True)
            rows = ((self.starts[w] / rate, self.starts[w + 1] / rate, value) for w, value in each)
            found[names[lead]] = sorted(rows)
        return found


def painted(spans: Mapping[str, Sequence[Span]], axes: Sequence[Axis]) -> Tensor:
    """Spans as a map `(lead, time)`: weight over rate a sample, so that sums are weight seconds."""
    step, names = units.step(axes[-1]), [str(name) for name in axes[0].values]
    assert step is not None
    values = torch.zeros(len(names), len(axes[-1].values), dtype=torch.float64)
    for name, rows in spans.items():
        for start, stop, weight in rows:
            here = slice(round(start / step), round(stop / step))
            values[names.index(name), here] += weight * step
    return values


def spans_of(values: Tensor, axes: Sequence[Axis]) -> Spans:
    """A map `(lead, time)` as spans again: stretches of one weight other than 0."""
    step = units.step(axes[-1])
    assert step is not None
    found: Spans = {}
    for name, row in zip(axes[0].values, values.double().numpy(), strict=True):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        rows = [(a * step, b * step, float(row[a]) / step) for a, b in pairwise(edges) if row[a]]
        if rows:
            found[str(name)] = rows
    return found
