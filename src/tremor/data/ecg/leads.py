"""The twelve leads by their names, however a header spells them."""

from __future__ import annotations

from collections.abc import Sequence

from tremor.data.sources.cells import Unusable

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
SPELT = {lead.upper(): lead for lead in LEADS}
BESIDES = ("LEAD", "ECG")  # words that say nothing more


def lead_named(text: str) -> str | None:
    """The standard name of a lead, such as aVR for `AVR` or `ECG avr`; None where it is none."""
    words = text.upper().replace("_", " ").split()
    return SPELT.get("".join(word for word in words if word not in BESIDES))


def places(names: Sequence[str]) -> list[int]:
    """Where each of the twelve leads is among a header's; one that lacks or is there twice is bad.

    Leads beyond the twelve are passed over.
    """
    known = [lead_named(name) for name in names]
    if lacking := [lead for lead in LEADS if lead not in known]:
        raise Unusable(f"no lead {', '.join(lacking)}")
    if twice := [lead for lead in LEADS if known.count(lead) > 1]:
        raise Unusable(f"lead {', '.join(twice)} is there twice")
    return [known.index(lead) for lead in LEADS]
