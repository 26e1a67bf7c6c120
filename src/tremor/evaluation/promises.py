"""What was fitted on validation and does not hold on test, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.scoring import Plain


def broken(verdict: Plain) -> Iterator[str]:
    """Sets that hold the class too seldom, and test groups unlike those of validation."""
    if "sets" in verdict:
        yield from _uncovered(verdict["sets"])
    if warnings := verdict.get("exchangeable", {}).get("warnings"):
        yield (
            "NO guarantee for temperature and prediction sets, which are fitted on validation: "
            f"{'; '.join(warnings)}."
        )


def _uncovered(sets: Plain) -> Iterator[str]:
    found, wanted = sets["coverage"], sets["wanted"]
    least = found.get("expected", [wanted])[0]
    if found["hi"] is not None and found["hi"] < wanted and found["value"] < least:
        yield (
            f"Prediction sets do NOT hold what they promise: coverage {found['value']:.3f} "
            f"({found['lo']:.3f} to {found['hi']:.3f}), {wanted:g} is wanted."
        )
