"""Several files of one station and day, made one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tremor.data.geomagnetic.archive import Note
from tremor.data.geomagnetic.samples import Numbers

AGREE = 0.05  # nT
STRAY = 0.01  # share of common samples that may contradict before the base line does


def merged(parts: Sequence[tuple[str, Numbers]]) -> tuple[Numbers, list[Note]]:
    """The first file's samples `(component, time)`, its gaps filled from the next, and so on.

    A file that contradicts the ones before in more than a stray sample has another base line: what
    it filled would begin and end in steps, so it is not used. Contradictions are counted by file.
    """
    (first, signal), *others = parts
    signal, notes = signal.copy(), []
    for name, other in others:
        both = np.isfinite(signal) & np.isfinite(other)
        differ = int((np.abs(signal - other) > AGREE)[both].sum())
        used = differ <= STRAY * both.sum()
        if differ:
            rest = "the first is kept" if used else "not used"
            notes.append((name, f"contradicts {first} in {differ} samples: {rest}"))
        if used:
            signal = np.where(np.isnan(signal), other, signal)
    return signal, notes
