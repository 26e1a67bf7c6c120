"""Means over the rows of a study: by patient, and gains by what records add to their fill."""

from __future__ import annotations

from typing import Any

import pytest

from tremor.explain.heart.rows import ablation, difference

STARTS, GAINS = (2.0, 4.0, 6.0, 8.0, 3.0, 5.0, 0.01), (0.5, 0.25, 0.5, 0.25, 0.5, 0.25, 50.0)


def rows(method: str = "a", more: float = 0.0) -> list[dict[str, Any]]:
    """Seven records of as many patients; the last adds next to nothing to its fill."""
    named = {"class_name": "AF", "method": method, "scoring": "tremor", "stamp": ""}
    return [
        named
        | {"record_id": n, "group": n, "start_logit": start, "end_logit": 0.0}
        | {"faithfulness_gain": gain + more}
        for n, (start, gain) in enumerate(zip(STARTS, GAINS, strict=True))
    ]


def test_no_record_that_adds_nothing_decides_a_gain() -> None:
    total = sum(start * gain for start, gain in zip(STARTS, GAINS, strict=True))
    (line,) = ablation(rows())
    assert line["faithfulness_gain"] == pytest.approx(total / sum(STARTS))
    assert line["faithfulness_gain_high"] < 1  # type: ignore[operator]
    apart = difference(rows("b", more=0.125) + rows(), "b", "a", "faithfulness_gain")
    assert apart.value == pytest.approx(0.125)
    assert apart.above(0)


def test_what_has_no_unit_is_a_plain_mean() -> None:
    plain = [{k: v for k, v in row.items() if "logit" not in k} for row in rows()]
    (line,) = ablation(plain)
    assert line["faithfulness_gain"] == pytest.approx(sum(GAINS) / len(GAINS))
