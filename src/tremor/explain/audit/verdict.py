"""What a check came to, what all of them come to, and what a figure's caption must carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tremor.explain.audit.intervals import Average

Verdict = Literal["pass", "weak", "fail", "undefined"]

STILL = "The score hardly changes whatever is deleted: there is nothing to explain."
STILL_FAULT = "the score does not depend on the record"


@dataclass(frozen=True)
class Entry:
    """One check. `value` is a mean over `records` of `events`, `interval` its 95 % by event.

    `against` is what chance or the absence of knowledge reaches; `words` is a sentence for the
    reader, `fault` a few words for a caption ("" where nothing is wrong). A map that fails a
    `crucial` check is not to be trusted.
    """

    check: str
    verdict: Verdict
    value: float | None
    interval: tuple[float, float] | None
    against: float | None
    words: str
    fault: str = ""
    crucial: bool = False
    records: int = 0
    events: int = 0


def entry(
    check: str,
    verdict: Verdict,
    found: Average,
    against: float | None,
    words: str,
    fault: str,
    crucial: bool = False,
    tested: bool = False,
) -> Entry:
    """An entry about an average. A `tested` one is weak, and says why, for want of an interval."""
    few = tested and verdict == "weak" and found.interval is None
    said = "" if verdict == "pass" else found.few if few else fault
    counts = found.records, found.events
    return Entry(
        check, verdict, found.value, found.interval, against, words, said, crucial, *counts
    )


def overall(entries: Sequence[Entry]) -> Verdict:
    """Fail where a crucial check fails, pass where all pass, undefined where nothing is known."""
    verdicts = {found.verdict for found in entries}
    if any(found.crucial and found.verdict == "fail" for found in entries):
        return "fail"
    if not verdicts - {"undefined"}:
        return "undefined"
    return "pass" if verdicts == {"pass"} else "weak"


def caption(entries: Sequence[Entry]) -> str:
    """What a figure must say of its map: nothing where every check passed."""
    verdict = overall(entries)
    if verdict == "pass":
        return ""
    if not entries:
        return "Not audited."
    failed = [found.fault for found in entries if found.crucial and found.verdict == "fail"]
    told = dict.fromkeys(failed or [found.fault for found in entries if found.fault])
    opening = {
        "fail": "FAILED ITS AUDIT",
        "weak": "Weak in its audit",
        "undefined": "Its audit is undefined",
    }
    return f"{opening[verdict]}: {'; '.join(told)}."
