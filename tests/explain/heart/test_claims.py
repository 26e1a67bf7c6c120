"""Claims: those of the house are whole, those of a user are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tremor.errors import Refused
from tremor.explain.heart.claims import LEADS
from tremor.explain.heart.claims_file import earlier_claims, read_claims

CHALLENGE = (
    "270492004 164889003 164890007 426627000 713427006 713426002 445118002 39732003 164909002 "
    "251146004 698252002 10370003 284470004 427172004 164947007 111975006 164917005 47665007 "
    "59118001 427393009 426177001 426783006 427084000 63593006 164934002 59931005 17338001"
)  # the 27 classes of the 2020 Challenge

SMALL = """
fast: 100
early: 0.85
windows:
  pre: {from: -0.2, to: -0.05, fast: {to: -0.1}}
  qrs: {from: -0.05, to: 0.08, wide: {to: 0.12}}
  between: {from: 0.4, to_next: -0.2}
tokens: [qrs, pre]
classes:
  X:
    name: some class
    codes: [1, 2]
    claims:
      - {what: a, windows: [pre], strict: [II], lenient: [II, V1], source: a book}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_class_of_the_challenge_has_sourced_claims() -> None:
    found = read_claims()
    codes = [code for d in found.diagnoses.values() for code in d.codes]
    assert sorted(codes) == sorted(CHALLENGE.split())
    for code in codes:
        diagnosis = found.of(code)
        assert all(claim.source and claim.what for claim in diagnosis.claims)
        assert any(claim.lenient for claim in diagnosis.claims)
        assert not diagnosis.prior


def test_some_window_is_claimed_and_some_is_not() -> None:
    found = read_claims()
    for diagnosis in found.diagnoses.values():
        assert set(found.tokens) - set(diagnosis.windows), diagnosis.key


def test_a_class_by_its_name_or_any_of_its_codes() -> None:
    found = read_claims()
    assert found.of("RBBB") is found.of("59118001") is found.of("713427006")
    with pytest.raises(Refused, match="nothing is claimed about the class 7"):
        found.of("7")


def test_the_earlier_lists() -> None:
    found = earlier_claims()
    assert set(found.diagnoses) == {"AF", "SNR"}
    claim = found.of("SNR").claims[0]
    assert set(found.of("SNR").prior) == set(claim.lenient)
    assert claim.strict == ("II", "V1")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    found = read_claims(write(tmp_path, SMALL))
    assert found.bounds("pre", fast=True, wide=False).stop == -0.1
    assert found.bounds("pre", fast=False, wide=True).stop == -0.05
    assert found.bounds("qrs", fast=False, wide=True).stop == 0.12
    assert found.bounds("between", fast=False, wide=False).to_next
    assert found.of("2").claims[0].strict == ("II",)
    everywhere = SMALL.replace("lenient: [II, V1]", "lenient: all")
    assert read_claims(write(tmp_path, everywhere)).of("X").claims[0].lenient == LEADS


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fast: 100", "fast: soon", "'soon' is not a number"),
        ("early: 0.85\n", "", "early is missing"),
        ("early: 0.85", "early: 0.85\nearlier: 1", "earlier is unknown"),
        ("tokens: [qrs, pre]", "tokens: [qrs, pace]", "pace unknown"),
        ("tokens: [qrs, pre]", "tokens: [qrs, qrs]", "there twice"),
        ("windows: [pre]", "windows: pre", "is not a list"),
        ("strict: [II]", "strict: [V7]", "V7 unknown"),
        ("strict: [II]", "strict: [V2]", "V2 in strict, not in lenient"),
        (", source: a book", "", "source is missing"),
        ("source: a book", "source: ''", "a claim without a source"),
        ("source: a book", "source: a book, beats: late", "beats: late"),
        ("{from: -0.2, to: -0.05,", "{from: -0.2,", "a window without one end"),
        ("to: -0.05", "to: -0.25", "a window from -0.2 to -0.25 s"),
        ("fast: {to: -0.1}", "fast: 3", "not a mapping"),
        ("  X:", "  X: [", "not valid YAML"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in SMALL
    with pytest.raises(Refused) as error:
        read_claims(write(tmp_path, SMALL.replace(old, new, 1)))
    assert words in str(error.value)
    assert "own.yaml" in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no file of claims"):
        read_claims(tmp_path / "none.yaml")


def test_objects_in_a_file_are_not_made(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        read_claims(write(tmp_path, "fast: !!python/object/apply:os.getcwd []"))
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("!!python/object/apply:os.getcwd []")
