"""Where the evidence is, in the cells and the units of an explanation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from slow_tones import HERTZ, SlowTones, SlowWorld

from tremor.data.cache import open_records
from tremor.data.records import RecordSet
from tremor.data.sources.synthetic import SyntheticRecords
from tremor.data.synthetic.heart import HeartWorld
from tremor.doors.evidence import evidence_of
from tremor.explain.explanation import Axis
from tremor.explain.units import Units

SLOW = Units("mHz", "min")
FREQUENCY = SLOW.frequencies(k / 128 for k in range(3, 13))
TIME = SLOW.times(64.0 * k for k in range(1, 27))
COMPONENT = Axis("component", ("H", "D", "Z"))
NAMES = ["s2", "s8", "s0"]


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordSet:
    monkeypatch.setenv("TREMOR_ALLOW", "slow_tones")
    return open_records(SlowTones(SlowWorld()), str(tmp_path / "cache"))[0]


def config(**source: Any) -> dict[str, Any]:
    return {"dataset": {"records": {"_target_": "slow_tones.SlowTones"} | source}}


KNOWN = config(archive={"_target_": "slow_tones.SlowWorld", "seed": 0})


def test_the_world_is_asked_in_hertz_and_seconds_by_the_rows_of_the_records(
    records: RecordSet,
) -> None:
    found = evidence_of(KNOWN, records, NAMES, (COMPONENT, FREQUENCY, TIME))
    assert found is not None
    assert found.shape == (3, 3, 10, 26)
    near = np.abs(np.array(FREQUENCY.values) - 1000 * HERTZ) < 10
    north, east, quiet = found
    assert (north[0, near] == 1).all()
    assert (east[1, near] == 1).all()
    assert north.sum() == east.sum() == near.sum() * 26
    assert not quiet.any()


def test_a_component_made_of_others_holds_what_they_do(records: RecordSet) -> None:
    component = Axis("component", ("H", "D", "Z", "Z/H"))
    found = evidence_of(KNOWN, records, NAMES, (component, FREQUENCY, TIME))
    assert found is not None
    np.testing.assert_allclose(found[:, 3], found[:, :3].mean(1))


def test_evidence_of_a_signal_is_summed_over_frequencies(records: RecordSet) -> None:
    found = evidence_of(KNOWN, records, NAMES, (COMPONENT, TIME))
    assert found is not None
    assert found.shape == (3, 3, 26)
    assert (found[0, 0] > 0).all()
    assert not found[0, 1:].any()


def test_where_nobody_knows_it_there_is_none(records: RecordSet) -> None:
    axes = (COMPONENT, FREQUENCY, TIME)
    silent = {"_target_": "slow_tones.SlowTones"}
    assert evidence_of(config(), records, NAMES, axes) is None
    assert evidence_of(config(archive=silent), records, NAMES, axes) is None
    assert evidence_of(KNOWN, records, NAMES, axes[:2]) is None
    bands = (COMPONENT, Axis("band", ("low", "high")), TIME)
    assert evidence_of(KNOWN, records, NAMES, bands) is None


def test_evidence_can_be_that_of_one_class(tmp_path: Path) -> None:
    world = {"_target_": "tremor.data.synthetic.heart.HeartWorld", "patients": 12}
    heart = HeartWorld(patients=12)
    hearts = open_records(SyntheticRecords(heart), str(tmp_path / "cache"))[0]
    known = config(world=world)
    known["dataset"]["classes"] = {"rhythm": [426783006, 1], "slow": [270492004]}
    names = [row.record_id for row in heart.catalogue().itertuples() if "270492004" in row.dx][:1]
    axes = (Axis("component", heart.channels), Units().times(np.arange(0.005, 10, 0.01)))
    rhythm, slow, both = (
        evidence_of(known, hearts, names, axes, of) for of in (["rhythm"], ["slow"], None)
    )
    assert rhythm is not None
    assert slow is not None
    assert both is not None
    row = heart.catalogue().set_index("record_id", drop=False).loc[names[0]]
    seconds = np.array(axes[1].values)
    np.testing.assert_allclose(rhythm[0], heart.evidence_of_class(row, "SNR", seconds))
    assert not np.allclose(rhythm, slow)
    assert (both >= np.maximum(rhythm, slow) - 1e-12).all()
