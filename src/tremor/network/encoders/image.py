"""Pictures as they are: the encoder of records that a folder of images gave."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below
from tremor.network.layers.standardise import Standardise


class Image(nn.Module):
    """`(batch, channel, column * row)`, column after column, to `(batch, channel, row, column)`.

    `f_t_range` says what the centres of the first and last row (Hz) and column (s) stand for; null
    leaves them as numbers. `standardise` brings each channel to mean 0 and spread 1 over the
    training records.
    """

    def __init__(
        self,
        channels: int,
        length: int,
        sampling_rate: float,
        height: int,
        f_t_range: tuple[float, float, float, float] | None = None,
        standardise: bool = True,
    ):
        super().__init__()
        not_below("encoder", height=height)
        if height > length:
            fault = f"encoder.height is {height}; the records have {length} samples"
            raise Refused(fault, "encoder.height", "dataset=image_folder, whose records are images")
        self.height, self.range = height, f_t_range
        self.out_shape = (channels, height, length // height)
        self.standard = Standardise(channels) if standardise else None

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures, and the number of whole columns of each."""
        columns = x.shape[-1] // self.height
        shape = (*x.shape[:2], columns, self.height)
        picture = x[..., : columns * self.height].reshape(shape).transpose(2, 3)
        steps = (length // self.height).clamp(min=1)
        return picture if self.standard is None else self.standard(picture), steps

    def coordinates(self) -> dict[str, Tensor]:
        """Centres of rows (Hz) and columns (s from the record's start), or their numbers."""
        _, rows, columns = self.out_shape
        if self.range is None:
            return {"row": torch.arange(rows), "column": torch.arange(columns)}
        low, high, first, last = self.range
        times = torch.linspace(first, last, columns)
        return {"frequency": torch.linspace(low, high, rows), "time": times}
