"""What a user typed after the door's name: group choices, keys, and what is wrong with them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob
from hydra.types import RunMode

from tremor.config.check import Offer, Problem, nearest
from tremor.config.resolve import references, select

PHRASE = re.compile(r"contrast\(.*\)|rel_se=[\d.]+")
"""Values of ours that Hydra would read as something else."""
NAME = re.compile(r"""['"]?[^\[\](){}*$'"]+['"]?""")
"""What may be meant as the name of a choice."""
OVERRIDE = re.compile(r"(?P<mark>\+\+|\+|~)?(?P<key>[^=\s]+?)=(?P<value>.*)", re.DOTALL)


def groups_of(tree: Path) -> dict[str, list[str]]:
    """Each config group with its choices, from the folders of the tree."""
    found: dict[str, list[str]] = {}
    for file in sorted(tree.glob("*/**/*.yaml")):
        for folder in file.parents:
            if folder == tree:
                break
            name = str(file.relative_to(folder).with_suffix(""))
            found.setdefault(str(folder.relative_to(tree)), []).append(name)
    return {g: [c for c in choices if not c.startswith("_")] for g, choices in found.items()}


@functools.cache
def offered(tree: Path) -> dict[str, Offer]:
    """Keys that YAMLs of other groups read: where, and what the key's own group says for them."""
    texts: dict[str, list[Any]] = {}
    for file in tree.glob("*/**/*.yaml"):
        content = yaml.safe_load(file.read_text()) or {}
        texts.setdefault(file.relative_to(tree).parts[0], []).append(content)
    read = [
        (key, f"{group}.{place}")
        for group, contents in texts.items()
        for content in contents
        for key, places in references(content).items()
        for place in places
        if not key.startswith(f"{group}.")
    ]
    found = {}
    for key in {key for key, _ in read}:
        group, _, rest = key.partition(".")
        values = [select(content, rest) for content in texts.get(group, [])]
        found[key] = Offer(frozenset(place for k, place in read if k == key), tuple(values))
    return found


def loosen(
    overrides: Iterable[str], groups: Iterable[str], foreign: Iterable[str] = ()
) -> list[str]:
    """Key overrides in Hydra's force-add form, so that unknown keys reach our own check.

    Hydra stops at the first unknown key and advises `+`; our check lists them all and advises the
    right name. Choices of `groups`, and Hydra's own keys, stay as they are; choices of `foreign`
    groups, which this root does not compose, are added to it.
    """
    return [_loose(text, set(groups), set(foreign)) for text in overrides]


def _loose(text: str, groups: set[str], foreign: set[str]) -> str:
    match = OVERRIDE.fullmatch(text)
    name = match["key"].split("@")[0] if match else ""
    if not match or match["mark"] or name in groups or name.startswith(("hydra.", "hydra/")):
        return text
    if PHRASE.fullmatch(match["value"]):
        text = f"{match['key']}='{match['value']}'"
    return f"+{text}" if name in foreign else f"++{text}"


def tightened(overrides: Iterable[str], foreign: Iterable[str] = ()) -> list[str]:
    """The overrides as the user typed them."""
    added = tuple(f"+{name}=" for name in foreign)
    return [o[1:] if o.startswith(added) else o.removeprefix("++") for o in overrides]


def wrong_choices(
    overrides: Iterable[str], groups: dict[str, list[str]]
) -> tuple[list[str], list[Problem]]:
    """The overrides that can be composed, and a problem for each group choice that cannot."""
    sound, problems = [], []
    for text in overrides:
        problem = _wrong_choice(text, groups)
        problems += [problem] if problem else []
        sound += [] if problem else [text]
    return sound, problems


MEANT = {
    "accelerator": ("auto", "cpu", "cuda", "gpu", "mps", "tpu"),
    "strategy": ("ddp", "ddp_fork", "ddp_spawn", "deepspeed", "dp", "fsdp"),
    "precision": ("16", "32", "64", "bf16", "16-mixed", "bf16-mixed", "32-true"),
}
"""Values of keys of `trainer`, which people take for choices of that group."""


def _meant(group: str, choice: str) -> str:
    """The key that a choice which does not exist was meant for, if one can tell."""
    keys = [key for key, words in MEANT.items() if group == "trainer" and choice in words]
    return f"trainer.{keys[0]}={choice}" if keys else ""


def _wrong_choice(text: str, groups: dict[str, list[str]]) -> Problem | None:
    match = OVERRIDE.fullmatch(text)
    group = match["key"].split("@")[0] if match else ""
    if not match or group not in groups or group.startswith("hydra"):
        return None
    wanted = [c.strip() for c in match["value"].split(",")]
    missing = [c.strip("'\"") for c in wanted if NAME.fullmatch(c)]
    missing = [choice for choice in missing if choice not in groups[group]]
    if not missing:
        return None
    asked = missing[0].removesuffix(".yaml").rpartition(f"{group}/")[2]
    below = [choice for choice in groups[group] if choice.startswith(f"{asked}/")]
    guess = _nearest_choice(asked, groups[group])
    beside = [c for c in groups[group] if "/" in guess and c.startswith(guess.split("/")[0] + "/")]
    choices = ", ".join(below or beside or groups[group])
    mend = _meant(group, asked) or (f"{group}={guess}" if guess and not below else "")
    return Problem(group, f"there is no {group}={missing[0]}; choices: {choices}", mend)


def _nearest_choice(asked: str, choices: Sequence[str]) -> str:
    """The choice itself, one of that name in a folder, or the nearest."""
    named = [choice for choice in choices if choice.rpartition("/")[2] == asked]
    return asked if asked in choices else (named or [nearest(asked, choices)])[0]


def parse(overrides: Sequence[str]) -> dict[str, object]:
    """Keys and values of plain overrides, read with Hydra's own grammar."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return {o.key_or_group: o.value() for o in parsed}


MULTIRUN = ("-m", "--multirun")
PLAIN = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
WORDS = ("true", "false", "null", "inf", "nan")
BEFORE_QUOTE = re.compile(r"(\\*)('|\Z)")
"""What must be doubled in a quoted text: else it would speak to the quote."""


def key_of(text: str) -> str:
    """The key or group of an override."""
    match = OVERRIDE.fullmatch(text)
    return match["key"].split("@")[0] if match else ""


def sweeping(arguments: Iterable[str]) -> bool:
    """Whether several runs are asked for."""
    return not set(MULTIRUN).isdisjoint(arguments)


def swept() -> bool:
    """Whether this is a job of several."""
    return HydraConfig.initialized() and bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def is_sweep(text: str) -> bool:
    """Whether an override stands for several values."""
    return bool(OverridesParser.create().parse_override(text).is_sweep_override())


def globbed(text: str, key: str) -> Glob | None:
    """The glob that an override gives this key, if it gives one."""
    match = OVERRIDE.fullmatch(text)
    if not match or match["key"] != key or not match["value"].startswith("glob("):
        return None
    value = OverridesParser.create().parse_override(text).value()
    return value if isinstance(value, Glob) else None


def sweep(text: str, values: Iterable[str]) -> str:
    """An override with texts to choose from in the place of its value."""
    return f"{text.partition('=')[0]}={','.join(map(quoted, values))}"


def quoted(value: str) -> str:
    """A text that Hydra's grammar reads as itself."""
    if PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    doubled = BEFORE_QUOTE.sub(lambda found: 2 * found[1] + found[2].replace("'", "\\'"), value)
    return f"'{doubled}'"
