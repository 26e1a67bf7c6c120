"""What an earlier call of a study left: not done again as long as it is of the very same things."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from tremor.config.build import Plain
from tremor.explain.parts import Parts
from tremor.files import digest, near, write_json, write_whole
from tremor.report.files import read_json
from tremor.report.tables import counted

AGAIN = "delete this file, then python explain.py again"
TEXTS = {"record_id": str, "group": str}
TABLES = ("evaluation_attauc_deletion.csv",)
STABLE = ("evaluation_stability.csv", "stability_by_class.csv")


def predicted(
    home: Path, told: Plain, make: Callable[[], pd.DataFrame]
) -> tuple[pd.DataFrame, bool]:
    """What the network says of all records, and whether it was said by an earlier call.

    `told` is all that decides it. Numbers come back to the last digit.
    """
    place, note = home / "predictions.csv", home / "predictions.json"
    key = digest(json.dumps(told, sort_keys=True, default=str))
    known = read_json(note, AGAIN) if note.exists() and place.exists() else {}
    text = place.read_text() if known.get("made_of") == key else ""
    if text and known["content"] == digest(text):
        read = pd.read_csv(
            StringIO(text), dtype=TEXTS, keep_default_na=False, float_precision="round_trip"
        )
        return read.astype(known["columns"]), True
    made = make()
    text = made.to_csv(index=False)
    columns = {str(name): str(kind) for name, kind in made.dtypes.items() if name not in TEXTS}
    write_whole(place, text)
    write_json(note, {"made_of": key, "content": digest(text), "columns": columns})
    return made, False


@dataclass(frozen=True)
class Left:
    """What a finished study left in `folder`; `made_of` is the digest of all that decides it."""

    home: Path
    folder: Path
    made_of: str

    def stands(self, chosen: pd.DataFrame, maps: list[str], stable: bool, figures: bool) -> bool:
        """Whether everything that a call now would make is there, made of the same things.

        `chosen` has the records of each class, `maps` names the folders of maps of a class.
        """
        note = self.folder / "study.json"
        told: dict[str, Any] = read_json(note, AGAIN) or {}
        if told.get("made_of") != self.made_of:
            return False
        pages = [self.home / name for name in ("study.html", "ablation.csv")]
        tables = [self.folder / name for name in (*TABLES, *STABLE * stable)]
        sheets = [self.folder / one["file"] for one in told["sheets"]]
        drawn = not figures or (len(sheets) == len(chosen) and all(map(Path.exists, sheets)))
        pairs = zip(chosen["group_class"], chosen["record_id"], strict=True)
        explained = (
            Parts(self.folder / name / folder / "parts").has(record)
            for name, record in pairs
            for folder in maps
        )
        return drawn and all(map(Path.exists, (*pages, *tables))) and all(explained)

    def told(self, chosen: pd.DataFrame) -> Iterator[str]:
        """What an earlier call has done, and where it is."""
        classes = ", ".join(chosen["group_class"].unique())
        yield f"kept     maps of {counted(len(chosen), 'record')} ({classes}), rows and tables"
        yield f"kept     {near(self.folder)}: nothing to do"
        yield f"page     {near(self.home / 'study.html')}"
