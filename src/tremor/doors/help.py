"""What `--help` says: examples, the keys most set, what can be chosen; and of one thing, all of it.

Read from the config tree's own files; nothing here imports torch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tremor.config import catalogue
from tremor.config.catalogue import Entry
from tremor.config.check import nearest
from tremor.config.outside import own_folder, without_folder
from tremor.config.overrides import groups_of
from tremor.doors.columns import aligned, bold, typed_as, wrapped
from tremor.errors import Refused

MOST_SET = (
    "trainer.max_epochs",
    "dataset.batch_size",
    "dataset.train_frac",
    "dataset.event_split_method",
    "model.pretrained",
    "model.freeze",
    "optimizer.lr",
    "trainer.accelerator",
    "explainer.space",
    "explainer.players",
    "explainer.fill",
    "explainer.budget",
)
"""Keys of groups that people set most; those of the root are all shown."""
HELP = ("--help", "-h")


def asked_for_help(arguments: Sequence[str]) -> bool:
    """Whether these arguments ask for help."""
    return bool(set(HELP) & set(arguments))


def help_text(arguments: Sequence[str], root: Path) -> str:
    """The page of a door, or of what is named beside `--help`."""
    named = [text for text in without_folder(arguments) if not text.startswith("-")]
    typed = dict(text.split("=", 1) for text in named if "=" in text)
    pages = [_page_of(text, typed, root) for text in named] or [front(root)]
    return "\n\n".join([*pages, *map(_foreign, own_folder(arguments)[1:])])


def _foreign(folder: str) -> str:
    """What a folder of the user's own adds, by name alone."""
    added = groups_of(Path(folder)).items()
    lines = [line for group, names in added for line in wrapped(f"{group}=", ", ".join(names))]
    said = "their keys are in the files; --cfg job shows the whole tree with them"
    return "\n".join([bold(f"Choices of {folder}"), *lines, f"  ({said})"])


def front(root: Path) -> str:
    """The door's own page: what it does, examples, keys, choices, where to read on."""
    first, *rest = catalogue.heading(root)
    examples = [line for line in rest if line.startswith("  ")]
    about = [line for line in rest if line and not line.startswith("  ")]
    known = catalogue.keys(root, {})
    shown = {key: known[key] for key in known if "." not in key}
    shown |= {key: known[key] for key in MOST_SET if key in known}
    parts = {
        "Examples": examples,
        "Keys": _keys(shown, short=True),
        "Choices": _groups(root),
        "More": _more(root, examples[0].split()[1]),
    }
    told = [["", bold(title), *lines] for title, lines in parts.items() if lines]
    return "\n".join([bold(first), *itertools.chain(*told), "", *about])


def _more(root: Path, script: str) -> list[str]:
    """How to see what a page has no room for."""
    usual = catalogue.defaults(root)
    group = next((g for g in ("model", "explainer") if g in usual), "dataset")
    known = [
        key for key in MOST_SET if key in catalogue.keys_of_door(root, {}) and key.startswith(group)
    ]
    choice = usual.get(group, "physionet")
    rows = [
        (f"--help {group}", "the choices of a group, a line each"),
        (f"--help {group}={choice}", "every key of a choice, or what an experiment sets"),
        (f"--help {known[0]}", "one key"),
        ("--cfg job", "the whole tree as it would run, with whatever you add"),
    ]
    listing = ("python scripts/list.py", "experiments of all systems; models, datasets, …")
    return aligned([*((f"python {script} {flag}", text) for flag, text in rows), listing])


def _keys(known: Mapping[str, Entry], short: bool = False) -> list[str]:
    """`key=value` and its comment; if `short`, a line each."""
    rows = ((f"{key}={typed_as(entry.value)}", entry.note) for key, entry in known.items())
    return aligned(rows, short)


