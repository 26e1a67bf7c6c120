"""The extra beat: every beat that is left is found again, seeds are the same everywhere."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.explain.heart.extra_beat import beat_seed, raw_seed, with_extra_beat
from tremor.explain.heart.tokens import Seen

Make = Callable[..., Seen]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0.3, 1.5), min_size=8, max_size=40), st.integers(0, 2**32 - 1))
def test_every_beat_that_is_left_is_found_again(
    seen_with: Make, gaps: list[float], seed: int
) -> None:
    at = np.cumsum(gaps)
    seen = seen_with(at[at < 9.9])
    extra = with_extra_beat(seen, seed)
    peaks = seen.peaks.samples
    moved = extra.moved(peaks)
    kept = extra.kept(peaks)
    assert (seen.signal[:, peaks[kept]] == extra.signal[:, moved[kept]]).all()
    before = np.arange(extra.at)
    after = np.arange(extra.at, seen.steps - extra.shift)
    for samples in (before, after):
        assert (extra.signal[:, extra.moved(samples)] == seen.signal[:, samples]).all()


def test_the_copy_follows_its_beat(seen_with: Make) -> None:
    seen = seen_with()
    extra = with_extra_beat(seen, 5)
    peak = seen.peaks.samples[extra.beat]
    assert 0 < extra.beat < len(seen.peaks.samples) - 1
    assert extra.at == peak + 40
    assert extra.shift == 70
    copied = extra.signal[:, extra.at : extra.at + extra.shift]
    assert (copied == seen.signal[:, peak - 30 : peak + 40]).all()
    assert extra.signal.shape == seen.signal.shape
    assert extra.signal.dtype == seen.signal.dtype


def test_padding_gives_way_to_the_extra_beat(seen_with: Make) -> None:
    roomy = with_extra_beat(seen_with(padded=5.0), 5)
    assert roomy.steps == 1070
    assert roomy.kept(np.array([999])).all()
    tight = with_extra_beat(seen_with(padded=0.3), 5)
    assert tight.steps == 1030
    assert not tight.kept(np.array([999])).any()


def test_seeds_depend_on_the_path_alone() -> None:
    assert beat_seed("a/A0003.mat") == 1234 ^ zlib.crc32(b"a/A0003.mat")
    assert beat_seed("a\\A0003.mat") == beat_seed("a/A0003.mat") != beat_seed("A0003.mat")
    windows = "c:\\UHull\\a\\A0003.mat"
    assert raw_seed(windows) == 1234 ^ zlib.crc32(windows.encode())
    assert 0 <= raw_seed("x", 2**40) < 2**32


def test_the_same_seed_draws_the_same_beat(seen_with: Make) -> None:
    beats = [with_extra_beat(seen_with(), seed).beat for seed in range(40)]
    assert beats == [with_extra_beat(seen_with(), seed).beat for seed in range(40)]
    assert set(beats) == set(range(1, 10))


@pytest.mark.parametrize("settings", [{"at": [1.0, 2.0]}, {"quality": 0.3}, {"at": [0.1, 0.2, 9]}])
def test_no_beat_to_copy(seen_with: Make, settings: dict[str, object]) -> None:
    with pytest.raises(Refused, match="no beat that can be copied"):
        with_extra_beat(seen_with(**settings), 0)
