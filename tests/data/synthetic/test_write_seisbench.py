"""Synthetic folders in SeisBench's format: read as they were made, and taken up where they stop."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from opened import load_script

from tremor.data.cache import open_records
from tremor.data.sources.seisbench import SeisBench
from tremor.data.synthetic.traces import TraceWorld
from tremor.data.synthetic.write_seisbench import BUCKET, write_seisbench
from tremor.errors import Refused

WORLD = TraceWorld(n_traces=BUCKET + 6, duration=3.0)


def test_what_was_interrupted_goes_on_to_the_same_files(tmp_path: Path) -> None:
    files = write_seisbench(WORLD, tmp_path, chunk=10)
    assert [path.name for path in files] == ["metadata_000000000.csv", "metadata_000001024.csv"]
    second, kept = files[1].read_text(), files[0].stat().st_mtime_ns
    files[1].unlink()
    told: list[tuple[int, int]] = []
    write_seisbench(WORLD, tmp_path, chunk=10, tell=lambda *counts: told.append(counts))
    assert files[1].read_text() == second
    assert files[0].stat().st_mtime_ns == kept
    assert told == [(BUCKET, BUCKET + 6), (BUCKET + 6, BUCKET + 6)]
    with pytest.raises(Refused, match="another size"):
        write_seisbench(WORLD, tmp_path, chunk=3000)
    with pytest.raises(Refused, match="another synthetic world"):
        write_seisbench(TraceWorld(), tmp_path)


def test_the_source_reads_what_was_made(tmp_path: Path) -> None:
    assert (
        load_script("make_synthetic").main(
            ["seisbench", str(tmp_path / "a"), "--n-traces", "30", "--duration", "3"]
        )
        == 0
    )
    source = SeisBench((str(tmp_path / "a"),), duration=3.0)
    records, _ = open_records(source, str(tmp_path / "cache"))
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE) == 0
    made, known = TraceWorld(n_traces=30, duration=3.0).block(0, 30)
    np.testing.assert_array_equal(records.gather(list(range(30)), 300), made)
    assert records.table["group"].tolist() == [f"a {event}" for event in known["source_id"]]
    p = known["trace_p_arrival_sample"] / 100
    np.testing.assert_allclose(records.table["p_time_s"], p)
    assert records.table["snr_db"].notna().all()
