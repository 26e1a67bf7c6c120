"""Pickles: the restricted reader alone, and the source of events that it serves."""

from __future__ import annotations

import os
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pickles import FIXTURES, called, short

from fuzz.reader import Files, Reader
from fuzz.readers.sources import records_of
from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.sources.waveform_pickle import WaveformPickle

LARGEST = 30_000  # bytes of a fixture that is worth changing


class Runs:
    """A thing whose pickle asks to run a program."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch ran",)


def event(seed: int) -> pd.DataFrame:
    """Three short components."""
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(40, 3)), columns=["Z", "N", "E"])


@cache
def things() -> dict[str, Files]:
    """Pickles of every version of pandas, and some that ask to run things."""
    paths = [path for path in FIXTURES.glob("*.pkl") if path.stat().st_size < LARGEST]
    found = {path.stem: {"x.pkl": path.read_bytes()} for path in sorted(paths)}
    asking = b"\x80\x04" + called("os.system", short("touch ran"), how="new") + b"."
    found["runs"] = {"x.pkl": pickle.dumps([event(0), Runs()])}
    return found | {"asks": {"x.pkl": asking}}


@cache
def events() -> dict[str, Files]:
    """Small files of `(events, labels)`, of old and new protocols."""
    content = [event(n) for n in range(4)], ["a", "a", "b", "b"]
    return {f"p{n}": {"x.pkl": pickle.dumps(content, protocol=n)} for n in (2, 4, 5)}


def _source(folder: Path) -> int:
    source = WaveformPickle((str(folder / "x.pkl"),), min_length=0.1)
    return records_of(source, folder)


READERS = [
    Reader("pickle", things, lambda folder: read_pickle(folder / "x.pkl"), share=150),
    Reader("pickle_events", events, _source, share=2.5),
]
