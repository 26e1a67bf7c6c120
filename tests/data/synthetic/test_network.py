"""A synthetic network: one sequence, several stations, each with ground and noise of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.write_stations import write_stations
from tremor.errors import Refused

WORLD = NorciaNetwork(n_events=40, duration=13.0)


def test_the_events_are_those_of_the_world_at_every_station() -> None:
    table, alone = WORLD.catalogue(), NorciaWorld(n_events=40, duration=13.0).catalogue()
    assert table["record_id"].is_unique
    for _, part in table.groupby("station"):
        for column in ("group", "label", "magnitude", "stress_drop_mpa", "coda_q", "depth_km"):
            assert part[column].tolist() == alone[column].tolist()
    distances = table.pivot_table(index="group", columns="station", values="distance_km")
    assert (distances.nunique(axis=1) == 3).all()


def test_records_are_the_same_in_any_order() -> None:
    rows = np.array([100, 3, 60, 4])
    whole = WORLD.waveforms(slice(None))
    np.testing.assert_array_equal(WORLD.waveforms(rows), whole[rows])


def test_no_station_hears_what_another_hears() -> None:
    """Nor does any hear the noise of another: only the earthquakes are shared."""
    one, two, _ = WORLD.waveforms(slice(None)).reshape(3, 40, 3, -1)
    likeness = [np.corrcoef(a[1, :400], b[1, :400])[0, 1] for a, b in zip(one, two, strict=True)]
    assert abs(float(np.mean(likeness))) < 0.1


def test_the_ground_amplifies_around_its_own_frequency() -> None:
    site = WORLD.sites[0]
    at, gain = site.ground
    column = {name: np.array([value]) for name, value in site.catalogue().iloc[0].items()}
    f = np.array([at, at * 8])
    flat = super(type(site), site)._amplitude(f, column, 3.0)
    near, far = (site._amplitude(f, column, 3.0) / flat)[0]
    assert near == pytest.approx(1 + gain)
    assert far == pytest.approx(1, abs=1e-3)
    assert len({round(other.ground[0], 6) for other in WORLD.sites}) == 3


def test_at_effect_size_0_there_is_no_evidence() -> None:
    row = WORLD.catalogue().iloc[50]
    times, hertz = np.linspace(0, 13, 20), np.linspace(0, 50, 30)
    assert WORLD.evidence(row, times, hertz).max() > 0.05
    none = NorciaNetwork(n_events=40, duration=13.0, effect_size=0.0)
    assert none.evidence(none.catalogue().iloc[50], times, hertz).max() < 1e-9


@pytest.mark.parametrize("stations", [(), ("A", "A")])
def test_stations_have_names_of_their_own(stations: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="none of them twice"):
        NorciaNetwork(stations=stations)


def test_files_are_not_written_over(tmp_path: Path) -> None:
    small = NorciaNetwork(n_events=4, duration=13.0, stations=("A",))
    first = {path: path.read_bytes() for path in write_stations(small, tmp_path)}
    with pytest.raises(Refused, match="files exist already"):
        write_stations(small, tmp_path)
    write_stations(small, tmp_path, overwrite=True)
    csv = [path for path in first if path.suffix == ".csv"]
    assert all(path.read_bytes() == first[path] for path in csv)
