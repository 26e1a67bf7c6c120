"""Random changes of records of the magnetic field, in which slow trends dwarf what is sought."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.signal.masks import valid


class FieldAugment(nn.Module):
    """Shift, gain and noise, each with its own probability for each record.

    A shifted record (by at most a share of itself) goes on past its end as its mirror image about
    the last sample: zeros, or what lies at the other end, would be a step of the size of the trend,
    whose spectrum covers every band. Gain changes a record as a whole and, by less, each component
    by itself, as instruments are calibrated. White noise has a level of its own: relative to the
    record it would depend on the trend.
    """

    def __init__(
        self,
        shift_p: float = 0.5,
        max_shift: float = 0.02,
        gain_p: float = 0.3,
        gain_db: float = 1.0,
        component_gain_db: float = 0.3,
        noise_p: float = 0.3,
        noise_db: tuple[float, float] = (-60.0, -40.0),
    ):
        super().__init__()
        if not 0 <= max_shift <= 0.5:
            fault = f"augment.max_shift is {max_shift}, must be a share of the record up to 0.5"
            raise Refused(fault, "augment.max_shift", "augment.max_shift=0.02")
        self.shift_p, self.max_shift = shift_p, max_shift
        self.gain_p, self.gain_db, self.component_gain_db = gain_p, gain_db, component_gain_db
        self.noise_p, self.noise_db = noise_p, noise_db

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """`(batch, channel, time)` changed; samples past `length` stay zero."""
        chosen, amount = torch.rand(2, 3, len(x), device=x.device)
        shift = (2 * amount[0] - 1) * self.max_shift * length * (chosen[0] < self.shift_p)
        whole = (2 * amount[1] - 1) * self.gain_db
        own = (2 * torch.rand(x.shape[:2], device=x.device) - 1) * self.component_gain_db
        gain = (whole[:, None] + own) * (chosen[1] < self.gain_p)[:, None]
        low, high = self.noise_db
        level = 10 ** ((low + (high - low) * amount[2]) / 20) * (chosen[2] < self.noise_p)
        inside = valid(length, x.shape[-1])[:, None]
        noise = torch.randn_like(x).mul_(level[:, None, None] * inside)
        moved = shifted(x, length, shift.round().long())
        return noise.addcmul_(moved, 10 ** (gain / 20)[..., None])


def shifted(x: Tensor, length: Tensor, shift: Tensor) -> Tensor:
    """Records `(batch, channel, time)` later by whole samples `(batch,)`, up to half of them.

    What comes in at an end is the record mirrored about its last sample there, in time and value.
    """
    last = (length - 1)[:, None]
    time = torch.arange(x.shape[-1], device=x.device)
    at = time - shift[:, None]
    beyond = (at < 0) | (at > last)
    end = torch.where(at < 0, 0, last)
    near = torch.where(beyond, 2 * end - at, at).clamp(min=0).minimum(last)
    read, turn = (x.gather(-1, index[:, None].expand_as(x)) for index in (near, end.expand_as(at)))
    moved = torch.where(beyond[:, None], 2 * turn - read, read)
    return moved * (time < length[:, None])[:, None]
