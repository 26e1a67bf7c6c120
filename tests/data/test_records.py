"""Record sets: what goes in comes out, whatever the lengths; damage is noticed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import Numbers

from tremor.data.cache import key_of, open_records
from tremor.data.records import RecordSet
from tremor.data.writer import RecordWriter
from tremor.errors import Refused, TremorError

Make = Callable[..., RecordSet]


def expected(source: Numbers) -> list[np.ndarray]:
    rng = np.random.default_rng(source.seed)
    sizes = [source.lengths[i % len(source.lengths)] for i in range(source.count)]
    drawn = [rng.standard_normal((3, size)).astype(np.float32) for size in sizes]
    return [signal * (1 + i // 2 % 2) for i, signal in enumerate(drawn)]


@pytest.mark.parametrize("lengths", [(300,), (300, 301, 250)])
def test_what_was_written_is_read(numbers: Make, lengths: tuple[int, ...]) -> None:
    records = numbers(lengths=lengths)
    for position, signal in enumerate(expected(Numbers(lengths=lengths))):
        np.testing.assert_array_equal(records.record(position), signal)
    assert records.classes == ("loud", "quiet")
    assert records.table["label"].tolist()[:4] == [1, 1, 0, 0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(rows=st.lists(st.integers(0, 11), max_size=20), length=st.integers(1, 400))
def test_gathering_cuts_and_pads(numbers: Make, rows: list[int], length: int) -> None:
    records = numbers(count=12, lengths=(300, 280, 310))
    batch = records.gather(rows, length)
    assert batch.shape == (len(rows), 3, length)
    for got, row in zip(batch, rows, strict=True):
        signal = records.record(row)[:, :length]
        np.testing.assert_array_equal(got[:, : signal.shape[1]], signal)
        assert not got[:, signal.shape[1] :].any()


def test_uniform_sets_gather_the_same_in_one_read(numbers: Make) -> None:
    records = numbers()
    whole, cut = records.gather([3, 1, 3], 300), records.gather([3, 1, 3], 299)
    np.testing.assert_array_equal(whole[..., :299], cut)
    np.testing.assert_array_equal(records.view(300)[np.array([3, 1, 3])], whole)


def test_levels_are_the_rms_of_each_channel(numbers: Make) -> None:
    records = numbers()
    rms = records.record(0).astype(float).std(axis=1)
    levels = records.table.loc[0, ["level_Z", "level_N", "level_E"]].to_numpy(float)
    np.testing.assert_allclose(levels, np.log10(rms), rtol=1e-12)


def test_the_second_opening_makes_nothing(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    first, made = open_records(Numbers(), cache)
    second, again = open_records(Numbers(), cache)
    assert (made, again) == (True, False)
    assert first.folder == second.folder
    np.testing.assert_array_equal(first.table.to_numpy(str), second.table.to_numpy(str))


def test_any_setting_makes_another_set(tmp_path: Path) -> None:
    keys = {key_of(replace(Numbers(), seed=seed), tmp_path) for seed in range(3)}
    keys |= {key_of(Numbers(count=41), tmp_path), key_of(Numbers(), tmp_path)}
    assert len(keys) == 4


def test_a_truncated_signal_file_is_refused(numbers: Make) -> None:
    records = numbers()
    signal = records.folder / "signal.f32"
    signal.write_bytes(signal.read_bytes()[:-4])
    with pytest.raises(TremorError, match="damaged"):
        RecordSet.open(records.folder)


@dataclass(frozen=True)
class Faulty(Numbers):
    """Repeats its first record, sets one aside; or has no record, or breaks half way."""

    fault: str = "repeat"

    def write(self, writer: RecordWriter) -> None:
        super().write(writer)
        row = {"record_id": "again", "group": "x", "label": "loud"}
        if self.fault == "repeat":
            writer.add(expected(Numbers())[0], row)
            writer.set_aside("bad", "too short")
        if self.fault == "empty":
            writer.rows.clear()
        if self.fault == "break":
            raise OSError(28, "No space left on device")


def test_bad_and_repeated_records_are_named(tmp_path: Path) -> None:
    records = open_records(Faulty(), str(tmp_path / "c"))[0]
    assert len(records) == 40
    aside = json.loads((records.folder / "meta.json").read_text())["set_aside"]
    assert aside == [
        {"record_id": "again", "reason": "identical to r0"},
        {"record_id": "bad", "reason": "too short"},
    ]


@pytest.mark.parametrize(("count", "ending"), [(3, ""), (5, " and 2 more")])
def test_a_refusal_names_three_files_and_how_many_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, ending: str
) -> None:
    paths = [tmp_path / f"{n}.csv" for n in range(count)]
    for path in paths:
        path.write_text("x")
    monkeypatch.setattr(Faulty, "files", lambda self: paths)
    with pytest.raises(Refused) as refusal:
        open_records(Faulty(fault="empty"), str(tmp_path / "cache"))
    assert refusal.value.where == ", ".join(map(str, paths[:3])) + ending


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("empty", Refused, "no usable record"),
        ("break", TremorError, "the disk is full"),
    ],
)
def test_faults_leave_no_half_written_set(
    tmp_path: Path, fault: str, error: type[TremorError], said: str
) -> None:
    with pytest.raises(error, match=said):
        open_records(Faulty(fault=fault), str(tmp_path / "c"))
    assert not list((tmp_path / "c" / "records").iterdir())


def test_the_ratio_of_signal_to_noise_is_known_where_p_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with RecordWriter(tmp_path, ("Z",), 100.0) as writer:
        for number, p_time in enumerate((5.0, 0.0, 99.0)):
            wave = rng.standard_normal((1, 2000))
            wave[:, 500:] *= 10
            row = {"record_id": str(number), "group": str(number), "label": "a"}
            writer.add(wave.astype(np.float32), row | {"p_time_s": p_time})
        writer.finish("x", "here")
    found = RecordSet.open(tmp_path).table["snr_db"]
    assert found[0] == pytest.approx(20.0, abs=0.5)
    assert found[1:].isna().all()


def test_a_set_travels_to_another_process_without_its_samples(numbers: Make) -> None:
    records = numbers()
    whole = records.gather([0, 1], 300)
    sent = pickle.dumps(records)
    assert len(sent) < whole.nbytes * 4
    np.testing.assert_array_equal(pickle.loads(sent).gather([0, 1], 300), whole)


def test_a_bit_that_a_disk_has_turned_is_seen_and_its_record_named(tmp_path: Path) -> None:
    with RecordWriter(tmp_path, ("Z",), 100.0) as writer:
        for name in "ab":
            signal = np.full((1, 5), ord(name), np.float32)
            writer.add(signal, {"record_id": name, "group": name, "label": name})
        writer.finish("print", "here")
    content = bytearray((tmp_path / "signal.f32").read_bytes())
    content[-1] ^= 4
    (tmp_path / "signal.f32").write_bytes(content)
    with pytest.raises(TremorError, match=r"samples of 1 records have changed, as \['b'\]"):
        RecordSet.open(tmp_path)
