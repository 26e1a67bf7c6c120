"""A synthetic sequence in the files of the real one, so that everything can be tried without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.sources.norcia_files import (
    COMPONENTS,
    PHASES,
    SAMPLES,
    SAMPLING_RATE,
    FileSet,
    Trace,
)
from tremor.data.sources.norcia_writing import write_phase
from tremor.data.sources.synthetic import World
from tremor.data.synthetic.source_model import P_SPEED
from tremor.errors import Refused

CHUNK = 256
NETWORK = "SY"  # the code of synthetic records
SITE = {
    "receiver_latitude": 42.83355,
    "receiver_longitude": 13.11427,
}
KM_PER_DEGREE = 111.195
TURN = np.deg2rad(137.5)  # from one event's direction to the next one's


def write_norcia(world: World, folder: Path, kind: str, station: str = "NRCA") -> list[Path]:
    """Write all phases of a world of 25 s at 100 Hz as `hdf5` or `pickle`; returns the files."""
    catalogue = world.catalogue()
    files = FileSet(kind, folder, station)
    for phase in PHASES:
        rows = np.flatnonzero(catalogue["phase"] == phase)
        write_phase(files, phase, _whole(world, traces_of(world, catalogue, rows, station)))
    return files.files()


def traces_of(world: World, catalogue: pd.DataFrame, rows: Any, station: str) -> Iterator[Trace]:
    """Traces made in chunks, so that a sequence of any size fits."""
    order = [world.channels.index(component) for component in COMPONENTS]
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        waves = world.waveforms(part)[:, order]
        table = catalogue.iloc[part].to_dict("records")
        for wave, row in zip(waves, table, strict=True):
            attributes = _attributes({str(key): value for key, value in row.items()}, station)
            yield Trace(attributes["trace_name"], attributes, wave)


def _whole(world: World, traces: Iterable[Trace]) -> Iterator[Trace]:
    """Traces as the Norcia files have them: in float64, of one length."""
    for trace in traces:
        _refuse_shape(world, trace.samples.shape[-1])
        yield replace(trace, samples=trace.samples.astype(np.float64))


def _refuse_shape(world: World, samples: int) -> None:
    if (samples, world.sampling_rate) != (SAMPLES, SAMPLING_RATE):
        raise Refused(
            f"{samples} samples at {world.sampling_rate:g} Hz do not fit the Norcia files",
            "the synthetic world",
            f"give duration={SAMPLES / SAMPLING_RATE:g} and sampling_rate={SAMPLING_RATE:g}",
        )


def _attributes(row: dict[str, Any], station: str) -> dict[str, Any]:
    """The columns of the real files; origin times lose their fractions, as there."""
    number = int(str(row["group"]).removeprefix("ev"))
    travel = float(row["distance_km"] / P_SPEED)
    origin = pd.Timestamp(row["start_time"]) + pd.Timedelta(row["p_time_s"] - travel, unit="s")
    return {
        "trace_name": f"{station}.{NETWORK}.{number}_EV",
        "trace_start_time": row["start_time"],
        "network_code": NETWORK,
        "receiver_name": station,
        "receiver_type": "HH",
        "receiver_elevation_m": 927,
        **SITE,
        "source_id": number,
        "source_depth_km": row["depth_km"],
        **_place(row, number),
        "source_magnitude_type": "Mw",
        "source_magnitude": row["magnitude"],
        "source_origin_time": origin.strftime("%Y-%m-%dT%H:%M:%S"),
        "p_travel_sec": travel,
    }


def _place(row: dict[str, Any], number: int) -> dict[str, float]:
    """A place at the event's distance, in a direction that follows from its number alone."""
    away = np.sqrt(max(row["distance_km"] ** 2 - row["depth_km"] ** 2, 0.0)) / KM_PER_DEGREE
    north, east = away * np.cos(number * TURN), away * np.sin(number * TURN)
    latitude, longitude = SITE["receiver_latitude"], SITE["receiver_longitude"]
    east /= np.cos(np.deg2rad(latitude))
    return {
        "source_latitude": float(latitude + north),
        "source_longitude": float(longitude + east),
    }
