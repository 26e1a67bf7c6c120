"""Cross-validations on the way out: their folder and their page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tremor.errors import Refused
from tremor.evaluation.fold_scores import RECALL, main_of
from tremor.evaluation.fold_sentences import sentences
from tremor.evaluation.folds import Collected
from tremor.files import near, safe, whole_folder, write_json, write_whole
from tremor.report import markup
from tremor.report.folds_figures import caption, figures
from tremor.report.folds_tables import by_fold, label, pooled, spread
from tremor.report.svg import save_png
from tremor.report.templates import template

SPOKEN = {
    "scores": "Scores of each fold, and of all folds pooled with interval and chance",
    "recall": "Recall of each class in each fold, and of all folds pooled",
    "confusion": "Confusion matrix of all folds pooled",
}


def write(collected: Collected, folder: Path, *, replace: bool = False) -> list[Path]:
    """Write tables, predictions, figures and page into a new folder, whole or not at all.

    With `replace`, an earlier folder of folds gives way to it, and nothing else does.
    """
    earlier = (folder / "folds.json").is_file()
    if folder.exists() and not (replace and earlier):
        raise Refused("the folder exists already", str(folder), "give another --out, or --replace")
    drawn = [figures(one) for one in collected.made]
    with whole_folder(folder, replace=replace) as scratch:
        by_fold(collected.made).to_csv(scratch / "folds.csv", index=False)
        pooled(collected.made).to_csv(scratch / "pooled.csv", index=False)
        write_json(scratch / "folds.json", [one.plain() for one in collected.made])
        for number, (one, its) in enumerate(zip(collected.made, drawn, strict=True), start=1):
            start = f"{number}_" if len(drawn) > 1 else ""
            one.predictions.to_csv(scratch / f"{start}predictions.csv", index=False)
            for name, figure in its.items():
                save_png(figure, scratch / f"{start}{safe(name)}.png")
        listed = sorted([*(path.name for path in scratch.iterdir()), "folds.html"])
        write_whole(scratch / "folds.html", html(collected, drawn, listed))
    return sorted(folder.iterdir())


def html(collected: Collected, drawn: Sequence[Mapping[str, Figure]], files: Sequence[str]) -> str:
    """folds.html: whole in itself, in the look of a run's report."""
    every = {
        f"{number}_{name}": figure
        for number, its in enumerate(drawn, start=1)
        for name, figure in its.items()
    }
    return template("folds.html.j2").render(
        it=collected,
        style=markup.style(),
        figures=markup.drawings(every, lambda name: SPOKEN[name.split("_")[1]]),
        caption=caption,
        said=[list(sentences(one)) for one in collected.made],
        notes=list(notes(collected)),
        label=label,
        main_of=main_of,
        spread=spread,
        recall=RECALL,
        near=near,
        files=files,
    )


def notes(collected: Collected) -> Iterator[str]:
    """What was left out, and what pooling means."""
    found = collected.found
    for gap in collected.partial:
        yield f"Left out: {gap} (--allow-missing takes it)."
    left = (
        (collected.without, "finished runs are no fold"),
        (found.unfinished, "runs are unfinished"),
        (found.unlabelled, "runs have no classes"),
        (found.repeated, "runs only repeat a later one"),
    )
    for which, why in left:
        if which:
            folders = (item if isinstance(item, Path) else item.folder for item in which)
            yield f"Left out: {len(which)} {why} ({', '.join(near(f) for f in list(folders)[:3])})."
