"""Runs that answer several questions, or whose records may have several classes, as files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import several_classes
import two_heads
import yaml
from evaluation.test_compare import answers, fabricate
from pandas import DataFrame
from report.test_page import fill

from fuzz.reader import Files
from fuzz.readers.sources import files_of
from tremor.evaluation.multitask import judge

HEADS = {"magnitude": ["Normal", "Small", "Large"], "azimuth": ["Normal", "N", "E", "S", "W"]}
QUICK: dict[str, Any] = {"draws": 20, "permutations": 19}
KINDS = ("heads", "several")
GROUPS = 12


def _table(kind: str) -> DataFrame:
    """Records of few groups, with few classes."""
    if kind == "several":
        return several_classes.world(GROUPS, each=1)
    table = two_heads.world(GROUPS, each=1)
    few = {name: table[name].clip(upper=2) for name in ("label", "label_magnitude")}
    return table.assign(**few, label_azimuth=(table["label_azimuth"] + 1) // 2)


def _said(kind: str, seed: int) -> DataFrame:
    if kind == "several":
        return several_classes.predictions(_table(kind), seed=seed)
    return two_heads.predictions(_table(kind), seed=seed, heads=HEADS)


@cache
def _verdict(kind: str) -> str:
    table, said = _table(kind), _said(kind, 0)
    if kind == "several":
        return json.dumps(several_classes.judged(said, table, **QUICK))
    known: dict[str, Any] = {"table": table, "train_table": two_heads.other(table)}
    return json.dumps(judge(said, classes=HEADS["magnitude"], heads=HEADS, **known, **QUICK))


@cache
def compared(kind: str) -> Files:
    """Two runs to compare."""

    def write(root: Path) -> None:
        for seed, size in enumerate((64, 128)):
            home = fabricate(root / f"{size}", answers(0.8, events=4), model__hidden_size=size)
            _said(kind, seed).to_csv(home / "evaluation" / "predictions.csv", index=False)
            (home / "evaluation" / "metrics.json").write_text(_verdict(kind))
            (home / "checkpoints" / "none").touch()

    return files_of(write)


@cache
def paged(kind: str) -> Files:
    """A finished run by itself."""

    def write(run: Path) -> None:
        fill(run)
        (run / "evaluation" / "metrics.json").write_text(_verdict(kind))
        (run / "config.yaml").write_text(yaml.safe_dump({"experiment_name": kind}))

    return files_of(write)


def listed(kind: str) -> Files:
    """The same run below a folder of outputs."""
    home = f"{kind}/2026-01-02__03_04_05"
    files = {f"{home}/{name}": content for name, content in paged(kind).items()}
    return files | {f"{home}/checkpoints/none": b""}
