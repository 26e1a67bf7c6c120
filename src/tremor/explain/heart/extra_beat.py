"""A record with one heartbeat more: the same heart to a reader, and to a sound explanation."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.heart.tokens import Index, Seen

BEFORE, AFTER = 0.3, 0.4  # s of a beat around its R peak
SEED = 1234


@dataclass(frozen=True)
class ExtraBeat:
    """`signal (lead, time)` in which beat `beat` comes twice: `shift` samples in from `at`.

    `steps` of it are signal; it is as long as the original, so that what was last has left.
    """

    signal: NDArray[Any]
    steps: int
    beat: int
    at: int
    shift: int
    seed: int

    def moved(self, samples: NDArray[Any]) -> Index:
        """Where samples of the original are in the copy: those from `at` on come later."""
        old = np.asarray(samples, np.int64)
        return np.asarray(np.where(old < self.at, old, old + self.shift), np.int64)

    def kept(self, samples: NDArray[Any]) -> NDArray[np.bool_]:
        """Which samples of the original are in the copy at all."""
        return np.asarray(self.moved(samples) < self.steps)


def beat_seed(path: str, seed: int = SEED) -> int:
    """The seed of a record: `seed XOR crc32(path)`, of 32 bits.

    The path is relative to the data's root and written with `/`, so that it is the same on every
    machine. The toolkit before us took the absolute path as its author's Windows wrote it: its
    seeds come back with that very string, by `raw_seed`.
    """
    return raw_seed(PurePosixPath(path.replace("\\", "/")).as_posix(), seed)


def raw_seed(text: str, seed: int = SEED) -> int:
    """`seed XOR crc32(text)`, the text as it is."""
    return (seed ^ zlib.crc32(text.encode("utf-8"))) & 0xFFFFFFFF


def with_extra_beat(
    seen: Seen, seed: int, before: float = BEFORE, after: float = AFTER
) -> ExtraBeat:
    """A copy in which one beat, drawn by `seed`, is followed by itself.

    The beat is neither first nor last, and lies whole (`before` to `after` s around its R peak)
    within what the model sees. The copy is cut where the original ends.
    """
    peaks = seen.peaks.samples
    back, ahead = round(before * seen.rate), round(after * seen.rate)
    inner = np.arange(1, len(peaks) - 1)
    whole = inner[(peaks[inner] >= back) & (peaks[inner] + ahead <= seen.steps)]
    if not seen.peaks.good or not len(whole):
        note = seen.peaks.reason or f"{len(peaks)} beats"
        fault = f"no beat that can be copied ({note})"
        raise Refused(fault, "extra beat", "a record with three beats or more, clearly seen")
    beat = int(np.random.default_rng(seed).choice(whole))
    start, at = int(peaks[beat]) - back, int(peaks[beat]) + ahead
    x = seen.signal
    longer = np.concatenate([x[:, :at], x[:, start:at], x[:, at:]], axis=1)
    steps = min(seen.steps + at - start, x.shape[1])
    return ExtraBeat(longer[:, : x.shape[1]], steps, beat, at, at - start, seed)
