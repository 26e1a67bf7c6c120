"""A file of samples that is read where it is asked for, and nowhere else."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tremor.errors import TremorError


class Samples:
    """Float32 values at any place of a file.

    Not mapped: reading at random from a file larger than memory then costs what is read, and no
    more around it, and the process holds none of it afterwards. Reads share no position.
    """

    def __init__(self, path: Path):
        self.path, self._handle = path, os.open(path, os.O_RDONLY)
        self.close = weakref.finalize(self, os.close, self._handle)

    def expect(self, starts: list[int], sizes: list[int]) -> None:
        """Tell the system what is about to be read, so that a disk is asked for it all at once."""
        if hasattr(os, "posix_fadvise"):
            for start, size in zip(starts, sizes, strict=True):
                os.posix_fadvise(self._handle, 4 * start, 4 * size, os.POSIX_FADV_WILLNEED)

    def fill(self, array: NDArray[np.float32], start: int) -> None:
        """Read as many values as the contiguous array takes, from the value `start` on."""
        got = os.preadv(self._handle, [array.data], 4 * start)
        if got != array.nbytes:
            fault = f"a cached record set ends early: {got} of {array.nbytes} bytes"
            remedy = "delete this folder; it is made again from the source"
            raise TremorError(fault, str(self.path.parent), remedy)
