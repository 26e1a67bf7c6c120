"""Leads by any spelling, and the twelve in their order."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.data.ecg.leads import LEADS, lead_named, places
from tremor.data.sources.cells import Unusable


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        *((lead, lead) for lead in LEADS),
        ("AVR", "aVR"),
        ("ecg avl", "aVL"),
        ("ECG lead II", "II"),
        ("lead_v3", "V3"),
        ("MLII", None),
        ("Resp", None),
        ("V7", None),
        ("", None),
    ],
)
def test_spellings(text: str, lead: str | None) -> None:
    assert lead_named(text) == lead


def test_any_order_with_others_between() -> None:
    names = ["vx", *(lead.upper() for lead in reversed(LEADS)), "vy"]
    found = places(names)
    assert [names[place] for place in found] == [lead.upper() for lead in LEADS]
    assert np.array_equal(found, 12 - np.arange(12))


def test_what_lacks_or_is_there_twice() -> None:
    with pytest.raises(Unusable, match="no lead V2, V6"):
        places([lead for lead in LEADS if lead not in ("V2", "V6")])
    with pytest.raises(Unusable, match="lead aVF is there twice"):
        places([*LEADS, "AVF"])
