"""Folders of studies of ECG maps as the door leaves them, without any network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tremor.doors.study_tables import Tables
from tremor.explain.heart.ecg_xai import CIRCULAR
from tremor.report.svg import save_png


def rows(method: str, scoring: str = "tremor", stamp: str = "") -> list[dict[str, Any]]:
    """Eight patients with a record of one class, judged."""
    score = np.random.default_rng(0).normal(0.6, 0.1, 8)
    who = [{"class_name": "AF", "record_id": f"r{n}", "group": f"p{n}"} for n in range(8)]
    said = {"method": method, "scoring": scoring, "stamp": stamp}
    return [
        {**one, **said, "strict_attauc": value, "strict_attauc_shifted": 0.5}
        for one, value in zip(who, score, strict=True)
    ]


def study_of(run: Path, mode: str = "demo", sheet: str = "AF-r0") -> Path:
    """Two studies in a run's folder, one of them circular, with a sheet each; their folder."""
    home = run / "explanations" / mode
    for name, judged in (
        ("fused", rows("Fused")),
        ("lime-0a1b2c3d", rows("EarlierLime", "ecg_xai", CIRCULAR)),
    ):
        save_png(Figure(figsize=(7, 2)), home / name / "sheets" / f"{sheet}.png")
        tables = Tables(home, home / name, stable=False, made_by=f"made by {name}")
        tables.evaluation = judged
        tables.sheets = [{"title": f"{sheet} of {name}", "caption": "c.", "file": f"{sheet}.png"}]
        tables.write()
    return home
