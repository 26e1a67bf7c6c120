"""Codes by name: those of the reference, in any order, and their equivalents."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tremor.data.ecg.snomed import codes, equivalents, named, unknown


def test_all_classes_of_the_reference_are_known(shared_data: Path) -> None:
    classes = np.load(shared_data / "ecg" / "snomed_classes.npy", allow_pickle=False)
    assert set(codes()) == set(classes.tolist())
    assert len({one.abbreviation for one in codes().values()}) == 27
    assert [named(code) for code in classes[[1, 21]]] == ["AF", "SNR"]


def test_equivalents_go_both_ways() -> None:
    for one, other in (("713427006", "59118001"), ("63593006", "284470004")):
        assert set(equivalents(one)) == set(equivalents(other)) == {one, other}
    assert [named(code) for code in equivalents("17338001")] == ["PVC", "VPB"]
    assert equivalents("164889003") == ("164889003",)
    told = [one.equivalent_of for one in codes().values() if one.equivalent_of]
    assert len(told) == 3
    assert all(codes()[code].equivalent_of == "" for code in told)


def test_what_is_not_known_keeps_its_code_and_is_counted() -> None:
    assert named("1") == "1"
    assert equivalents("1") == ("1",)
    assert unknown(["1", "164889003", "1", "2"]) == {"1": 2, "2": 1}
