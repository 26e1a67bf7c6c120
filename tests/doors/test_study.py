"""A study of ECG maps from the shell: chosen, explained, judged, kept, gone on with, refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opened import Door, only_run
from report.study_folders import study_of

from tremor.config.build import build
from tremor.data.ecg.precomputed import write_selection
from tremor.data.ecg.recording import read_recording
from tremor.doors.study import Settings, _kept
from tremor.doors.study_kept import Left, predicted
from tremor.doors.study_rows import Rows
from tremor.doors.study_selection import kept, samples_of, taken
from tremor.doors.study_tables import Tables
from tremor.errors import Refused
from tremor.explain.heart.claims import LEADS
from tremor.explain.heart.claims_file import earlier_claims, read_claims
from tremor.explain.heart.columns import EVALUATION, STABILITY
from tremor.explain.parts import Parts
from tremor.files import write_whole

HEART = [
    *("dataset=synthetic_ecg", "dataset.patients=24", "dataset.sampling_rate=100"),
    *("dataset.maxlen=600", "dataset.records.world.duration=6", "report.fan.points=20"),
    *(f"~dataset.classes.{name}" for name in ("IAVB", "RBBB", "LBBB")),
    *("dataset.num_classes=2", "task=multilabel", "evaluation=multilabel", "encoder=raw"),
    *("model=ecg_resnet", "model.widths=[4,4,4]", "decoder=pooled", "trainer.accelerator=cpu"),
    *("evaluation.draws=20", "evaluation.permutations=9", "trainer.max_epochs=1"),
]
STUDY = ["run_mode=eval", "run_mode.min_prob=0.0", "run_mode.k_per_class=2", "split=all"]
FEW = ["explainer.budget=400", "explainer.fusions.none.permutations=99"]


@pytest.fixture
def run(door: Door, tmp_path: Path) -> Path:
    assert door("simple_train.py", *HEART).code == 0
    return only_run(tmp_path / "outputs")


def test_a_study_holds_all_methods_to_account_and_does_nothing_twice(door: Door, run: Path) -> None:
    words = [f"checkpoint={run}", *STUDY, *FEW]
    outcome = door("explain.py", *words, "explainer=fused", "run_mode.figures=true")
    assert outcome.code == 0, outcome.err
    home = run / "explanations" / "eval"
    chosen = pd.read_csv(home / "selection.csv")
    assert chosen["group_class"].tolist() == ["AF", "AF", "SNR", "SNR"]
    (folder,) = (path.parent for path in home.glob("*/study.json"))
    judged = pd.read_csv(folder / "evaluation_attauc_deletion.csv")
    assert list(judged) == list(EVALUATION)
    assert set(judged["method"]) == {"WindowLime", "TimeShap", "Fused"}
    assert len(judged) == 3 * len(chosen)
    assert judged["truth_attauc"].notna().all()  # planted, so known
    assert judged["strict_attauc_shifted"].notna().all()
    stable = pd.read_csv(folder / "evaluation_stability.csv")
    assert list(stable) == list(STABILITY)
    assert len(stable) == 3 * len(chosen)
    assert len(pd.read_csv(folder / "stability_by_class.csv")) == 6
    copies = sorted(folder.glob("*/augmented/*.hea"))
    assert len(copies) == stable["augmented_file"].nunique()
    assert len(read_recording(copies[0]).header.leads) == 12
    assert len(list((folder / "sheets").glob("*.pdf"))) == len(chosen)
    page = (home / "study.html").read_text()
    assert "the fusion" in page
    assert "CIRCULAR" not in page

    before = (folder / "evaluation_attauc_deletion.csv").read_bytes()
    shutil.rmtree(next(iter(folder.glob("SNR/maps-0/parts"))))  # as if it had been killed there
    again = door("explain.py", *words, "explainer=fused", "run_mode.figures=true")
    assert again.code == 0, again.err
    assert again.out.count("done  ") == 1
    assert "kept     predictions of" in again.out
    assert (folder / "evaluation_attauc_deletion.csv").read_bytes() == before
    assert 'href="./explanations/eval/study.html"' in (run / "report.html").read_text()

    idle = door("explain.py", *words, "explainer=fused", "run_mode.figures=true")
    assert "nothing to do" in idle.out

    other = door("explain.py", *words, "explainer=fused", "run_mode.k_per_class=1")
    assert other.code == 2
    assert "other records were chosen" in other.err

    light = ["run_mode.stability=false", "run_mode.faithful=false"]
    earlier = door("explain.py", *words, *light, "explainer=lime", "explainer.compat=ecg_xai")
    assert earlier.code == 0, earlier.err
    lines = pd.read_csv(home / "ablation.csv")
    assert lines["study"].nunique() == 2
    mine = lines["study"] == folder.name
    assert not (mine & lines["stamp"].notna()).any()
    assert set(lines["scoring"][~mine]) == {"tremor", "ecg_xai", "ecg_xai without priors"}
    assert lines["stamp"][~mine].notna().all()
    assert "CIRCULAR" in (home / "study.html").read_text()


def test_what_no_study_can_be_made_of_is_refused(door: Door, run: Path) -> None:
    words = [f"checkpoint={run}", *STUDY]
    for more, said in (
        ("run_mode.classes=[VPB]", "the network tells AF, SNR"),
        ("run_mode.min_prob=0.9999", "no record of AF, SNR"),
        ("explainer.space=spectrogram", "a study is of the signal"),
        ("target=AF", "target=AF: a study does not heed it"),
    ):
        outcome = door("explain.py", *words, "explainer=lime", more)
        assert outcome.code == 2, outcome.out
        assert said in outcome.err


CHOSEN = pd.DataFrame(
    {
        "group_class": ["AF", "SNR"],
        "record_id": ["001", "002"],
        "group": ["07", "08"],
        "sel_idx": [4, 9],
        "filename": ["a/001.hea", "a/002.hea"],
        "duration_sec": [10.0, 13.888],
        "prob_meta": [0.9123456, 0.98],
    }
)


def settings(**other: Any) -> Settings:
    """Those of an evaluation, with others in their place."""
    whole: Settings = build(
        {"_target_": "tremor.doors.study.Settings", "k_per_class": 5, "min_prob": 0.85}
        | {"max_duration_sec": 20.0, "classes": None, "claims": None, "faithful": True}
        | {
            "stability": True,
            "augmented": True,
            "beat_seed": 1234,
            "figures": False,
            "selection": None,
        }
    )
    return replace(whole, **other)


def test_a_choice_stands_though_a_device_rounds_otherwise(tmp_path: Path) -> None:
    place = tmp_path / "selection.csv"
    kept(place, CHOSEN)
    before = place.read_bytes()
    rounded = CHOSEN.assign(prob_meta=CHOSEN["prob_meta"] + 1e-7)
    assert kept(place, rounded)["prob_meta"].tolist() == CHOSEN["prob_meta"].tolist()
    assert place.read_bytes() == before
    for other in (CHOSEN.assign(prob_meta=0.95), CHOSEN[:1], CHOSEN.assign(record_id="003")):
        with pytest.raises(Refused, match="other records were chosen"):
            kept(place, other)


def test_what_was_judged_of_other_maps_or_by_other_claims_is_not_taken(tmp_path: Path) -> None:
    of: Any = SimpleNamespace(plan={"checkpoint": "a"}, codes=[1], names=("r",), folder=tmp_path)
    judge = settings().judge(read_claims(), "zero")
    first = _kept(of, judge, settings())
    assert _kept(of, judge, settings(k_per_class=9, figures=True)) == first
    of.plan = {"checkpoint": "b"}
    assert _kept(of, judge, settings()) != first
    of.plan = {"checkpoint": "a"}
    others = settings().judge(earlier_claims(), "zero"), settings().judge(read_claims(), "blur")
    assert first not in [_kept(of, other, settings()) for other in others]


def test_classes_are_known_by_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"AFIB": [164889003], "PR": [164947007], "Cough": [49727002]}
    claims = read_claims()
    assert settings().asked(known, claims) == ["AFIB", "PR"]
    assert "nothing is claimed about Cough: left out" in capsys.readouterr().out
    with pytest.raises(Refused, match="nothing is claimed about Cough"):
        settings(classes=["AFIB", "Cough"]).asked(known, claims)


def test_the_null_is_of_another_patient() -> None:
    of: Any = SimpleNamespace(rows=pd.DataFrame({"group": ["a", "a", "b", "a"]}))
    rows = Rows(of, settings().judge(read_claims(), "zero"), Path(), augmented=False)
    assert [rows._after(place, range(4)) for place in range(4)] == [2, 2, 3, 2]
    assert rows._after(0, [0, 1, 3]) is None


def test_a_study_without_any_copy_has_rows_that_say_so(tmp_path: Path) -> None:
    row = {"class_name": "AF", "record_id": "1", "group": "p", "method": "M", "scoring": "tremor"}
    tables = Tables(tmp_path, tmp_path / "lime", stable=True)
    tables.evaluation = [{**row, "stamp": "", "strict_attauc": None}]
    tables.stability = [{**row, "error": "no beat that can be copied"}]
    tables.write()
    (line,) = tables.everything()
    assert (line["n_records"], line["n_pointed"], line["extra_spearman"]) == (1, 0, None)
    assert "beats were found in 0 of them" in next(tables.told())
    replace(tables, stable=False).write()
    assert not (tmp_path / "lime" / "evaluation_stability.csv").exists()


def test_a_choice_of_earlier_work_is_taken_by_names_and_codes(tmp_path: Path) -> None:
    said = pd.DataFrame(
        {
            "record_id": ["A0001", "A0002"],
            "group": ["p", "q"],
            "p_AF": [0.5, 0.75],
            "p_SNR": [0.25, 0.125],
            "duration_s": [10.0, 12.0],
            "path": ["x/A0001.hea", "A0002.hea"],
        }
    )
    codes = {"AF": [164889003], "SNR": [426783006]}
    theirs = pd.DataFrame(
        {
            "group_class": ["164889003", "SNR"],
            "filename": ["c:\\UHull\\A0002.mat", "/data/A0001.hea"],
            "sel_idx": [7, 9],
            "duration_sec": [12.0, 10.0],
            "prob_meta": [0.9, 0.9],
        }
    )
    write_selection(tmp_path / "cache.npz", theirs)
    theirs.to_csv(tmp_path / "selection.csv", index=False)
    for place in ("cache.npz", "selection.csv"):
        found = taken(tmp_path / place, said, codes)
        assert found["group_class"].tolist() == ["AF", "SNR"]
        assert found["record_id"].tolist() == ["A0002", "A0001"]
        assert found["sel_idx"].tolist() == [1, 0]
        assert found["prob_meta"].tolist() == [0.75, 0.25]
    with pytest.raises(Refused, match="no such class or record"):
        taken(tmp_path / "cache.npz", said[:1], codes)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Refused, match="its columns are a, b"):
        taken(tmp_path / "other.csv", said, codes)


def test_predictions_are_kept_to_the_last_digit_and_for_the_same_things_alone(
    tmp_path: Path,
) -> None:
    made = pd.DataFrame({"record_id": ["007", "1e3"], "group": ["01", "NA"], "label_AF": [1, 0]})
    made["p_AF"] = np.float32([1 / 3, 0.85])
    calls: list[int] = []

    def make() -> pd.DataFrame:
        calls.append(1)
        return made

    told = {"checkpoint": "a", "data": "b", "config": {"dataset": {"maxlen": 5000}}}
    assert predicted(tmp_path, told, make)[1] is False
    again, kept_before = predicted(tmp_path, told, make)
    pd.testing.assert_frame_equal(again, made, check_exact=True)
    assert kept_before
    others = (told | {"checkpoint": "c"}, told | {"data": "c"}, told | {"config": {}})
    assert [predicted(tmp_path, other, make)[1] for other in others] == [False] * 3
    assert predicted(tmp_path, others[-1], make)[1]
    place = tmp_path / "predictions.csv"
    place.write_text(place.read_text().replace("0.85", "0.95"))
    assert not predicted(tmp_path, others[-1], make)[1]  # somebody changed it
    assert len(calls) == 5


def test_the_file_of_a_record_is_the_one_that_its_header_names(tmp_path: Path) -> None:
    leads = "".join(f"{{}} 16 1000 16 0 0 0 0 {name}\n" for name in LEADS)
    (tmp_path / "g1").mkdir()
    for name, file in (("a", "a.dat"), ("b", "b.mat")):
        header = f"{name} 12 500 5000\n" + leads.replace("{}", file)
        (tmp_path / "g1" / f"{name}.hea").write_text(header)
        assert samples_of({"data_dir": str(tmp_path)}, f"g1/{name}.hea") == f"g1/{file}"
    assert samples_of({"patients": 24}, "made_up.hea") == ""


def test_a_finished_study_stands_until_anything_of_it_is_gone_or_other(tmp_path: Path) -> None:
    home = study_of(tmp_path)
    folder, note = home / "fused", home / "fused" / "study.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"made_of": "these"}))
    chosen = pd.DataFrame({"group_class": ["AF"], "record_id": ["r0"]})
    left = Left(home, folder, "these")
    asked: dict[str, Any] = {"maps": ["maps-0"], "stable": False, "figures": True}
    assert not left.stands(chosen, **asked)  # its maps are not there
    parts = Parts(folder / "AF" / "maps-0" / "parts")
    write_whole(parts._place("r0"), b"")
    assert left.stands(chosen, **asked)
    assert not replace(left, made_of="others").stands(chosen, **asked)
    assert not left.stands(chosen, **asked | {"stable": True})
    (folder / "sheets" / "AF-r0.png").unlink()
    assert not left.stands(chosen, **asked)
    assert left.stands(chosen, **asked | {"figures": False})
    (home / "study.html").unlink()
    assert not left.stands(chosen, **asked | {"figures": False})
