"""Claims read from a YAML that a clinician can edit, every entry checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tremor.errors import Refused
from tremor.explain.heart.claims import LEADS, Bounds, Claim, Claims, Diagnosis, Window

OURS, THEIRS = "claims.yaml", "claims_ecg_xai.yaml"
BEATS = ("all", "early")
KEYS = {"fast", "early", "windows", "tokens", "classes"}


def read_claims(path: str | Path | None = None) -> Claims:
    """Of a file of one's own, or those that come with the house."""
    if path is None:
        return _read((files(__package__) / OURS).read_text(encoding="utf-8"), OURS)
    place = Path(path)
    if not place.is_file():
        raise Refused("no file of claims here", str(place), "the path of a YAML like claims.yaml")
    return _read(place.read_text(encoding="utf-8"), str(place))


@cache
def earlier_claims() -> Claims:
    """The lists of the toolkit before us, for scores that are to equal its own."""
    return _read((files(__package__) / THEIRS).read_text(encoding="utf-8"), THEIRS)


def _read(text: str, where: str) -> Claims:
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise Refused("not valid YAML", where + line, "mend it, or copy claims.yaml") from None
    _refuse_keys(tree, KEYS, KEYS, where)
    windows = {
        str(name): _bounds(node, f"{where}, windows.{name}")
        for name, node in _items(tree, "windows", where)
    }
    tokens = _names(tree["tokens"], windows, f"{where}, tokens")
    found = {
        str(key): _diagnosis(str(key), node, windows, f"{where}, classes.{key}")
        for key, node in _items(tree, "classes", where)
    }
    fast, early = (_number(tree[key], f"{where}, {key}") for key in ("fast", "early"))
    return Claims(windows, tokens, found, fast, early, where)


def _bounds(node: Any, where: str) -> Bounds:
    _refuse_keys(node, {"from", "to", "to_next", "fast", "wide"}, {"from"}, where)
    ends = {"from", "to", "to_next"}
    for name in ("fast", "wide"):
        _refuse_keys(node.get(name, {}), ends, set(), f"{where}.{name}")
    variants = [{**node, **node.get(name, {})} for name in ("", "fast", "wide")]
    return Bounds(*(_window(variant, where) for variant in variants))


def _window(node: Mapping[str, Any], where: str) -> Window:
    ends = [name for name in ("to", "to_next") if name in node]
    if len(ends) != 1:
        raise Refused("a window without one end", where, "either to or to_next, in seconds")
    start, stop = (_number(node[name], f"{where}.{name}") for name in ("from", ends[0]))
    if ends[0] == "to" and not start < stop:
        raise Refused(f"a window from {start:g} to {stop:g} s", where, "from before to")
    return Window(start, stop, ends[0] == "to_next")


def _diagnosis(key: str, node: Any, windows: Mapping[str, Bounds], where: str) -> Diagnosis:
    needed = {"name", "codes", "claims"}
    _refuse_keys(node, needed | {"wide", "prior"}, needed, where)
    made = tuple(
        _claim(claim, windows, f"{where}.claims[{place}]")
        for place, claim in enumerate(_list(node["claims"], f"{where}.claims"))
    )
    codes = tuple(str(code) for code in _list(node["codes"], f"{where}.codes"))
    prior = _leads(node.get("prior", []), f"{where}.prior")
    return Diagnosis(key, str(node["name"]), codes, made, bool(node.get("wide", False)), prior)


def _claim(node: Any, windows: Mapping[str, Bounds], where: str) -> Claim:
    needed = {"what", "source", "windows", "strict", "lenient"}
    _refuse_keys(node, needed | {"beats"}, needed, where)
    strict, lenient = (_leads(node[name], f"{where}.{name}") for name in ("strict", "lenient"))
    beyond = [lead for lead in strict if lead not in lenient]
    if beyond:
        fault = f"{', '.join(beyond)} in strict, not in lenient"
        raise Refused(fault, where, "every strict lead among the lenient ones")
    beats = node.get("beats", "all")
    if beats not in BEATS:
        raise Refused(f"beats: {beats}", where, f"one of {', '.join(BEATS)}")
    if not str(node["source"] or "").strip():
        raise Refused("a claim without a source", where, "source: where it is written")
    named = _names(node["windows"], windows, f"{where}.windows")
    what, source = str(node["what"]), str(node["source"])
    return Claim(what, source, named, strict, lenient, beats == "early")


def _leads(node: Any, where: str) -> tuple[str, ...]:
    return LEADS if node == "all" else _names(node, LEADS, where)


def _names(node: Any, known: Sequence[str] | Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Names that must be known, each once."""
    found = tuple(str(name) for name in _list(node, where))
    unknown = [name for name in found if name not in known]
    if unknown or len(set(found)) < len(found):
        fault = f"{', '.join(unknown)} unknown" if unknown else "a name that is there twice"
        raise Refused(fault, where, f"some of {', '.join(known)}, each once")
    return found


def _items(tree: Mapping[str, Any], key: str, where: str) -> list[tuple[str, Any]]:
    if not isinstance(tree[key], dict) or not tree[key]:
        raise Refused(f"{key} is not a mapping with entries", where, "see claims.yaml")
    return list(tree[key].items())


def _list(node: Any, where: str) -> list[Any]:
    if not isinstance(node, list):
        raise Refused(f"{node!r} is not a list", where, "a list in square brackets")
    return node


def _number(node: Any, where: str) -> float:
    if isinstance(node, bool) or not isinstance(node, int | float):
        raise Refused(f"{node!r} is not a number", where, "a number")
    return float(node)


def _refuse_keys(node: Any, known: set[str], needed: set[str], where: str) -> None:
    """A mapping has all keys that are needed, and none that is unknown."""
    if not isinstance(node, dict):
        raise Refused("not a mapping", where, f"a mapping with {', '.join(sorted(known))}")
    wrong = [f"{key} is unknown" for key in node if key not in known]
    wrong += [f"{key} is missing" for key in sorted(needed) if key not in node]
    if wrong:
        raise Refused("; ".join(wrong), where, f"keys among {', '.join(sorted(known))}")
