"""Folders of WFDB records to a record set: real ones, any order and rate, every kind of bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from ecg_records import AF, SNR, beats, changed, write
from hydra import compose, initialize_config_dir
from scipy.io import savemat

from tremor.data.cache import key_of, open_records
from tremor.data.ecg.leads import LEADS
from tremor.data.records import RecordSet
from tremor.data.sources.physionet import Physionet
from tremor.doors.checking import CONFIGS
from tremor.errors import Refused
from tremor.signal.normalise import none


def opened(root: Path, **settings: Any) -> RecordSet:
    return open_records(Physionet(str(root), **settings), str(root.parent / "cache"))[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two good records."""
    folder = tmp_path / "records"
    write(folder, "A1", samples=6000, seed=1, codes=f"{AF},1")
    write(folder, "A2", samples=4000, seed=2, codes=SNR)
    return folder


def test_all_real_records_are_what_the_reference_model_sees(
    tmp_path: Path, shared_data: Path
) -> None:
    """Integers as stored, cut or padded at the end to 5,000; nothing else is done to them."""
    folder = shared_data / "ecg" / "records"
    records = open_records(Physionet(str(folder)), str(tmp_path))[0]
    assert (len(records), records.channels, records.sampling_rate) == (60, LEADS, 500.0)
    assert records.meta["set_aside"] == []
    for place, name in enumerate(records.table["record_id"]):
        raw = np.fromfile(folder / f"{name}.mat", "<i2", offset=24).reshape(-1, 12)
        fixed = np.zeros((5000, 12), np.int32)
        fixed[: len(raw)] = raw[:5000]
        np.testing.assert_array_equal(records.record(place), fixed.T.astype(np.float32))
    durations = np.load(shared_data / "ecg" / "ecg_durations.npy")
    np.testing.assert_allclose(records.table["duration_s"], durations)
    codes = records.table["dx"].str.split("|").map(set)
    truth = np.load(shared_data / "ecg" / "ecg_y_true.npy")
    for code, column in ((AF, 1), (SNR, 21)):
        assert [code in of for of in codes] == truth[:, column].astype(bool).tolist()
    x = torch.from_numpy(records.gather([0, 59], 5000))
    same = none(x, torch.full((2,), 5000), "channel", "none")
    assert torch.equal(same, x)


def test_real_records_in_millivolts(tmp_path: Path, shared_data: Path) -> None:
    """By the header, PTB-XL's copies are five times too high; checked, all are alike."""
    folder = str(shared_data / "ecg" / "records")
    spans = {}
    for gain in ("checked", "header", 500.0):
        records = open_records(Physionet(folder, units="mV", gain=gain), str(tmp_path))[0]
        second = records.view(5000)[np.arange(60)][:, 1]
        span = np.percentile(second, 99.5, axis=1) - np.percentile(second, 0.5, axis=1)
        spans[gain] = span[records.table["record_id"].str.startswith("HR")]
        assert any(note.startswith("gain: ") for note in records.meta["notes"]) == (gain != 500.0)
    assert np.median(spans["checked"]) == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(spans["header"], 5 * spans["checked"], rtol=1e-5)
    np.testing.assert_allclose(spans[500.0], 2 * spans["checked"], rtol=1e-5)


def test_what_is_known_of_a_record(root: Path) -> None:
    records = opened(root)
    first, second = (row for _, row in records.table.iterrows())
    assert (first["record_id"], first["group"], first["path"]) == ("A1", "A1", "A1.hea")
    assert (first["dx"], first["age"], first["sex"]) == (f"{AF}|1", 63.0, "female")
    assert records.classes[first["label"]] == AF
    assert (first["duration_s"], second["duration_s"]) == (12.0, 8.0)
    assert (first["source_rate"], first["gain"], first["header_gain"]) == (500.0, 1000.0, 1000.0)
    np.testing.assert_array_equal(records.record(0), beats(6000, 1)[:, :5000])
    np.testing.assert_array_equal(records.record(1)[:, :4000], beats(4000, 2))
    assert not records.record(1)[:, 4000:].any()
    alone = "2 records: patient not told, each a patient of its own"
    unknown = "unknown codes, kept as they are (in records): 1 (1)"
    assert records.meta["notes"] == [alone, unknown]


