"""Seismic records: SeisBench's folders, the Norcia files of both kinds, folders of stations."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from seisbench_folders import seisbench_folder

from fuzz.reader import Files, Reader
from fuzz.readers.sources import files_of, records_of
from tremor.data.sources.norcia import Norcia
from tremor.data.sources.seisbench import SeisBench
from tremor.data.sources.stations import Stations
from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.write_norcia import write_norcia
from tremor.data.synthetic.write_stations import write_stations

TRACES = np.random.default_rng(0).normal(size=(4, 3, 300))
TIMES = [f"2020-01-0{n}T00:00:00.000000Z" for n in range(1, 5)]


@cache
def _seisbench() -> dict[str, Files]:
    """Traces in one bucket, in datasets of their own, and in two chunks."""
    told = {
        "trace_start_time": TIMES,
        "trace_p_arrival_sample": [10, 20, 30, 1e9],
        "trace_npts": [300] * 4,
        "trace_sampling_rate_hz": [100.0, 100.0, 50.0, 100.0],
        "source_id": ["e1", "e1", "e2", ""],
        "station_code": list("ABCD"),
        "split": ["train", "train", "dev", "test"],
    }
    names = ["bucket0$0,:3,:300", "bucket0$1", "../bucket0$2,:3", "/etc/passwd$0,:3,:2"]

    def chunks(root: Path) -> None:
        seisbench_folder(root, TRACES[:2], "_a")
        seisbench_folder(root, TRACES[2:], "_b")
        (root / "chunks").write_text("_a\n_b\n")

    return {
        "bucket": files_of(lambda root: seisbench_folder(root, TRACES, **told)),
        "strange": files_of(lambda root: seisbench_folder(root, TRACES, trace_name=names)),
        "chunks": files_of(chunks),
    }


def _read_seisbench(folder: Path) -> int:
    source = SeisBench((str(folder),), duration=2.0, min_length=0.5, around_arrivals=False)
    return records_of(source, folder)


@cache
def _norcia() -> dict[str, Files]:
    world = NorciaSequence(n_pre=2, n_visso=1, n_post=2)
    return {
        kind: files_of(lambda root, kind=kind: write_norcia(world, root, kind))  # type: ignore[misc]
        for kind in ("hdf5", "pickle")
    }


@cache
def _stations() -> dict[str, Files]:
    world = NorciaNetwork(n_events=3, duration=13.0, stations=("AAA",))

    def write(root: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            write_stations(world, Path(name) / "all")
            for path in (Path(name) / "all").rglob("*"):
                if path.is_file():
                    (root / path.name).write_bytes(path.read_bytes())

    return {"one": files_of(write)}


@cache
def _tables() -> dict[str, Files]:
    files = _norcia()["hdf5"]
    return {"table": {n: c for n, c in files.items() if n.endswith("attributes_pre.csv")}}


def _read_table(folder: Path) -> pd.DataFrame:
    from tremor.data.sources.norcia_hdf5 import attribute_table

    (path,) = folder.glob("*.csv")
    return attribute_table(path, ("trace_name",))


READERS = [
    Reader("seisbench", _seisbench, _read_seisbench, share=1.5),
    Reader("norcia", _norcia, lambda folder: records_of(Norcia(str(folder)), folder), share=0.5),
    Reader("stations", _stations, lambda f: records_of(Stations(str(f)), f), share=0.6),
    Reader("attribute_table", _tables, _read_table, share=3),
]
