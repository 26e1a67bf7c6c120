"""Train and judge one configuration on every rung of the ladder of splits that its data offer."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from hydra import compose, initialize_config_dir

from tremor.config.build import Plain, build
from tremor.data.audit import audit
from tremor.data.cache import open_records
from tremor.data.labels import Labelled
from tremor.doors.checking import CONFIGS, checked
from tremor.doors.echo import say
from tremor.doors.quiet import quieten
from tremor.doors.shell import prepared
from tremor.errors import Refused
from tremor.evaluation.rungs import LEAKY, RUNGS, Rung
from tremor.files import near, write_whole

OURS = ("event_split_method", "fold", "n_folds", "allow_leak", "split")
"""Keys of `dataset` that the ladder sets itself."""


@dataclass(frozen=True)
class Leg:
    """One run of the ladder: its folder, and all that `simple_train.py` is told."""

    folder: Path
    overrides: tuple[str, ...]

    @property
    def done(self) -> bool:
        return (self.folder / "summary.json").exists()

    @property
    def told(self) -> Path:
        """Where its overrides are kept, so that another command is not taken for this one."""
        return self.folder.with_name(f"{self.folder.name}.overrides")


def climb(
    out: Path, overrides: Sequence[str], seeds: Sequence[int], n_folds: int, wanted: Sequence[str]
) -> tuple[list[str], int]:
    """Run what is not finished in `out`; returns notes on rungs left out, and how many runs failed.

    Call it again to go on: finished runs are kept, begun ones resume.
    """
    _refuse_ours(overrides)
    quieten()
    legs, notes = plan(out, overrides, seeds, n_folds, wanted)
    for note in notes:
        say(f"rung     {note}")
    for leg in legs:
        _refuse_changed(leg)
    failed = 0
    for number, leg in enumerate(legs, start=1):
        if leg.done:
            continue
        say(f"{number:>4}/{len(legs)}  {near(leg.folder)}")
        if _run(leg) != 0:
            failed += 1
            notes.append(f"Failed: {near(leg.folder)} (see {near(_log(leg))}).")
            say(f"FAILED   {near(leg.folder)} (see {near(_log(leg))})")
    return notes, failed


def plan(
    out: Path, overrides: Sequence[str], seeds: Sequence[int], n_folds: int, wanted: Sequence[str]
) -> tuple[list[Leg], list[str]]:
    """The runs of the rungs that the data offer, and why others are not offered."""
    table, classes, multi, config = _labelled(overrides)
    legs, notes = [], []
    for rung in (RUNGS[name] for name in wanted):
        folds = _folds(rung, table, n_folds)
        why = _not_offered(rung, table, classes, multi, config, folds)
        if why:
            notes.append(f"Not offered, {rung.name} ({rung.method}): {why}.")
            continue
        own = tuple(_of(rung, folds, float(config["dataset"]["purge_hours"] or 0)))
        for seed in seeds:
            for fold in range(folds) if rung.folded else (None,):
                name = f"seed{seed}" + ("" if fold is None else f"_fold{fold}")
                each = ("dataset.fold=null" if fold is None else f"dataset.fold={fold}",)
                said = (*overrides, f"seed={seed}", *own, *each)
                legs.append(Leg(out.resolve() / rung.method / name, said))
    if not legs:
        raise Refused("no rung is offered by these data", "; ".join(notes), "another dataset")
    return legs, notes


def _of(rung: Rung, folds: int, purge_hours: float) -> Iterator[str]:
    """What makes a run one of this rung; hours to a test event mean nothing to some splits."""
    yield f"dataset.event_split_method={rung.method}"
    yield f"dataset.allow_leak={str(rung.method == LEAKY).lower()}"
    if rung.folded:
        yield f"dataset.n_folds={folds}"
    elif purge_hours and not rung.timed:
        yield "dataset.purge_hours=0"


def _labelled(overrides: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...], bool, Plain]:
    """The table of the records that have a label, their classes, and the tree."""
    typed = prepared([*overrides, "dataset.fold=null", "dataset.event_split_method=random"], ROOT)
    hours = [] if any("purge_hours" in text for text in overrides) else ["dataset.purge_hours=0"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = checked(compose("train", overrides=[*typed, *hours]))[0]
    records, _ = open_records(build(config["dataset"]["records"]), config["cache_dir"])
    given = {"table": records.table, "classes": records.classes}
    labelled: Labelled = build(config["dataset"]["labels"], **given)
    used = labelled.table[labelled.table["label"] >= 0]
    return used, labelled.classes, labelled.multi, config


ROOT = CONFIGS / "train.yaml"


def _folds(rung: Rung, table: pd.DataFrame, n_folds: int) -> int:
    """As many folds as were asked for; of stations no more than there are."""
    if rung.method == "leave_station_out" and "station" in table:
        return min(n_folds, table["station"].nunique())
    return n_folds


def _not_offered(
    rung: Rung,
    table: pd.DataFrame,
    classes: tuple[str, ...],
    multi: bool,
    config: Plain,
    folds: int,
) -> str:
    """Why the data do not offer a rung; nothing where they do."""
    if rung.method == LEAKY and table["group"].is_unique:
        return "every event has one record, so that dealing records is dealing events"
    if rung.folded and folds < 2:
        return "there is one station"
    split = config["dataset"]["split"] | {"_target_": f"tremor.data.splits.{rung.method}"}
    split |= {"fold": 0 if rung.folded else None, "n_folds": folds}
    try:
        parts = build(split, table=table)
    except Refused as refused:
        return refused.problem
    broken = [c for c in audit(table, parts, classes, multi)["checks"] if not c["passed"]]
    if broken and rung.method != LEAKY:
        return "the split leaks: " + "; ".join(f"{c['check']} ({c['count']})" for c in broken)
    return ""


def _refuse_ours(overrides: Sequence[str]) -> None:
    """What the ladder sets itself cannot be set."""
    keys = {"seed", *(f"dataset.{name}" for name in OURS)}
    own = [text for text in overrides if text.lstrip("+~").split("=")[0] in keys]
    if own:
        remedy = "leave them out; --seeds, --folds and --rungs say which runs there are"
        raise Refused(f"the ladder sets these itself: {', '.join(own)}", "the command line", remedy)


def _refuse_changed(leg: Leg) -> None:
    """A folder that was begun by another command is not gone on with."""
    if leg.told.is_file() and leg.told.read_text(encoding="utf-8") != _lines(leg):
        said = "this ladder was begun with other overrides"
        raise Refused(said, str(leg.told), "the same command, or another --out")


def _lines(leg: Leg) -> str:
    return "".join(f"{text}\n" for text in leg.overrides)


def _log(leg: Leg) -> Path:
    return leg.folder.with_name(f"{leg.folder.name}.log")


def _run(leg: Leg) -> int:
    """One run in a process of its own; what it says goes into a file beside its folder."""
    words = [*leg.overrides, f"hydra.run.dir={leg.folder}"]
    if (leg.folder / "checkpoints" / "last.ckpt").exists():
        words = [f"resume={leg.folder}"]
    elif leg.folder.exists() and leg.told.is_file():
        shutil.rmtree(leg.folder)
    write_whole(leg.told, _lines(leg))
    command = [sys.executable, str(CONFIGS.parent / "simple_train.py"), *words]
    with _log(leg).open("w", encoding="utf-8") as log:
        log.write(f"{shlex.join(command)}\n")
        log.flush()
        done = subprocess.run(command, stdout=log, stderr=log, env=os.environ, check=False)
    return done.returncode
