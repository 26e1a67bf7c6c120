"""A few steps at a time, so that what is worked on stays in the cache, where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

HELD = 2**17  # numbers of each tensor


def rows(features: int, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same few steps of all `(batch, step, …)` as `(step, …)`; all at once on a GPU."""
    flat = [x.flatten(0, 1) for x in tensors]
    by = max(1, HELD // features) if flat[0].device.type == "cpu" else len(flat[0])
    return zip(*(x.split(by) for x in flat), strict=True)
