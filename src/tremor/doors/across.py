"""Judge finished runs at other stations than their own; what is judged already stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import lightning
import pandas as pd

from tremor.config.build import Plain, build
from tremor.config.resolve import select
from tremor.data.audit import audit
from tremor.data.cache import open_records
from tremor.data.labels import Labelled
from tremor.data.module import DataModule
from tremor.data.records import RecordSet
from tremor.data.sources.station_files import found
from tremor.doors.answers import predictions
from tremor.doors.checking import retuned
from tremor.doors.data import Data
from tremor.doors.echo import say
from tremor.doors.quiet import quieten
from tremor.errors import Refused
from tremor.evaluation.across import Judged, seen_by
from tremor.evaluation.by_station import apart, judging
from tremor.evaluation.judge import judge
from tremor.evaluation.run_split import where_trained
from tremor.evaluation.runs import Run
from tremor.files import digest, fingerprint, safe, write_json, write_whole
from tremor.tasks.base import Task
from tremor.training import checkpoints
from tremor.training.allocator import keep_memory
from tremor.training.assemble import Facts, restore

FEWEST = 2
"""Classes that must be among the events of a cell."""


@dataclass(frozen=True)
class Saved:
    """A finished run with its checkpoint: what it takes to judge it elsewhere."""

    run: Run
    overrides: tuple[str, ...] = ()

    @cached_property
    def path(self) -> Path:
        return checkpoints.find(str(self.run.folder))

    @cached_property
    def content(self) -> Plain:
        return checkpoints.load(self.path)

    @cached_property
    def facts(self) -> Facts:
        return Facts.read(self.content["tremor"]["facts"])

    @cached_property
    def task(self) -> Task:
        return restore(self.config, self.content)

    @cached_property
    def seen(self) -> frozenset[str]:
        return seen_by(self.run)

    @cached_property
    def config(self) -> Plain:
        """The run's own tree with what was asked to change."""
        return retuned(self.content["tremor"]["tree"], list(self.overrides))[0]

    def stations(self) -> list[str]:
        """The stations that its folder of data holds."""
        data = self.config["dataset"]
        if data.get("source") != "files":
            raise Refused(
                "only a run on files of stations can be judged at others",
                str(self.run.folder),
                "dataset.source=files; scripts/make_synthetic.py stations writes made-up ones",
            )
        return list(dict.fromkeys(one.name for one in found(data["data_dir"], None)))


def judge_elsewhere(
    runs: Sequence[Run], stations: Sequence[str] = (), overrides: Sequence[str] = ()
) -> Iterator[Judged]:
    """Each run at each station: all that its folder of data holds, or those that are named.

    At its own stations a run has been judged; elsewhere it is judged on events that it has not
    seen, and `<run>/evaluation/across/<station>/` keeps what came out.
    """
    quieten()
    keep_memory()
    plan = [(run, _wanted(Saved(run, tuple(overrides)), stations)) for run in runs]
    total = sum(len(names) for _, names in plan)
    place = 0
    for run, names in plan:
        saved = Saved(run, tuple(overrides))
        for station in names:
            place += 1
            judged = _own(run, station) or _there(saved, station)
            say(f"{place:>4}/{total}  {_said(judged)}")
            yield judged


def _wanted(saved: Saved, stations: Sequence[str]) -> list[str]:
    there = saved.stations()
    if missing := [name for name in stations if name not in there]:
        where = saved.config["dataset"]["data_dir"]
        said = f"no station {', '.join(missing)} there; there are {', '.join(there)}"
        raise Refused(said, str(where), f"--stations {there[0]}")
    return list(stations) or there


def _said(judged: Judged) -> str:
    """One line on what was judged."""
    trained = ", ".join(where_trained(judged.run))
    head = f"{trained} (seed {judged.run.seed}) at {judged.station}:"
    if judged.verdict is None:
        return f"{head} not judged: {judged.why}"
    score, verdict = judged.verdict["metrics"]["balanced_accuracy"], judged.verdict
    count = f"{verdict['records']} records of {verdict['groups']} events"
    return f"{head} balanced accuracy {score['value']:.3f}, {count}"


