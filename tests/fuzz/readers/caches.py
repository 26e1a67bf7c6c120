"""What Tremor itself writes and reads again: record sets, explanations, sweeps."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from worlds import Numbers

from fuzz.reader import Files, Reader
from fuzz.readers.sources import files_of
from tremor.data.cache import open_records
from tremor.data.records import RecordSet
from tremor.explain.explanation import Axis, Explanation
from tremor.explain.explanations import Explanations
from tremor.training.sweep_folder import Sweep

AXES = (Axis("component", ("Z", "N")), Axis("time", (0.0, 0.5, 1.0), "s"))


@cache
def _records() -> dict[str, Files]:
    def write(root: Path) -> None:
        records, _ = open_records(Numbers(count=6, lengths=(30, 20)), str(root / "c"))
        for path in records.folder.rglob("*"):
            if path.is_file():
                place = root / path.relative_to(records.folder)
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(path.read_bytes())

    files = files_of(write)
    return {"ragged": {name: data for name, data in files.items() if not name.startswith("c/")}}


def _read_records(folder: Path) -> object:
    records = RecordSet.open(folder)
    try:
        told = records.classes, records.channels, records.sampling_rate, records.fingerprint
        return told, [records.record(number).sum() for number in range(len(records))]
    finally:
        records.close()


@cache
def _explanations() -> dict[str, Files]:
    each = [
        Explanation(
            values=torch.randn(2, 3, generator=torch.Generator().manual_seed(n)).double(),
            errors=torch.ones(2, 3).double(),
            leaf=torch.arange(6).view(2, 3),
            freedom=5.0,
            base_value=0.0,
            output=1.0,
            completeness_error=None,
            evaluations=10,
            axes=AXES,
            method="Owen",
            settings={"orderings": 4},
            trust={"share": 0.5},
        )
        for n in range(3)
    ]
    rows = {"record_id": ["r0", "r1", "r2"], "group": ["a", "a", "b"], "label": [0, 1, 1]}
    table = pd.DataFrame(rows | {"predicted": [0, 1, 0], "station": ["A", "B", "A"]})
    meta = {"method": "Owen", "settings": {"orderings": 4}, "target": "1"}
    found = Explanations.gather(each, np.zeros((3, 2, 3)), table, ("f", "a"), meta)
    return {"three": files_of(lambda root: found.save(root / "x.h5"))}


def _read_explanations(folder: Path) -> object:
    found = Explanations.open(folder / "x.h5")
    ones = [found.one(row).leaves for row in range(len(found))]
    return ones, found.mean("label"), found.resolution()


@cache
def _sweeps() -> dict[str, Files]:
    jobs = [
        {"number": n, "overrides": [], "typed": [f"seed={n}"], "values": {"seed": str(n)}}
        | {"monitor": "val/loss", "mode": "min", "trial": None}
        for n in range(2)
    ]
    plan = {"arguments": [], "typed": ["seed=0,1"], "hydra": [], "keys": ["seed"], "home": "/x"}
    files = {"sweep.json": plan | {"jobs": jobs, "format": 1}}
    states = {"state": "done", "seconds": 2.0, "problem": "", "where": "", "remedy": ""}
    score = {"metrics": {"accuracy": {"value": 0.5, "lo": 0.4, "hi": 0.6}}}
    for n in range(2):
        files[f"{n}/job.json"] = states
        files[f"{n}/evaluation/metrics.json"] = score
    texts = {name: json.dumps(content).encode() for name, content in files.items()}
    lines = {f"{n}/metrics.csv": b"epoch,val/loss\n0,0.5\n1,0.4\n" for n in range(2)}
    return {"two": texts | lines}


def _read_sweep(folder: Path) -> object:
    from tremor.evaluation.swept import summed_up
    from tremor.evaluation.swept_words import sentences
    from tremor.report.sweep import table

    swept = summed_up(Sweep.read(folder))
    return list(sentences(swept)), table(swept), swept.sweep.again("failed")


READERS = [
    Reader("record_set", _records, _read_records, share=8),
    Reader("explanations", _explanations, _read_explanations, share=2),
    Reader("sweep", _sweeps, _read_sweep, share=7),
]
