"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from left_behind import left_behind

from tremor.errors import FAULT, TremorError
from tremor.files import (
    MANY,
    clear_scratch,
    fingerprint,
    fingerprints,
    free,
    told,
    whole_folder,
    write_json,
    write_whole,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "x.txt", "one")
    write_whole(tmp_path / "a" / "x.txt", b"two")
    assert (tmp_path / "a" / "x.txt").read_text() == "two"
    assert names(tmp_path / "a") == ["x.txt"]


def test_a_write_that_breaks_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x.txt", "old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(TremorError, match="the disk is full") as caught:
        write_whole(tmp_path / "x.txt", "new")
    assert caught.value.code == FAULT
    assert (tmp_path / "x.txt").read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def test_a_folder_that_breaks_does_not_appear(tmp_path: Path) -> None:
    def half_made() -> None:
        with whole_folder(tmp_path / "made") as scratch:
            (scratch / "half").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_made()
    assert names(tmp_path) == []


def test_the_first_of_two_makers_of_one_folder_wins(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "made") as late:
        (late / "x").write_text("late")
        with whole_folder(tmp_path / "made") as early:
            (early / "x").write_text("early")
    assert (tmp_path / "made" / "x").read_text() == "early"
    assert names(tmp_path) == ["made"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TremorError, match="choose another output_dir") as caught:
        write_whole(tmp_path / "file" / "x.txt", "a")
    assert "file" in caught.value.where


def test_json_holds_no_not_a_number(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1.5, "y": None})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", {"x": float("nan")})


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(KeyError), told(tmp_path):
        raise KeyError("x")


def test_fingerprints_follow_content_and_are_remembered(tmp_path: Path) -> None:
    file, memo = tmp_path / "a.bin", tmp_path / "memo"
    file.write_bytes(b"one")
    first = fingerprint(file, memo)
    (memo / names(memo)[0]).write_text("remembered")
    assert fingerprint(file, memo) == "remembered"
    file.write_bytes(b"other")
    assert fingerprint(file, memo) not in (first, "remembered")


def test_fingerprints_of_many_are_those_of_each_and_remembered_together(tmp_path: Path) -> None:
    files, memo = [tmp_path / f"{number}.bin" for number in range(MANY)], tmp_path / "memo"
    for number, file in enumerate(files):
        file.write_bytes(bytes([number % 7]))
    each = fingerprints(files, memo)
    assert each[:9] == [fingerprint(file, tmp_path / "other") for file in files[:9]]
    notes = {note: note.read_text() for note in memo.iterdir()}
    (together,) = [note for note, text in notes.items() if len(text.split()) == MANY]
    together.write_text(notes[together].replace(each[0], "remembered"))
    assert fingerprints(files, memo)[:2] == ["remembered", each[1]]
    files[3].write_bytes(b"other")
    assert [one != two for one, two in zip(fingerprints(files, memo), each, strict=True)].count(
        True
    ) == 1


def test_a_path_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        names.append(free(tmp_path / "now"))
        names[-1].mkdir()
    assert [path.name for path in names] == ["now", "now_2", "now_3"]


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(
    tmp_path: Path,
) -> None:
    left = left_behind(tmp_path / "b")
    assert left.name.startswith(".b.~")
    (tmp_path / ".b.hidden").write_text("a user's own")
    with whole_folder(tmp_path / "c"):
        assert clear_scratch(tmp_path) == [left]
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == [".b.hidden", "c"]
