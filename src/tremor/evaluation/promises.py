"""What was fitted on validation and does not hold on test, or records unlike both, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.scoring import Plain

RARE, STRONG = 0.01, 0.2
"""p of what is told of places, and how far classes go with them, that are worth a sentence."""


def broken(verdict: Plain) -> Iterator[str]:
    """Sets that hold the class too seldom; test groups unlike validation; records unlike all."""
    if "sets" in verdict:
        yield from _uncovered(verdict["sets"])
    if warnings := verdict.get("exchangeable", {}).get("warnings"):
        yield (
            "NO guarantee for temperature and prediction sets, which are fitted on validation: "
            f"{'; '.join(warnings)}."
        )
    yield from _strange(verdict.get("unusual", {}), verdict.get("records"))
    yield from _places(verdict.get("probe", {}))


def _strange(found: Plain, records: int | None) -> Iterator[str]:
    """More records far from training than luck would put there."""
    share = found.get("share", {"lo": None})
    if share["lo"] is None or share["lo"] <= share["chance"]:
        return
    if share["value"] > share["expected"][1]:
        of = f" of {records}" if records else ""
        yield (
            f"NOT all like the training records: {found['count']}{of} are farther from them than "
            f"{1 - share['chance']:.3g} of validation is; a share of {share['value']:.3f} by group "
            f"({share['lo']:.3f} to {share['hi']:.3f}), {share['chance']:.3f} by luck."
        )


def _places(found: Plain) -> Iterator[str]:
    """Where features tell the place of a record, and classes differ by place."""
    for name, it in found.items():
        shown = it["lo"] is not None and it["lo"] > it["chance"] and it["p"] <= RARE
        if shown and it["apart"]["value"] > STRONG and it["apart"]["p"] <= RARE:
            yield (
                f"NOT free of the {name}: the network's features tell it (balanced accuracy "
                f"{it['value']:.2f}, {it['lo']:.2f} to {it['hi']:.2f}, chance "
                f"{it['chance']:.2f}), and classes differ by {name}: it could stand for the class."
            )


def _uncovered(sets: Plain) -> Iterator[str]:
    found, wanted = sets["coverage"], sets["wanted"]
    least = found.get("expected", [wanted])[0]
    if found["hi"] is not None and found["hi"] < wanted and found["value"] < least:
        yield (
            f"Prediction sets do NOT hold what they promise: coverage {found['value']:.3f} "
            f"({found['lo']:.3f} to {found['hi']:.3f}), {wanted:g} is wanted."
        )
