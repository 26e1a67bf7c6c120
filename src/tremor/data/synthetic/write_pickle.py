"""A synthetic world in the pickled-events format: `(events, labels)`."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.settings import within
from tremor.data.synthetic.station import Signal
from tremor.files import write_whole


def write_pickle(
    world: NorciaWorld, path: Path, *, length_jitter: float = 0.0, missing: float = 0.0
) -> Path:
    """Write every window as a DataFrame of components, and the names of their classes.

    Up to `length_jitter` seconds are cut from the end of each record, and a share `missing` of
    the records loses its first samples, as real files do.
    """
    within("length_jitter", length_jitter, 0.0, world.duration - 1.0)
    within("missing", missing, 0.0, 1.0)
    rng = np.random.default_rng((world.seed, 2))
    waves = world.waveforms(slice(None))
    cut = rng.integers(0, round(length_jitter * world.sampling_rate) + 1, len(waves))
    holes = rng.random(len(waves)) < missing
    events = [_frame(world, *three) for three in zip(waves, cut, holes, strict=True)]
    labels = np.array(world.classes)[world.catalogue()["label"]]
    return write_whole(path, pickle.dumps((events, labels), protocol=4))


def _frame(world: NorciaWorld, wave: Signal, cut: int, hole: bool) -> pd.DataFrame:
    kept = wave[:, : wave.shape[1] - cut].copy()
    if hole:
        kept[:, :7] = np.nan
    return pd.DataFrame(kept.T, columns=pd.Index(world.channels, dtype=object))
