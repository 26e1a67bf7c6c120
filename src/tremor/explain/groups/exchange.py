"""What a permutation of events exchanges, and the studentised statistic of every exchange."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tremor.explain.groups.events import Floats

ROUNDING = 1e-9
SMALLEST = 1e-6
"""A standard error below this share of the cell's spread is counted as this share."""


class Swap(Protocol):
    """Event values, the way they are exchanged, and the statistic of an exchange."""

    exchanged: str
    difference: Floats
    d: Floats

    def observed(self) -> Floats: ...

    def drawn(self, rng: np.random.Generator, many: int) -> Floats: ...

    def statistic(self, weights: Floats) -> Floats: ...


class Labels:
    """Events wholly on one side: values `(event, cell)`, the first `first` of them side A."""

    exchanged = "labels between events"

    def __init__(self, values: Floats, first: int):
        self.first, self.other = first, len(values) - first
        a, b = values[:first], values[first:]
        self.difference = a.mean(0) - b.mean(0)
        within = (first - 1) * a.var(0, ddof=1) + (self.other - 1) * b.var(0, ddof=1)
        spread = _spread(values)
        self.d = _effect(self.difference, np.sqrt(within / (len(values) - 2)), spread)
        self.values = _over(values - values.mean(0), spread)
        self.squares = self.values**2
        self.total = self.squares.sum(0)

    def observed(self) -> Floats:
        return (np.arange(self.first + self.other) < self.first).astype(np.float64)[None]

    def drawn(self, rng: np.random.Generator, many: int) -> Floats:
        return np.asarray(rng.permuted(np.repeat(self.observed(), many, axis=0), axis=1))

    def statistic(self, weights: Floats) -> Floats:
        """Welch's t `(permutation, cell)`; weights `(permutation, event)` are 1 on side A.

        Values are centred, so the sum of side B is that of A with its sign turned.
        """
        n, m = self.first, self.other
        sums, squares = weights @ self.values, weights @ self.squares
        spread_a = (squares - sums**2 / n) / (n * (n - 1))
        spread_b = (self.total - squares - sums**2 / m) / (m * (m - 1))
        error = np.sqrt(np.maximum(spread_a + spread_b, SMALLEST**2))
        return np.asarray(sums * (1 / n + 1 / m) / error)


class Signs:
    """Events that are symmetric about zero if nothing is there: values `(event, cell)`."""

    def __init__(self, values: Floats, exchanged: str):
        self.exchanged = exchanged
        self.difference, spread = values.mean(0), _spread(values)
        self.d = _effect(self.difference, spread, spread)
        size = np.where(spread > 0, np.sqrt((values**2).mean(0)), 0)
        self.values = _over(values, size)

    def observed(self) -> Floats:
        return np.ones((1, len(self.values)))

    def drawn(self, rng: np.random.Generator, many: int) -> Floats:
        return np.asarray(rng.integers(0, 2, (many, len(self.values))) * 2.0 - 1.0)

    def statistic(self, weights: Floats) -> Floats:
        """Student's t `(permutation, cell)`; the mean square is 1 whatever the signs."""
        mean = weights @ self.values / len(self.values)
        error = np.sqrt(np.maximum(1 - mean**2, SMALLEST**2) / (len(self.values) - 1))
        return np.asarray(mean / error)


def apart(a: Floats, b: Floats) -> Floats:
    """Differences within events `(event, cell)`, 0 where there is nothing but rounding."""
    found = a - b
    return np.where(np.abs(found) > ROUNDING * np.abs(a), found, 0)


def _spread(values: Floats) -> Floats:
    """Standard deviation over events, 0 where there is nothing but rounding."""
    spread = values.std(0, ddof=1)
    return np.where(spread > ROUNDING * np.abs(values).max(0), spread, 0)


def _over(numbers: Floats, scale: Floats) -> Floats:
    """Quotients, 0 where the scale is."""
    return np.divide(numbers, scale, out=np.zeros_like(numbers), where=scale > 0)


def _effect(differences: Floats, within: Floats, spread: Floats) -> Floats:
    """Cohen's d: 0 where nothing varies at all, infinite where only the sides differ."""
    endless = np.where(spread > 0, np.copysign(np.inf, differences), 0)
    measurable = (spread > 0) & (within > ROUNDING * spread)
    return np.divide(differences, within, out=endless, where=measurable)
