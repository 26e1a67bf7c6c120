"""Players that follow the heart: windows by class, beats, and the parts of beats.

Every cell belongs to a player: what lies between is a player of its own. Where R peaks cannot be
trusted, there are uniform windows instead, and the players' note says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from tremor.errors import Refused
from tremor.explain import units
from tremor.explain.arrange import tiles
from tremor.explain.explanation import Axis
from tremor.explain.players import Players, every, partition
from tremor.signal.r_peaks import r_peaks

PHASES = {"pre": (-0.22, -0.05), "qrs": (-0.05, 0.08), "stt": (0.08, 0.20), "tlate": (0.20, 0.40)}
"""From and to, in s from the R peak: P wave, QRS complex, ST segment, late T wave."""
SHORTEST = 0.3  # s between two beats: two peaks nearer than this are one beat, found twice


def windows(
    axes: Sequence[Axis],
    seconds: float,
    classes: Mapping[str, float],
    asked: str = "",
    apart: bool = True,
) -> Players:
    """Uniform windows of so many seconds: those of the class `asked` about, else `seconds`."""
    return tiles(axes, classes.get(asked, seconds), None, apart)


def beats(
    axes: Sequence[Axis],
    record: Tensor,
    steps: int | None = None,
    seconds: float = 0.5,
    quality: float = 0.6,
    apart: bool = True,
) -> Players:
    """A window for each beat, from halfway after the beat before to halfway before the next.

    `record` is `(lead, time)`, of which `steps` are its own; `seconds` are those of a window where
    no beats are found."""
    found = _peaks(axes, record, steps, quality)
    if isinstance(found, str):
        return _uniform(axes, seconds, apart, found)
    peaks, length = found, record.shape[-1]
    middles = ((peaks[1:] + peaks[:-1]) // 2).tolist()
    ended = [] if steps is None or steps >= length else [steps]
    return _spans(axes, sorted({*middles, *ended}), apart)


def families(
    axes: Sequence[Axis],
    record: Tensor,
    steps: int | None = None,
    seconds: float = 0.5,
    quality: float = 0.6,
    apart: bool = True,
) -> Players:
    """P wave, QRS complex, ST segment and late T wave of each beat, and what lies between.

    Where beats are so near that phases overlap, the earlier one ends where the later begins.
    """
    found = _peaks(axes, record, steps, quality)
    if isinstance(found, str):
        return _uniform(axes, seconds, apart, found)
    step, length = units.step(axes[-1]), record.shape[-1]
    assert step is not None
    edges = [round(edge / step) for edge in sorted({e for span in PHASES.values() for e in span})]
    end = length if steps is None else min(steps, length)
    starts = [int(peak) + edges[0] for peak in found] + [end]
    cuts = {end}
    for peak, following in zip(found.tolist(), starts[1:], strict=True):
        cuts |= {peak + edge for edge in edges if peak + edge <= following}
    return _spans(axes, sorted(cut for cut in cuts if 0 < cut < length), apart)


def _peaks(
    axes: Sequence[Axis], record: Tensor, steps: int | None, quality: float
) -> np.ndarray[tuple[int], np.dtype[np.int64]] | str:
    """Samples of the beats, or in words why there are none to be trusted."""
    lead, time = axes[0], axes[-1]
    step = units.step(time)
    if len(axes) != 2 or time.name != "time" or step is None:
        fault = f"beats of an input with the axes {', '.join(axis.name for axis in axes)}"
        raise Refused(fault, "explainer.players", "explainer.space=signal")
    if not 0 <= quality <= 1:
        raise Refused(f"R peaks of a quality of {quality:g}", "explainer.players", "from 0 to 1")
    signal = record[..., :steps].detach().cpu().double().numpy()
    found = r_peaks(signal, 1 / step, [str(name) for name in lead.values])
    if found.quality < quality or not len(found.samples):
        return f"R peaks of quality {found.quality:.2f} ({found.reason or 'none found'})"
    apart = np.diff(found.samples, prepend=-signal.shape[1]) >= SHORTEST / step
    return found.samples[apart]


def _uniform(axes: Sequence[Axis], seconds: float, apart: bool, why: str) -> Players:
    made = tiles(axes, seconds, None, apart)
    return replace(made, note=f"{why}: beats dropped, windows of {seconds:g} s instead")


def _spans(axes: Sequence[Axis], cuts: list[int], apart: bool) -> Players:
    """Windows between cuts along the time, for each lead or over all."""
    shape = tuple(len(axis.values) for axis in axes)
    return partition(shape, [every(1, shape[0]) if apart else [], cuts])
