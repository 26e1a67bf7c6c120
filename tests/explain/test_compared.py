"""Classes compared station by station."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.explain.compared import EVERYWHERE, differences, summed
from tremor.explain.explanation import Axis
from tremor.explain.explanations import Explanations

AXES = (
    Axis("component", ("Z", "N")),
    Axis("frequency", tuple(map(float, range(5))), "Hz"),
    Axis("time", tuple(map(float, range(6))), "s"),
)


def collection(effect: float, events: int = 16, seed: int = 0) -> Explanations:
    """Two classes at two stations; a patch differs at the first of them by `effect`."""
    rng = np.random.default_rng(seed)
    rows = [
        {"record_id": f"{s}{e}", "group": f"e{e}", "label": e % 2, "predicted": e % 2, "station": s}
        for s in ("AAA", "BBB")
        for e in range(2 * events)
    ]
    table = pd.DataFrame(rows).assign(magnitude=rng.normal(3, 1, len(rows)))
    values = rng.normal(size=(len(rows), 2, 5, 6)).astype(np.float32)
    there = ((table["station"] == "AAA") & (table["label"] == 1)).to_numpy()
    values[there, :, 1:3, 2:4] += effect
    leaf = np.zeros(values.shape, np.int32)
    return Explanations(values, None, leaf, values, AXES, table, ("f", "a"), {})


def test_a_planted_difference_is_found_where_it_is_and_nowhere_else() -> None:
    everywhere, first, second = differences(collection(3.0))
    assert [d.station for d in (everywhere, first, second)] == [EVERYWHERE, "AAA", "BBB"]
    assert first.found is not None
    assert second.found is not None
    assert first.found.significant[1:3, 2:4].all()
    assert first.found.significant.sum() == 4
    assert not second.found.significant.any()
    assert (first.a, first.b) == (1, 0)
    assert first.found.level == 1 - 0.05 / 3


def test_nothing_is_found_where_nothing_is() -> None:
    found = [one.found for seed in range(5) for one in differences(collection(0.0, seed=seed))]
    assert sum(bool(one.significant.any()) for one in found if one is not None) <= 1
    assert None not in found


def test_few_events_are_a_reason_not_a_test() -> None:
    found = differences(collection(3.0, events=6))
    assert all(one.found is None for one in found)
    assert "10 events" in found[0].reason


def test_matched_events_are_fewer_and_alike() -> None:
    free, tied = (
        differences(collection(3.0, events=40), match=m)[1].found for m in ((), ("magnitude",))
    )
    assert free is not None
    assert tied is not None
    assert tied.events[0] == tied.events[1] < free.events[0]


def test_sums_go_over_components() -> None:
    values = np.ones((3, 2, 5, 6), np.float32)
    assert summed(values).shape == (3, 5, 6)
    assert summed(values[:, :, 0]).shape == (3, 2, 6)
