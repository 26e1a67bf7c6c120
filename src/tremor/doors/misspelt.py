"""Words of a command line that are no override and no flag: refused with the words that were meant.

Hydra's own parser says `no viable alternative at input '[a'`. Nothing here imports torch.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from tremor.config import catalogue
from tremor.config.check import nearest
from tremor.config.overrides import MULTIRUN, PHRASE, groups_of, sweeping
from tremor.errors import Refused

BARE = {"--help", "-h", "--hydra-help", "--version", "--resolve", "--run", "-r", *MULTIRUN}
VALUED = {
    *("--cfg", "-c", "--package", "-p", "--shell-completion", "-sc", "--info", "-i"),
    *("--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"),
    "--experimental-rerun",
}
FOREIGN = re.compile(r"[^\[\]{},()\s'\"=]*[^\x00-\x7f][^\[\]{},()\s'\"=]*")
"""A text with letters that Hydra's grammar knows in quotes alone."""
HERE = "the command line"


def spelt(arguments: Sequence[str], root: Path) -> list[str]:
    """The arguments, letters beyond ASCII in quotes; words that cannot be meant are refused."""
    words = [_in_quotes(word) for word in arguments]
    overrides = list(_overrides(words, root))
    several = sweeping(words) or any(word.startswith("sweep=") for word in words)
    for place, word in overrides:
        if word.startswith("=") or ("=" not in word and not word.startswith("~")):
            raise _no_override(words, place, root)
        if word.startswith("experiment=") and root.stem != "train":
            told = "experiment= is of simple_train.py: the checkpoint brings its own config"
            raise Refused(told, word, "leave it out, or set single keys and groups")
        _refuse_unparsed(words, place, several)
    return words


def _in_quotes(word: str) -> str:
    """A word whose value has foreign letters outside of quotes, with these in quotes."""
    key, equals, value = word.partition("=")
    if not equals or value.isascii() or "'" in value or '"' in value:
        return word
    return key + equals + FOREIGN.sub(lambda match: f"'{match.group()}'", value)


def _overrides(words: Sequence[str], root: Path) -> Iterator[tuple[int, str]]:
    """Position and text of what is no flag and no flag's value; an unknown flag is refused."""
    given = False
    for place, word in enumerate(words):
        if given:
            given = False
            continue
        flag = word.partition("=")[0]
        if not word.startswith("-"):
            yield place, word
        elif flag in VALUED:
            given = "=" not in word
        elif flag not in BARE:
            raise _no_flag(words, place, root)


def _no_flag(words: Sequence[str], place: int, root: Path) -> Refused:
    """A word with dashes that is no flag: a key, perhaps, or a flag misspelt."""
    name, equals, value = words[place].lstrip("-").partition("=")
    if not equals and place + 1 < len(words) and "=" not in words[place + 1]:
        value = words[place + 1]
    guess = nearest(words[place], BARE | VALUED) if "=" not in words[place] else ""
    key = _key_meant(name, root)
    told = f"there is no flag {words[place]}"
    if key:
        return Refused(f"{told}: keys have no dashes", HERE, f"{key}={value or '…'}")
    return Refused(told, HERE, guess or "--help lists keys and groups")


def _key_meant(name: str, root: Path) -> str:
    """The key or group that a word may stand for: itself, one that ends so, or the nearest."""
    own = set(catalogue.defaults(root)) - {"hydra"}
    train = root.with_stem("train")
    known = [
        *catalogue.keys(root, {}),
        *own,
        *catalogue.keys(train, {}),
        *catalogue.defaults(train),
    ]
    plain = name.replace("-", "_")
    last = {key: key.rpartition(".")[2] for key in known}
    ending = [key for key in known if last[key] == plain]
    holding = [key for key in known if plain in last[key].split("_")]
    found = [*ending, *holding, nearest(plain, known)]
    return plain if plain in known else found[0]


