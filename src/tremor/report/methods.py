"""A paragraph for a paper: how a run was made and judged, all numbers from the run."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.report import answers
from tremor.report.known import Known, Plain
from tremor.report.tables import counted, interval, number

WORDS = {"lac": "least ambiguous", "aps": "adaptive", "lac_class": "class-conditional"}


def paragraph(known: Known) -> str:
    """How it was made, what it reached, and by how much that can be trusted."""
    return " ".join([*_made(known), *_reached(known), *_trusted(known), *_with(known)])


def _made(known: Known) -> Iterator[str]:
    parts = list(known.parts())
    if parts:
        kind = known.kind("dataset.split").replace("_", " ")
        yield (
            f"Records were divided into parts ({kind}) such that no {known.unit} is in two of them "
            f"({'; '.join(parts)})."
        )
    network = [known.kind(name) for name in ("encoder", "model", "decoder")]
    if all(network):
        rate, epochs = known.at("optimizer.lr"), known.at("trainer.max_epochs")
        yield (
            f"A network ({', '.join(network)}) was trained with {known.kind('optimizer')} "
            f"(learning rate {rate:g}, at most {epochs} epochs); the epoch was chosen by "
            f"{known.at('train.monitor')} on validation."
        )


def _reached(known: Known) -> Iterator[str]:
    verdict = known.verdict
    if not verdict:
        return
    records, groups = verdict["records"], verdict["groups"]
    of = f"{records:,} {verdict['split']} records of {counted(groups, known.unit)}"
    yield f"On {of}: {answers.scores(known)}."
    how = verdict["interval"]
    yield (
        f"Intervals are {100 * how['level']:g} % ({how['method']}); p values are of "
        f"{answers.null(known)}."
    )
    if rules := answers.baselines(known):
        yield f"It was compared with rules that do not see the signal: {rules}."


def _trusted(known: Known) -> Iterator[str]:
    names = list(known.verdict.get("heads", {})) or [""]
    for name, own in zip(names, known.judged, strict=True):
        of = f" of {name}" if name else ""
        error = own.get("calibration", {}).get("ece")
        if error and "null" in error:
            low, high = error["null"]
            yield (
                f"The calibration error (ECE){of} was {number(error['value'])}, where 95 % of "
                f"calibrated models would show {number(low)} to {number(high)}."
            )
        heat = own.get("calibration", {}).get("temperature", {})
        if heat.get("value") is not None:
            reach = f" ({interval(heat)})" if interval(heat) else ""
            yield (
                f"Temperature scaling fitted on validation (T = {number(heat['value'])}{reach}) "
                f"saved {number(heat['gain']['value'])} of log loss on test."
            )
        if "sets" in own:
            yield _of_sets(own["sets"], of, known.unit)
    if warnings := known.verdict.get("exchangeable", {}).get("warnings"):
        yield f"Temperature and sets have no guarantee here, for {'; '.join(warnings)}."


def _of_sets(sets: Plain, of: str, unit: str) -> str:
    covered, size = sets["coverage"], sets["size"]
    reach = f" ({interval(covered)})" if interval(covered) else ""
    return (
        f"Conformal prediction sets{of} ({WORDS[sets['method']]}, calibrated on "
        f"{counted(sets['validation']['groups'], unit)} of validation, each counted once) for a "
        f"coverage of {sets['wanted']:g} held the class in {number(covered['value'])}{reach} of "
        f"cases, with {number(size['value'])} classes on average."
    )


def _with(known: Known) -> Iterator[str]:
    versions = known.provenance.get("versions") or {}
    if versions:
        yield (
            f"Made with Tremor {versions.get('tremor')} and PyTorch {versions.get('torch')}, seed "
            f"{known.provenance.get('seed')}."
        )
