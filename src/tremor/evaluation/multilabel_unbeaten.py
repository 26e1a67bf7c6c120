"""Sentences on several classes a record: which baselines are beaten, and which are not."""

from __future__ import annotations

from collections.abc import Iterator

from tremor.evaluation.multilabel_headlines import ends
from tremor.evaluation.scoring import Plain

NOTHING: Plain = {"lo": None}


def unbeaten(verdict: Plain) -> Iterator[str]:
    """Baselines that are not beaten over all classes, then those ahead in single ones."""
    tried = {n: it for n, it in verdict["baselines"].items() if "unavailable" not in it}
    lost = [name for name, it in tried.items() if not _beaten(it["lead"])]
    for name in lost:
        it = tried[name]
        if name != "constant":
            better = "shown to be better" if _unknown(it["lead"]) else "better"
            yield f"NOT {better} than the {name}: {_reached(name, it)}."
    for name, it in tried.items():
        ahead = {c: own for c, own in it["per_class"].items() if not _clear(own["lead"])}
        if name not in (*lost, "constant") and ahead:
            each = (_against(verdict, c, own) for c, own in ahead.items())
            yield f"NOT clearly better than the {name}{_seen(it)} for: {', '.join(each)}."


def _reached(name: str, it: Plain) -> str:
    """What a baseline sees and reaches."""
    score = it["macro_auroc"]["value"]
    if name != "metadata":
        return f"macro AUROC {score:.3f} from the {it['sees']} alone"
    return (
        f"macro AUROC {score:.3f} from {', '.join(it['columns'])} alone. The network does not see "
        "that, but whatever goes with it may be what it has learned"
    )


def _seen(it: Plain) -> str:
    return f" ({', '.join(it['columns'])})" if "columns" in it else ""


def _against(verdict: Plain, name: str, own: Plain) -> str:
    """A class, with the model's AUROC and the baseline's."""
    return f"{name} ({verdict['per_class'][name]['auroc']['value']:.3f}, its {own['auroc']:.3f})"


def _beaten(lead: Plain) -> bool:
    return lead["lo"] is not None and lead["lo"] > 0


def _unknown(lead: Plain) -> bool:
    """Whether the model leads, without an interval to show it."""
    return lead["lo"] is None and lead["value"] is not None and lead["value"] > 0


def _clear(lead: Plain) -> bool:
    return _beaten(lead) or _unknown(lead)


def below_always(verdict: Plain) -> Iterator[str]:
    """Where as good an F1 is had by calling everything."""
    always = verdict["baselines"].get("constant", {}).get("macro_f1", {}).get("value")
    own = verdict["metrics"]["macro_f1"]
    worse = own["value"] if own["lo"] is None else own["lo"]
    if always is not None and worse is not None and worse <= always:
        said = "Macro F1 is NOT better than that of calling every class of every record"
        yield f"{said}: {ends(own)}, its {always:.3f}."


def below_commonest(verdict: Plain) -> Iterator[str]:
    """Where fewer records are wholly right than by one answer for all."""
    exact = verdict["metrics"]["exact_match"]
    if exact["value"] is not None and exact["value"] < exact["chance"]:
        yield (
            f"Every class is right in {ends(exact)} of the records: NOT better than always giving "
            f"the most frequent answer, {exact['chance']:.3f}."
        )


def praise(verdict: Plain) -> Iterator[str]:
    """The baselines that are beaten with the interval of the lead."""
    won = [name for name, it in verdict["baselines"].items() if _beaten(it.get("lead", NOTHING))]
    if won:
        yield f"It beats what is reached by: {', '.join(won)}."
