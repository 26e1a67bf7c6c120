"""Fan charts in numbers: the median waveform of each class, and quantile bands around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Index = NDArray[np.int64]


class Waveforms(Protocol):
    """`(record, channel, time)` that is read only where it is indexed by records."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, positions: Index, /) -> Array: ...


@dataclass(frozen=True)
class Fan:
    """Waveforms of each class in summary, over `time` in s.

    `median` is `(class, channel, time)` and `bands` is `(quantile, class, channel, time)`; not a
    number where a class has no sample. `drawn` of the `records` of each class were looked at.
    `step` samples share one point: its band holds all of theirs, its median is the middle one.
    """

    classes: tuple[str, ...]
    channels: tuple[str, ...]
    quantiles: tuple[float, ...]
    time: NDArray[np.floating[Any]]
    median: Array
    bands: Array
    records: tuple[int, ...]
    drawn: tuple[int, ...]
    step: int
    zscored: bool

    def inhabited(self) -> Fan:
        """The same without classes that have no record; all of them where none has any."""
        kept = [place for place, count in enumerate(self.records) if count]
        if len(kept) in (0, len(self.records)):
            return self
        return replace(
            self,
            classes=tuple(self.classes[place] for place in kept),
            median=self.median[kept],
            bands=self.bands[:, kept],
            records=tuple(self.records[place] for place in kept),
            drawn=tuple(self.drawn[place] for place in kept),
        )


def fan(
    waveforms: Waveforms,
    labels: Index,
    classes: Sequence[str],
    sampling_rate: float,
    *,
    channels: Sequence[str],
    quantiles: Sequence[float] = (0.1, 0.25, 0.75, 0.9),
    lengths: Index | None = None,
    align: Index | None = None,
    zscore: bool = True,
    limit: int = 500,
    seed: int = 0,
    points: int = 600,
) -> Fan:
    """Median and quantiles of `waveforms` `(record, channel, time)` at each time, class by class.

    `lengths` says where a record's padding starts; `align` moves a record later by so many samples
    (earlier if negative), leaving gaps. Each record is z-scored per channel unless told otherwise.
    At most `limit` records a class, chosen by `seed`, are held in memory.
    """
    step = -(-waveforms.shape[2] // points)
    levels = np.array([0.5, *quantiles])
    chosen = choose(labels, len(classes), limit, seed)
    curves = []
    for picked in chosen:
        placed = _placed(waveforms[picked], _of(lengths, picked), _of(align, picked))
        scaled = _zscore(placed) if zscore else placed
        curves.append(_thin(_quantiles(scaled, levels), levels, step))
    curve = np.stack(curves, axis=1)
    return Fan(
        classes=tuple(classes),
        channels=tuple(channels),
        quantiles=tuple(quantiles),
        time=(np.arange(curve.shape[-1]) * step + (step - 1) / 2) / sampling_rate,
        median=curve[0],
        bands=curve[1:],
        records=tuple(int((labels == label).sum()) for label in range(len(classes))),
        drawn=tuple(len(picked) for picked in chosen),
        step=step,
        zscored=zscore,
    )


def choose(labels: Index, classes: int, limit: int, seed: int) -> list[Index]:
    """For each class, the positions of at most `limit` of its records, in rising order."""
    random = np.random.default_rng(seed)
    found = [np.flatnonzero(labels == label) for label in range(classes)]
    return [np.sort(random.permutation(positions)[:limit]) for positions in found]


def _of(values: Index | None, picked: Index) -> Index | None:
    return None if values is None else values[picked]


def _placed(waveforms: Array, lengths: Index | None, align: Index | None) -> Array:
    """Records at their place in time, not-a-number where they have no sample."""
    if lengths is None and align is None:
        return np.asarray(waveforms)
    count, _, size = waveforms.shape
    ends = np.full(count, size) if lengths is None else lengths
    shift = np.zeros(count, dtype=np.int64) if align is None else align
    source = np.arange(size) - shift[:, None]
    there = (source >= 0) & (source < ends[:, None])
    moved = np.take_along_axis(waveforms, source.clip(0, size - 1)[:, None, :], axis=2)
    return np.where(there[:, None, :], moved, np.float32(np.nan))


def _zscore(waveforms: Array) -> Array:
    """Each record and channel at mean 0 and deviation 1 over its own samples; a flat one at 0."""
    there = ~np.isnan(waveforms)
    count = np.maximum(there.sum(axis=2, keepdims=True), 1)
    centred = waveforms - np.nansum(waveforms, axis=2, keepdims=True) / count
    deviation = np.sqrt(np.nansum(centred**2, axis=2, keepdims=True) / count)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1), dtype=np.float32)


def _quantiles(waveforms: Array, levels: NDArray[np.float64]) -> Array:
    """`numpy.nanquantile` over records, by one sort: `(level, channel, time)`."""
    if not len(waveforms):
        return np.full((len(levels), *waveforms.shape[1:]), np.nan, dtype=np.float32)
    rising = np.sort(waveforms, axis=0)
    last = np.maximum((~np.isnan(rising)).sum(axis=0) - 1, 0)
    place = levels[:, None, None] * last
    below = np.floor(place).astype(np.int64)
    low = np.take_along_axis(rising, below, axis=0)
    high = np.take_along_axis(rising, np.minimum(below + 1, last), axis=0)
    return np.asarray(low + (high - low) * (place - below), dtype=np.float32)


def _thin(curves: Array, levels: NDArray[np.float64], step: int) -> Array:
    """One point for `step` samples: the widest band, the middle median."""
    if step == 1:
        return curves
    missing = -curves.shape[2] % step
    blocks = np.pad(curves, ((0, 0), (0, 0), (0, missing)), mode="edge")
    blocks = blocks.reshape(*curves.shape[:2], -1, step)
    return np.stack([_point(block, level) for block, level in zip(blocks, levels, strict=True)])


def _point(block: Array, level: float) -> Array:
    """What one curve says of `step` samples: `(channel, point, step)` to `(channel, point)`."""
    if level == 0.5:
        return np.asarray(block[..., block.shape[-1] // 2])
    extreme = np.fmin if level < 0.5 else np.fmax
    return np.asarray(extreme.reduce(block, axis=-1))
