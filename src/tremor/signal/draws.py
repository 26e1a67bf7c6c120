"""Uniform numbers for the records of a batch: anew in training, always the same where it judges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Generators = torch.Generator | Sequence[torch.Generator] | None


def own_generators(rows: Tensor) -> list[torch.Generator]:
    """One for each record, from its row of the table `(batch,)`: no other of its batch matters."""
    return [torch.Generator().manual_seed(int(row)) for row in rows]


def uniform(counts: Sequence[int], width: int, of: Generators, device: torch.device) -> Tensor:
    """Numbers from 0 to 1 `(sum of counts, width)`: so many rows for each record.

    Where each record has a generator of its own, they are the same on every device.
    """
    if of is None or isinstance(of, torch.Generator):
        return torch.rand(sum(counts), width, generator=of, device=device)
    each = [torch.rand(n, width, generator=own) for n, own in zip(counts, of, strict=True)]
    return torch.cat(each).to(device)
