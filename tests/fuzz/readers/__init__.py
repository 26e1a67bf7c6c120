"""Every reader of files and words from outside, with small sound ones to begin from."""

from __future__ import annotations

from fuzz.reader import Reader
from fuzz.readers import caches, ecg, geomagnetic, images, pickles, runs, seismic, weights, words

ALL: list[Reader] = [
    *(pickles.READERS + ecg.READERS + geomagnetic.READERS + seismic.READERS),
    *(images.READERS + weights.READERS + caches.READERS + runs.READERS + words.READERS),
]