def _groups(root: Path) -> list[str]:
    """Each group that this door chooses from, with its choices; the default in front."""
    usual, every = catalogue.defaults(root), groups_of(root.parent)
    lines = []
    for group, default in sorted(usual.items(), key=lambda pair: pair[0] != "experiment"):
        if group == "hydra" or len(every[group]) < 2:
            continue
        others = [choice for choice in every[group] if choice != default]
        flat = [choice for choice in others if "/" not in choice]
        lines += wrapped(f"{group}=", ", ".join([f"{default} (default)", *flat]))
        deep = itertools.groupby((c for c in others if "/" in c), lambda c: c.split("/")[0])
        for folder, names in deep:
            text = ", ".join(name.partition("/")[2] for name in names)
            lines += wrapped("", f"{folder}/ {text}")
    return lines


def _page_of(text: str, typed: dict[str, str], root: Path) -> str:
    """The page of a group, of a choice, or of a key."""
    name, _, choice = text.partition("=")
    groups = {g: c for g, c in groups_of(root.parent).items() if g != "hydra" and "/" not in g}
    known = catalogue.keys_of_door(root, {k: v for k, v in typed.items() if k in groups})
    if choice and name in groups:
        return _choice(name, choice, groups[name], root)
    if name in groups:
        return _group(name, groups[name], root)
    if name in known:
        return "\n".join(_keys({name: known[name]}))
    below = {key: entry for key, entry in known.items() if key.startswith(f"{name}.")}
    if below:
        return "\n".join([bold(name), *_keys(below)])
    others = [*groups, *known]
    guess = nearest(name, others)
    said = f"there is no help on {name}: no group and no key of this door has that name"
    remedy = f"did you mean --help {guess}?" if guess else "--help alone lists the groups"
    raise Refused(said, "the command line", remedy)


def _group(group: str, choices: Iterable[str], root: Path) -> str:
    """Every choice of a group in a line."""
    usual = catalogue.defaults(root).get(group)
    files = {choice: root.parent / group / f"{choice}.yaml" for choice in choices}
    rows = [
        (f"{group}={choice}", catalogue.line_of(file) + " (default)" * (choice == usual))
        for choice, file in files.items()
    ]
    return "\n".join([bold(f"{group}: {len(rows)} choices"), *aligned(rows)])


def _choice(group: str, choice: str, choices: Sequence[str], root: Path) -> str:
    """What a choice is, and its keys; of an experiment, what it picks and sets."""
    if choice not in choices:
        guess = nearest(choice, choices)
        remedy = f"--help {group}={guess}" if guess else f"--help {group} lists them"
        raise Refused(f"there is no {group}={choice}", "the command line", remedy)
    file = root.parent / group / f"{choice}.yaml"
    told = itertools.takewhile(bool, catalogue.heading(file))
    lines = [bold(f"{group}={choice}"), *(f"  {line}" for line in told)]
    if group == "experiment":
        return "\n".join([*lines, *_experiment(choice, root)])
    wired = {f"{group}.{key}": entry for key, entry in catalogue.entries(file).items()}
    own = {k: e for k, e in wired.items() if k.rpartition(".")[2] not in catalogue.WIRING}
    followers = {k: e for k, e in own.items() if str(e.value).startswith("${") and not e.note}
    keys = {k: e for k, e in own.items() if k not in followers}
    return "\n".join([*lines, "", bold("Keys"), *_keys(keys)])


def _experiment(name: str, root: Path) -> list[str]:
    """What an experiment picks and sets, beside the defaults of the tree."""
    tree, base = root.parent, catalogue.keys(root, {"experiment": name})
    picked, keys = catalogue.picked(tree, name), catalogue.settings(tree, name)
    rows = [
        (f"{group}={choice}", catalogue.line_of(tree / group / f"{choice}.yaml"))
        for group, choice in picked.items()
    ]
    noted = {key: Entry(value, base[key].note) for key, value in keys.items() if key in base}
    chosen = ["", bold("Chooses"), *aligned(rows)] if rows else []
    start = f"  python simple_train.py experiment={name}"
    return [*chosen, "", bold("Sets"), *_keys(noted), "", bold("Start"), start]
