"""Players in the units of a record's axes: seconds, hertz, octaves, components."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tremor.errors import Refused
from tremor.explain import units
from tremor.explain.explanation import Axis
from tremor.explain.players import Players, every, octaves, partition

Cuts = list[int]


def cells(axes: Sequence[Axis]) -> Players:
    """Each cell is a player."""
    return partition(_shape(axes), [every(1, length) for length in _shape(axes)])


def tiles(
    axes: Sequence[Axis], seconds: float | None, hertz: float | None, apart: bool = True
) -> Players:
    """Boxes of so many seconds by so many Hz; null leaves that axis whole.

    `apart` gives each component (and band) players of its own.
    """
    cuts = [_cuts(axis, seconds, hertz, apart) for axis in axes]
    return partition(_shape(axes), cuts)


def bands(axes: Sequence[Axis], apart: bool = True) -> Players:
    """Octaves along the frequency, over all times."""
    frequency = next((axis for axis in axes if axis.name == "frequency"), None)
    if frequency is None and not any(axis.name == "band" for axis in axes):
        fault = f"octaves of an input with the axes {', '.join(axis.name for axis in axes)}"
        remedy = "explainer.space=spectrogram, or explainer.space=bands"
        raise Refused(fault, "explainer.players", remedy)
    cuts = [_cuts(axis, None, None, apart or axis.name == "band") for axis in axes]
    if frequency is not None:
        cuts[axes.index(frequency)] = octaves(torch.tensor(frequency.values))
    return partition(_shape(axes), cuts)


def components(axes: Sequence[Axis]) -> Players:
    """Each component (lead), over all times and frequencies."""
    return partition(_shape(axes), [_cuts(axis, None, None, True) for axis in axes])


def _shape(axes: Sequence[Axis]) -> tuple[int, ...]:
    return tuple(len(axis.values) for axis in axes)


def _cuts(axis: Axis, seconds: float | None, hertz: float | None, apart: bool) -> Cuts:
    """Where new players begin along an axis."""
    length = len(axis.values)
    if not axis.unit:
        return every(1, length) if apart else []
    unit, step = units.base(axis.unit), units.step(axis)
    width = {"s": seconds, "Hz": hertz}.get(unit)
    if width is None or step is None:
        return []
    if width <= 0:
        raise Refused(f"players of {width:g} {unit}", "explainer.players", "a width above 0")
    return every(max(1, round(width / step)), length)
