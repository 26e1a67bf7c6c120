"""What is asked of a network that answers several questions about each record.

Its logits stand one head after another; `azimuth:NE` is one of them, `azimuth` whichever that head
decides for. The colon needs no quotes, neither in a shell nor in Hydra. Where a record may have
several classes at once, each of them is a question, of yes or no: `AF`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.targets import PAIR, WHERE, OneClass, Predicted, Target, read, words

WAYS = ("predicted", "true")
Heads = Mapping[str, Sequence[str]]
Decide = Callable[[Tensor], Tensor]  # logits (batch, classes of all heads) to (batch, head)


@dataclass(frozen=True)
class Question:
    """A score, the `head` that it is of ("" where there is one label), and that head's `classes`.

    Labels and predictions of an explanation count in these classes. `text` says it all again. Of
    several classes at once the `head` is a class, and the `classes` are without and with it.
    """

    target: Target
    text: str
    classes: tuple[str, ...]
    head: str = ""

    @property
    def short(self) -> str:
        """The text without what goes without saying: the predicted class."""
        return self.text.removesuffix("predicted").removesuffix(":")


@dataclass(frozen=True)
class OfHead:
    """A target among the logits of one head: those from `start` up to `stop` of all."""

    of: Target
    start: int
    stop: int

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        weights = torch.zeros_like(logits)
        weights[self.start : self.stop] = self.of(logits[self.start : self.stop], label)
        return weights


@dataclass(frozen=True)
class Decided:
    """The logit of the class that a network decides for in a head, whose logits begin at `start`.

    It is the network's own way to decide, `place` that of the head among all.
    """

    decide: Decide
    place: int
    start: int

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        own = int(self.decide(logits[None])[0, self.place])
        return OneClass(self.start + own)(logits, label)


def ask(
    text: int | str | bool, classes: Sequence[str], heads: Heads, decide: Decide | None = None
) -> Question:
    """What a text asks of a network with these classes, or with several `heads` of them.

    Of heads: `azimuth` (the class that it predicts), `azimuth:NE`, `azimuth:true`, or
    `contrast(azimuth:N,azimuth:S)`; `predicted` and `true` are of the first head. Without `decide`
    a head predicts the class of its highest logit.
    """
    said = words(text)
    if not heads:
        return Question(read(said, classes), said, tuple(classes))
    pair = PAIR.fullmatch(said)
    asked = [_split(name.strip(), heads) for name in (pair.groups() if pair else (said,))]
    head, ways = asked[0][0], [way for _, way in asked]
    if {other for other, _ in asked} != {head}:
        fault = f"{said} is of two heads, whose logits have no zero in common"
        raise Refused(fault, WHERE, f"{WHERE}='contrast({_last(heads, head)})'")
    if pair and not {*WAYS}.isdisjoint(ways):
        fault = f"{said}: a contrast is of two classes by name"
        raise Refused(fault, WHERE, f"{WHERE}='contrast({_last(heads, head)})'")
    local = read(f"contrast({','.join(ways)})" if pair else ways[0], heads[head])
    named = [f"{head}:{way}" for way in ways]
    full = f"contrast({','.join(named)})" if pair else named[0]
    return Question(_placed(local, head, heads, decide), full, tuple(heads[head]), head)


def ask_of_one(text: int | str | bool, classes: Sequence[str]) -> Question:
    """What a text asks where a record may have several of the classes at once: one, by its name.

    Each has a logit and a threshold of its own, so there is no predicted or true one among them.
    """
    said = words(text)
    remedy = " or ".join(f"{WHERE}={name}" for name in classes[:3])
    if said in WAYS or PAIR.fullmatch(said):
        fault = f"{said} means nothing where a record may have several classes at once"
        raise Refused(fault, WHERE, remedy)
    numbered = said.isdigit() and said not in classes and int(said) < len(classes)
    name = classes[int(said)] if numbered else said
    if name not in classes:
        close = get_close_matches(name, classes, n=1)
        known = f"{name!r} is no class of this network ({', '.join(classes)})"
        raise Refused(known, WHERE, f"{WHERE}={close[0]}" if close else remedy)
    place = list(classes).index(name)
    return Question(OneClass(place), name, (f"not {name}", name), name)


def _placed(target: Target, head: str, heads: Heads, decide: Decide | None) -> Target:
    """A target of a head where its logits stand."""
    place = list(heads).index(head)
    start = sum(len(heads[name]) for name in list(heads)[:place])
    if decide is not None and isinstance(target, Predicted):
        return Decided(decide, place, start)
    return OfHead(target, start, start + len(heads[head]))


def _split(said: str, heads: Heads) -> tuple[str, str]:
    """Head and class (or `predicted`, `true`) of one name."""
    head, _, way = (f"{next(iter(heads))}:{said}" if said in WAYS else said).partition(":")
    if head not in heads:
        fault = f"{said!r} is no head of this network: {_known(heads)}"
        raise Refused(fault, WHERE, _near(heads, head))
    way = way or "predicted"
    numbered = way.isdigit() and int(way) < len(heads[head])
    if way not in (*WAYS, *heads[head]) and not numbered:
        fault = f"{way!r} is no class of {head}: {_known(heads)}"
        raise Refused(fault, WHERE, _near({head: heads[head]}, way))
    return head, way


def _known(heads: Heads) -> str:
    """Every head with its classes."""
    return "; ".join(f"{head} ({', '.join(names)})" for head, names in heads.items())


def _near(heads: Heads, name: str) -> str:
    """What may have been meant: a head, or a class of one, and else the first head there is."""
    known = [(head.lower(), head) for head in heads]
    for head, names in heads.items():
        for label in names:
            full = f"{head}:{label}"
            known += [(label.lower(), full), (full.lower(), full)]
    close = get_close_matches(name.lower(), [short for short, _ in known], n=1, cutoff=0.6)
    meant = [full for short, full in known if short in close] or [next(iter(heads))]
    return " or ".join(f"{WHERE}={one}" for one in dict.fromkeys(meant))


def _last(heads: Heads, head: str) -> str:
    """The last class of a head against its first."""
    names = heads[head]
    return f"{head}:{names[-1]},{head}:{names[0]}"
