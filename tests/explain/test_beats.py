"""Players that follow the heart: where beats are known, and what is said where they are not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.arrange_beats import PHASES, beats, families, windows
from tremor.explain.estimators.occlusion import Occlusion
from tremor.explain.explanation import Axis
from tremor.explain.fills import Zero
from tremor.explain.methods import ByPlayers, Case, players_of
from tremor.explain.targets import OneClass

RATE = 100
LEADS = ("I", "II", "V2")
AXES = (Axis("component", LEADS), Axis("time", tuple(k / RATE for k in range(1000)), "s"))
PEAKS = np.arange(60, 1000, 90)


def heart(peaks: np.ndarray = PEAKS) -> Tensor:
    """Narrow R waves with a T wave after each, in all leads."""
    time = np.arange(1000)
    wave = sum(
        np.exp(-((time - p) ** 2) / 4.5) + 0.2 * np.exp(-((time - p - 28) ** 2) / 50) for p in peaks
    )
    noise = np.random.default_rng(0).normal(0, 0.005, (3, 1000))
    return torch.from_numpy(np.array([0.6, 1.0, 0.8])[:, None] * wave + noise).float()


def test_each_beat_is_a_window_between_the_middles() -> None:
    found = beats(AXES, heart())
    assert found.grid == (3, len(PEAKS))
    assert found.note == ""
    cuts = np.flatnonzero(np.diff(found.labels[0].numpy())) + 1
    assert np.abs(cuts - (PEAKS[1:] + PEAKS[:-1]) / 2).max() <= 2
    assert beats(AXES, heart(), apart=False).grid == (1, len(PEAKS))


def test_families_are_phases_of_each_beat_and_what_lies_between() -> None:
    found = families(AXES, heart())
    labels = found.labels[0].numpy()
    for peak in PEAKS[1:-1]:
        numbers = [int(labels[peak + round((a + b) / 2 * RATE)]) for a, b in PHASES.values()]
        assert np.diff(numbers).tolist() == [1, 1, 1]
        assert labels[peak + 45] == numbers[-1] + 1
    widths = np.bincount(labels)[int(labels[PEAKS[1]]) - 1 :][:5]
    assert np.abs(widths - [17, 13, 12, 20, 28]).max() <= 2


def test_phases_end_where_the_next_beat_begins() -> None:
    near = np.arange(40, 1000, 45)  # 133 a minute: the late T wave runs into the next P wave
    found = families(AXES, heart(near))
    assert found.note == ""
    assert int(found.sizes.min()) >= 1
    labels = found.labels[0].numpy()
    second = int(near[3])
    assert labels[second - 22 + 2] == labels[second - 5 - 2]
    assert labels[second - 22 + 2] != labels[second - 22 - 2]


def test_what_lies_beyond_the_end_is_a_player_of_its_own() -> None:
    record = heart()
    record[:, 700:] = 0
    for make in (beats, families):
        found = make(AXES, record, steps=700)
        last = found.labels[0, 700:].unique()
        assert len(last) == 1
        assert int(found.labels[0, 699]) != int(last)


@pytest.mark.parametrize("make", [beats, families])
def test_where_beats_are_not_found_windows_stand_and_it_is_said(make: object) -> None:
    noise = torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
    found = make(AXES, noise, seconds=0.5)  # type: ignore[operator]
    assert found.grid == (3, 20)
    assert "beats dropped, windows of 0.5 s instead" in found.note
    assert "quality" in found.note
    with pytest.raises(Refused, match="axes"):
        make((AXES[0], Axis("frequency", (0.0, 1.0), "Hz"), AXES[1]), noise)  # type: ignore[operator]
    with pytest.raises(Refused, match="quality of 2"):
        make(AXES, noise, quality=2.0)  # type: ignore[operator]


def test_windows_are_those_of_the_class_that_is_asked_about() -> None:
    classes = {"AF": 0.5, "SNR": 0.25}
    assert windows(AXES, 1.0, classes, "AF").grid == (3, 20)
    assert windows(AXES, 1.0, classes, "SNR").grid == (3, 40)
    assert windows(AXES, 1.0, classes).grid == (3, 10)


def test_a_method_tells_its_players_of_the_record_and_passes_on_their_note() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3000, 2)).eval()
    noise = torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
    method = ByPlayers(partial(beats, seconds=0.5, quality=0.6), Zero, Occlusion)
    for record, notes in ((heart(), 0), (noise, 1)):
        case = Case(network, record, AXES, OneClass(0), record[None][:0], steps=1000)
        assert players_of(method.players, case).count == 3 * (20 if notes else len(PEAKS))
        assert bool(method(case).note) == bool(notes)
    asked = Case(network, noise, AXES, OneClass(0), noise[None][:0], asked="SNR")
    made = partial(windows, seconds=1.0, classes={"SNR": 0.25})
    assert players_of(made, asked).grid == (3, 40)
