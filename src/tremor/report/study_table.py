"""The table over all studies of the same records, as pages show it; circular rows apart."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWN = {
    "strict_attauc": "AttAUC, strict",
    "strict_attauc_beyond_shifted": "beyond half a beat's shift",
    "strict_attauc_beyond_leads": "beyond permuted leads",
    "lenient_attauc": "AttAUC, lenient",
    "truth_attauc": "AttAUC, planted truth",
    "strict_f1": "F1, strict",
    "deletion_auc": "deletion",
    "faithfulness_gain": "deletion gain",
    "faithfulness_gain_second": "the same, second fill",
    "extra_spearman": "stability",
    "extra_prediction_stays": "prediction stays",
}
"""Columns of the ablation that a page has; the CSV has all."""
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Lines with their cells as text under `headings`; those with a stamp are `circular`."""

    headings: Sequence[str]
    honest: Sequence[Line]
    circular: Sequence[Line]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Table:
        """The columns that any line knows."""
        shown = {c: words for c, words in SHOWN.items() if any(_known(row, c) for row in lines)}
        told = [_told(line, list(shown)) for line in lines]
        honest = [line for line in told if not line["stamp"]]
        return cls(list(shown.values()), honest, [line for line in told if line["stamp"]])

    @property
    def stamps(self) -> list[str]:
        """What must be said of the circular lines."""
        return list(dict.fromkeys(line["stamp"] for line in self.circular))

    @property
    def names(self) -> set[str]:
        """The studies that lines are of."""
        return {line["study"] for line in (*self.honest, *self.circular)}

    @property
    def studies(self) -> dict[str, str]:
        """What made each study, by its name."""
        lines = (*self.honest, *self.circular)
        return {line["study"]: line["made_by"] for line in lines if line["made_by"]}


def picture(home: Path, study: str, sheet: Mapping[str, str]) -> dict[str, str]:
    """A sheet of a study as data for a page; empty where the file is gone."""
    path = (home / study / sheet["file"]).resolve()
    if not path.is_relative_to(home.resolve()):
        raise ValueError(f"a sheet outside of the study: {sheet['file']}")
    data = base64.b64encode(path.read_bytes()).decode() if path.exists() else ""
    return {**sheet, "data": data}


def _told(line: Line, columns: Sequence[str]) -> Line:
    """A line as text; a table that was read back has not-a-number where there was no text."""
    texts = {name: line[name] if _known(line, name) else "" for name in ("stamp", "made_by")}
    pointed = line.get("n_pointed", line["n_records"])
    beats = "" if pointed == line["n_records"] else f"beats in {pointed}"
    return {**line, **texts, "beats": beats, "cells": [_cell(line, c) for c in columns]}


def _known(line: Line, column: str) -> bool:
    value = line.get(column)
    return value is not None and value == value


def _cell(line: Line, column: str) -> dict[str, str]:
    """A number and its interval, as text."""
    if not _known(line, column):
        return {"value": "–", "interval": ""}
    low, high = (line.get(f"{column}_{end}") for end in ("low", "high"))
    ends = f"{low:.3f} to {high:.3f}" if _known(line, f"{column}_low") else ""
    return {"value": f"{line[column]:.3f}".replace("-", "−"), "interval": ends.replace("-", "−")}