def _no_override(words: Sequence[str], place: int, root: Path) -> Refused:
    """A word without `=`: spaces around it, a choice without its group, a path without its key."""
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if _open(before):
        whole = shlex.quote(f"{before} {word}")
        return Refused(f"{before} and {word} are two words: put the value in quotes", HERE, whole)
    if after.startswith("="):
        rest = "".join(words[place + 2 : place + 3]) if after == "=" else ""
        return Refused("there must be no spaces around =", HERE, word + after + rest)
    if before.endswith("=") or word.startswith("="):
        return Refused("there must be no spaces around =", HERE, before + word)
    if word.strip("-") in ("help", "h"):
        return Refused(f"{word} is neither key=value nor a flag", HERE, "--help")
    told = f"{word} is neither key=value nor group=choice"
    return Refused(told, HERE, _meant(word, after, root) or "--help lists keys and groups")


def _meant(word: str, after: str, root: Path) -> str:
    """What a word without `=` may have been meant to say."""
    groups = groups_of(root.parent)
    own = [g for g in catalogue.defaults(root) if g != "hydra"]
    chooses = next((g for g in sorted(own, key="experiment".__ne__) if word in groups[g]), "")
    if chooses:
        return f"{chooses}={word}"
    if root.stem != "train" and os.path.exists(word):
        return f"checkpoint={word}"
    key = _key_meant(word, root)
    return f"{key}={after if after and '=' not in after else '…'}" if key else ""


def _refuse_unparsed(words: Sequence[str], place: int, sweeping: bool) -> None:
    """Values that Hydra's grammar cannot read, and several of them where one run was asked for."""
    key, equals, value = words[place].partition("=")
    if not equals or PHRASE.fullmatch(value):
        return
    if value.startswith("="):
        raise Refused(f"{words[place]} has one = too many", HERE, f"{key}={value.lstrip('=')}")
    try:
        parsed = OverridesParser.create().parse_override(words[place])
    except HydraException as error:
        raise _unread(words, place) from error
    several = parsed.is_sweep_override() and "glob(" not in value
    if several and not sweeping and not key.startswith("hydra"):
        told = f"{_short(words[place])} stands for several runs: that is a sweep"
        alike = "(" not in value and "." in key
        listed = f", or {key}=[{_short(value)}] for a list" if alike else ""
        raise Refused(told, HERE, f"put -m before it{listed}")


def _unread(words: Sequence[str], place: int) -> Refused:
    """A value that the grammar cannot read: a bracket left open, or signs that need quotes."""
    word = words[place]
    key, _, value = word.partition("=")
    if _open(word):
        rest = [*words[place : place + 1]]
        for more in words[place + 1 :]:
            rest.append(more)
            if not _open(" ".join(rest)):
                whole = _short(shlex.quote(" ".join(rest)))
                return Refused(f"the shell cut {_short(word)} at a space", HERE, whole)
        closing = {"[": "]", "(": ")", "{": "}"}
        missing = "".join(closing[sign] for sign in reversed(_left_open(word)))
        return Refused(f"{_short(word)} lacks {missing}", HERE, _short(shlex.quote(word + missing)))
    if re.match(r"\w+\[", value):
        call = re.sub(r"\[(.*)\]", r"(\1)", value)
        return Refused(f"{_short(word)} cannot be read", HERE, shlex.quote(f"{key}={call}"))
    quoted = shlex.quote(f'{key}="{value}"')
    return Refused(f"{_short(word)} cannot be read: it needs quotes", HERE, _short(quoted))


def _open(word: str) -> bool:
    """Whether a bracket of a value is still open."""
    return bool(_left_open(word.partition("=")[2]))


def _left_open(value: str) -> str:
    """The brackets that are not closed, outside of quotes."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", value)
    stack = ""
    for sign in bare:
        if sign in "[({":
            stack += sign
        elif sign in "])}" and stack:
            stack = stack[:-1]
    return stack


def _short(text: str) -> str:
    """A text as it fits into a line."""
    return text if len(text) <= 80 else f"{text[:60]} … {text[-15:]}"
