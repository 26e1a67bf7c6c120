"""The choice of records of a class: sure, short, true; as many as there are; the seed decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tremor.errors import Refused
from tremor.explain.selection import Selection

ASKED = Selection(k_per_class=5, min_prob=0.85, max_duration_sec=20.0, seed=42)


def said(rows: int = 60) -> pd.DataFrame:
    """Records of two classes in turn, surer and longer from row to row."""
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "record_id": [f"r{n:03}" for n in number],
            "group": [f"p{n // 2:03}" for n in number],
            "label_AF": number % 2,
            "label_SNR": 1 - number % 2,
            "p_AF": number / rows,
            "p_SNR": 1 - number / rows,
            "duration_s": 10.0 + (number > 57) * 15,
            "path": [f"a/r{n:03}.hea" for n in number],
        }
    )


def test_the_conditions_hold_and_nobody_fills_up() -> None:
    chosen = ASKED(said(), ["AF", "SNR"])
    af, snr = (chosen[chosen["group_class"] == name] for name in ("AF", "SNR"))
    assert (chosen["prob_meta"] >= 0.85).all()
    assert (chosen["duration_sec"] <= 20).all()
    assert af["record_id"].tolist() == ["r051", "r053", "r055", "r057"]  # 59 is too long
    assert len(snr) == 5
    assert set(snr["record_id"]) <= {f"r{n:03}" for n in range(0, 10, 2)}
    assert chosen["filename"].str.startswith("a/r").all()


def test_a_class_is_chosen_from_whatever_else_is_asked() -> None:
    wide = replace(ASKED, min_prob=0.1)
    both, alone = wide(said(), ["AF", "SNR"]), wide(said(), ["SNR"])
    pd.testing.assert_frame_equal(both[both["group_class"] == "SNR"].reset_index(drop=True), alone)
    other = replace(wide, seed=1)(said(), ["SNR"])
    assert other["record_id"].tolist() != alone["record_id"].tolist()


def test_a_record_is_chosen_for_each_class_that_it_has() -> None:
    both = said().assign(label_AF=1, p_AF=0.99)
    chosen = replace(ASKED, k_per_class=60)(both, ["AF", "SNR"])
    assert chosen["record_id"].duplicated().any()


def test_an_empty_choice_and_impossible_settings_are_refused() -> None:
    with pytest.raises(Refused, match="no record of AF"):
        ASKED(said().assign(p_AF=0.5), ["AF"])
    with pytest.raises(Refused, match="must be at least 1"):
        replace(ASKED, k_per_class=0)
    with pytest.raises(Refused, match="below 1"):
        replace(ASKED, min_prob=1.0)