def _own(run: Run, station: str) -> Judged | None:
    """What a run reached at a station of its own: its test part."""
    pieces = apart(run)
    if station not in pieces:
        return None
    piece, verdict = pieces[station]
    return Judged(piece, station, 0, verdict)


def _there(saved: Saved, station: str) -> Judged:
    """A run at a station that it does not know, judged now or before."""
    data, left_out = _unseen(saved, station)
    counts = data.records.table.loc[data.parts == "test", "label"].nunique()
    if counts < FEWEST:
        why = f"{counts} classes among the events there that it has not seen"
        return Judged(saved.run, station, left_out, why=why)
    folder = saved.run.folder / "evaluation" / "across" / safe(station)
    mark = _mark(saved, data)
    if (kept := _kept(saved.run, folder, mark)) is not None:
        return Judged(kept[0], station, left_out, kept[1])
    lightning.seed_everything(saved.run.seed, verbose=False)
    said = predictions(saved.task, data, "test", saved.config)
    verdict = judge(said, **judging(saved.run))
    write_whole(folder / "predictions.csv", said.to_csv(index=False))
    write_json(folder / "metrics.json", verdict | {"mark": mark, "seen_events_left_out": left_out})
    return Judged(replace(saved.run, predictions=said), station, left_out, verdict)


def _unseen(saved: Saved, station: str) -> tuple[Data, int]:
    """A station's records, those of events that a run has not seen as test part.

    Also how many events were left out because the run had seen them.
    """
    config = saved.config
    source = build(config["dataset"]["records"] | {"station": station})
    records, _ = open_records(source, config["cache_dir"])
    labels = config["dataset"]["labels"]
    labelled: Labelled = build(labels, table=records.table, classes=records.classes)
    records = replace(records, table=labelled.table)
    used = labelled.table["label"] >= 0
    seen = labelled.table["group"].isin(saved.seen)
    parts = pd.Series("unused", labelled.table.index).mask(used & ~seen, "test")
    data = _data(config, records, labelled, parts)
    _refuse_misfit(saved, data, station)
    return data, int(labelled.table.loc[used & seen, "group"].nunique())


def _data(config: Plain, records: RecordSet, labelled: Labelled, parts: pd.Series[str]) -> Data:
    module: DataModule = build(config["loader"], records=records, parts=parts)
    known: Any = audit(records.table, module.parts, labelled.classes)
    return Data(records, labelled, module.parts, known, module)


def _refuse_misfit(saved: Saved, data: Data, station: str) -> None:
    """The records of another station must be what the network was made for."""
    if saved.facts != data.facts:
        raise Refused(
            f"the records of {station} do not fit a network that was trained on {saved.facts}: "
            f"{data.facts}",
            str(saved.run.folder),
            "--stations with those that fit",
        )


def _mark(saved: Saved, data: Data) -> str:
    """What a verdict follows from: weights, records, the events that count, settings."""
    names = data.records.table.loc[data.parts == "test", "record_id"]
    asked = json.dumps(select(saved.run.config, "evaluation"), sort_keys=True)
    memo = Path(saved.config["cache_dir"]).expanduser() / "files"
    weights = fingerprint(saved.path, memo)
    return digest(weights, data.records.fingerprint, asked, *saved.overrides, *names)


def _kept(run: Run, folder: Path, mark: str) -> tuple[Run, Plain] | None:
    """What was judged before from the same weights and records."""
    if not (folder / "metrics.json").is_file():
        return None
    found = Run.judged_at(run.folder, run.config, folder)
    if found.verdict.get("mark") != mark:
        return None
    return replace(run, predictions=found.predictions), found.verdict
