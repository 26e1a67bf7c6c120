"""A synthetic network in the files of real stations: a folder each, and two HDF5 files in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tremor.data.sources.norcia_files import COMPONENTS, Trace
from tremor.data.sources.norcia_writing import write_hdf5
from tremor.data.sources.station_files import PHASES, StationFiles
from tremor.data.sources.stations import ORDER, RATE
from tremor.data.synthetic.network import NorciaNetwork, Site
from tremor.data.synthetic.write_norcia import traces_of
from tremor.errors import Refused


def write_stations(world: NorciaNetwork, folder: Path, overwrite: bool = False) -> list[Path]:
    """Write both phases of each station of a world; returns the files."""
    stations = [StationFiles(site.name, folder / site.name, site.name) for site in world.sites]
    there = [path for station in stations for path in station.files() if path.exists()]
    if there and not overwrite:
        problem = f"files exist already: {there[0]}" + (" and others" if len(there) > 1 else "")
        raise Refused(problem, str(folder), "--overwrite, or another folder")
    for site, station in zip(world.sites, stations, strict=True):
        station.folder.mkdir(parents=True, exist_ok=True)
        for number, phase in enumerate(PHASES):
            files = station.catalog(phase), station.attributes(phase)
            write_hdf5(*files, _traces(site, number))
    return [path for station in stations for path in station.files()]


def _traces(site: Site, label: int) -> Iterator[Trace]:
    """The traces of one class, with what the tables of stations say besides."""
    catalogue = site.catalogue()
    rows = np.flatnonzero(catalogue["label"] == label)
    besides = {ORDER: "".join(COMPONENTS), RATE: site.sampling_rate}
    for trace in traces_of(site, catalogue, rows, site.name):
        yield replace(trace, attributes=trace.attributes | besides)