def test_orders_rates_folders_and_kinds_of_files_do_not_matter(root: Path) -> None:
    turned = [lead.upper() for lead in reversed(LEADS)]
    write(root / "g1", "B1", signal=beats(5100, 3)[::-1], leads=turned)
    write(root / "g2", "B1", signal=beats(2600, 4, 250.0), rate=250.0)
    path = changed(changed(write(root, "C1", 5000, 5), "C1.mat", "C1.dat"), "16+24", "16")
    beats(5000, 5).T.astype("<i2").tofile(path.with_suffix(".dat"))
    path.with_suffix(".mat").unlink()
    records = opened(root)
    table = records.table.reset_index().set_index("record_id")
    assert list(table.index) == ["A1", "A2", "C1", "g1/B1", "g2/B1"]
    found = {name: records.record(int(place)) for name, place in table["index"].items()}
    np.testing.assert_array_equal(found["g1/B1"], beats(5100, 3)[:, :5000])
    np.testing.assert_array_equal(found["C1"], beats(5000, 5))
    true = beats(5200, 4)
    assert np.corrcoef(found["g2/B1"][1], true[1, :5000])[0, 1] > 0.98
    assert table.loc["g2/B1", ["source_rate", "duration_s"]].tolist() == [250.0, 10.4]


def test_every_bad_record_is_named_with_its_reason(root: Path) -> None:
    """Those of the issue: none is used, none breaks the others, each is counted."""
    nan, flat = beats(5000, 9).astype(np.float32), beats(5000, 8)
    nan[3, 100], flat[10] = np.nan, 7
    savemat(write(root, "nan").with_suffix(".mat"), {"val": nan})
    write(root, "flat", signal=flat)
    write(root, "short", samples=1500)
    write(root, "same", samples=6000, seed=1)
    savemat(write(root, "eight").with_suffix(".mat"), {"val": beats(5000)[:8]}, format="4")
    changed(write(root, "count"), "count 12 500 5000", "count 12 500 4999")
    changed(write(root, "still"), "still 12 500", "still 12 0")
    changed(write(root, "lead"), "V6", "V7")
    changed(write(root, "unit"), "/mV", "/mmHg", 1)
    cut = write(root, "cut").with_suffix(".mat")
    cut.write_bytes(cut.read_bytes()[:5000])
    (root / "text.hea").write_bytes(bytes(range(256)))
    (root / ".hidden.hea").write_text("not even looked at")
    records = opened(root)
    assert records.table["record_id"].tolist() == ["A1", "A2"]
    assert aside(records) == {
        "nan": "samples that are not finite",
        "flat": "no change in lead V5",
        "short": "shorter than 5 s",
        "same": "identical to A1",
        "eight": "8 leads in the .mat, 12 promised",
        "count": "5000 samples in the .mat, 4999 promised",
        "still": "a sampling rate of 0 Hz",
        "lead": "no lead V6",
        "unit": "lead I is in mmHg",
        "cut": "a .mat that ends early",
        "text": "a header that does not begin with a name and a number of leads",
    }
    kept = opened(root, min_seconds=2.0, max_flat_leads=1)
    assert set(kept.table["record_id"]) == {"A1", "A2", "flat", "short"}
    assert kept.table.set_index("record_id")["flat_leads"].to_dict() == {
        "A1": "",
        "A2": "",
        "flat": "V5",
        "short": "",
    }


