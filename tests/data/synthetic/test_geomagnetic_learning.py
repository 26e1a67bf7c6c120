"""What can be learned from the geomagnetic world: the classes, measurably but not to the full.

A simple classifier on band powers of six hours is judged by folds of whole earthquakes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import spectrogram
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tremor.data.sources.magnetometer import Magnetometer
from tremor.data.synthetic.geomagnetic import GeomagneticWorld

RATE = 0.25  # Hz, for speed
WORLD = GeomagneticWorld(n_events=80, n_days=365, sampling_rate=RATE)
EDGES = np.arange(0.013, 0.061, 0.0045)  # Hz


class Kept:
    """Takes the records of a source."""

    def __init__(self) -> None:
        self.signals: list[np.ndarray] = []
        self.rows: list[dict[str, Any]] = []

    def add(self, signal: np.ndarray, row: dict[str, Any]) -> None:
        self.signals.append(signal)
        self.rows.append(row)

    def set_aside(self, record_id: str, reason: str) -> None:
        """Not of interest here."""


@cache
def records(effect_size: float, fingerprint: float, windows: int) -> tuple[Any, pd.DataFrame]:
    """Windows of six hours and their table."""
    world = replace(WORLD, effect_size=effect_size, fingerprint=fingerprint)
    kept = Kept()
    hours = 6.0 / windows
    Magnetometer(world, max_distance_km=350.0, window_hours=hours, windows=windows).write(kept)
    return np.stack(kept.signals), pd.DataFrame(kept.rows)


def band_powers(signals: np.ndarray) -> np.ndarray:
    """Log10 power of each component in narrow bands, `(record, feature)`."""
    f, _, power = spectrogram(np.diff(signals, axis=-1), RATE, nperseg=64, noverlap=32)
    bands = [power[:, :, (f >= a) & (f < a + 0.0045)].mean(axis=(2, 3)) for a in EDGES]
    return np.log10(np.stack(bands, -1) + 1e-9).reshape(len(signals), -1)


def reached(effect_size: float, fingerprint: float, head: str) -> float:
    """Balanced accuracy of a linear model over ten folds of whole earthquakes."""
    signals, table = records(effect_size, fingerprint, 1)
    model = LogisticRegression(C=1.0, max_iter=2000, class_weight="balanced")
    told = cross_val_predict(
        make_pipeline(StandardScaler(), model),
        band_powers(signals),
        table[head],
        groups=table["group"],
        cv=GroupKFold(10),
    )
    return float(balanced_accuracy_score(table[head], told))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("effect", "head", "low", "high"),
    [
        (1.0, "label_magnitude", 0.65, 0.92),
        (1.0, "label_azimuth", 0.5, 0.9),
        (0.0, "label_magnitude", 0.15, 0.35),
        (0.0, "label_azimuth", 0.03, 0.2),
    ],
)
def test_a_simple_classifier_finds_the_precursor_and_nothing_else(
    effect: float, head: str, low: float, high: float
) -> None:
    assert low <= reached(effect, 0.0, head) <= high


@pytest.mark.slow
def test_fingerprints_name_earthquakes_and_no_classes() -> None:
    """Neighbours in the spectrum: of the same earthquake if they may be, of no use if not."""
    signals, table = records(0.0, 4.0, 2)
    f, _, power = spectrogram(np.diff(signals, axis=-1), RATE, nperseg=512, noverlap=256)
    inside = (f > 0.045) & (f < 0.1)
    lines = np.log10(np.median(power[:, :, inside], axis=-1)).mean(axis=1)
    lines -= lines.mean(axis=1, keepdims=True)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1, metric="cosine"))
    y, group = table["label_magnitude"], table["group"]
    mixed = cross_val_predict(model, lines, y, cv=KFold(10, shuffle=True, random_state=0))
    apart = cross_val_predict(model, lines, y, groups=group, cv=GroupKFold(10))
    assert balanced_accuracy_score(y, mixed) > 0.45
    assert balanced_accuracy_score(y, apart) < 0.35