def test_what_is_odd_but_usable_is_said(root: Path) -> None:
    changed(write(root, "B1", seed=3), "#Dx: " + AF, "#Dx: Unknown")
    changed(write(root, "B2", seed=4, codes="8,9,8"), " 16 0 ", " 16 0 1", 1)
    extra = np.vstack([beats(5000, 5), beats(5000, 6)[:1]])
    write(root, "B3", signal=extra, leads=(*LEADS, "Resp"))
    savemat(write(root, "B4").with_suffix(".mat"), {"val": beats(5000, 7) / 4})
    records = opened(root)
    assert records.table.set_index("record_id").loc["B1", "dx"] == ""
    assert "none" in records.classes
    notes = records.meta["notes"]
    assert set(notes[:-1]) == {
        "1 records: no code of what they show",
        "1 records: leads beyond the twelve, passed over",
        "1 records: initial value other than the header's",
        "1 records: samples that are no whole numbers",
        "6 records: patient not told, each a patient of its own",
    }
    assert notes[-1] == "unknown codes, kept as they are (in records): 1 (1), 8 (1), 9 (1)"


def test_patients_from_a_table_or_the_header(root: Path) -> None:
    write(root, "A3", seed=3, told={"Patient": "P9"})
    table = root.parent / "who.csv"
    table.write_text("record,patient\nA1,P1\nA2,P1\n")
    assert opened(root).table["group"].tolist() == ["A1", "A2", "P9"]
    assert opened(root, patients=str(table)).table["group"].tolist() == ["P1", "P1", "P9"]
    before = key_of(Physionet(str(root), patients=str(table)), root.parent / "cache")
    table.write_text("record,patient\nA1,P1\nA2,P2\n")
    after = Physionet(str(root), patients=str(table))
    assert key_of(after, root.parent / "cache") != before
    with pytest.raises(Refused, match="table of patients is not there"):
        opened(root, patients="no.csv")
    table.write_text("record,patient\nA1.mat,P1\nA2.mat,P1\n")
    with pytest.raises(Refused, match=r"names no record of the folder: it has A1\.mat, .* A1\n"):
        opened(root, patients=str(table))


def test_the_record_set_is_known_again_wherever_the_files_lie(root: Path) -> None:
    cache = root.parent / "cache"
    source = Physionet(str(root))
    assert open_records(source, str(cache))[1]
    assert not open_records(source, str(cache))[1]
    moved = root.rename(root.parent / "moved")
    assert not open_records(Physionet(str(moved)), str(cache))[1]
    savemat(moved / "A1.mat", {"val": beats(6000, 7)}, format="4")
    assert open_records(Physionet(str(moved)), str(cache))[1]


def test_a_root_without_records_says_what_was_expected(tmp_path: Path) -> None:
    for folder, problem in ((tmp_path / "none", "is not there"), (tmp_path, "no record in")):
        with pytest.raises(Refused, match=problem) as refusal:
            opened(folder)
        assert "TREMOR_ECG_ROOT=FOLDER, with a header (A0001.hea)" in refusal.value.remedy
    with pytest.raises(Refused, match="not there"):
        Physionet("").files()
    write(tmp_path / "bad", samples=100)
    with pytest.raises(Refused, match="no usable record: 1 x shorter than 5 s"):
        opened(tmp_path / "bad")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sampling_rate": 0.0},
        {"maxlen": 1},
        {"min_seconds": -1.0},
        {"max_flat_leads": 12},
        {"gain": 0.0},
        {"gain": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    (key,) = wrong
    with pytest.raises(Refused, match=f"{key} is") as refusal:
        Physionet("a", **wrong)
    assert refusal.value.remedy.startswith(f"dataset.{key}=")


def test_the_folder_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        for root in ("data/ecg", "/records"):
            node = compose("train", ["dataset=physionet"]).dataset.records
            assert node.data_dir == root
            monkeypatch.setenv("TREMOR_ECG_ROOT", "/records")


def test_the_classes_of_the_records_are_found(root: Path) -> None:
    """The default classes, as the tree has them, over the codes that the source tells."""
    from tremor.data.multilabel import by_code

    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        wanted = compose("train", ["dataset=physionet"]).dataset.classes
    records = opened(root)
    classes = {str(name): list(codes) for name, codes in wanted.items()}
    labelled = by_code(records.table, records.classes, classes)
    expected = pd.DataFrame({"label_AF": [1, 0], "label_SNR": [0, 1]})
    pd.testing.assert_frame_equal(labelled.table[["label_AF", "label_SNR"]], expected)
