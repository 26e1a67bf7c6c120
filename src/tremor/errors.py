"""The one error that a user ever sees: what went wrong, where, and what to do about it."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What paints, moves or turns round what a terminal shows; not tab and new line."""
FAULT = 1
REFUSED = 2
STOPPED = 130


def visible(text: str) -> str:
    """A text for a terminal: letters that would steer it are shown by their numbers."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


class TremorError(Exception):
    """A problem told in three lines: the problem, its place, its remedy.

    `code` is the exit code of the door: `FAULT` (1) for a run that broke, `REFUSED` (2) for input
    that was turned down before anything was done with it, `STOPPED` (130) after Ctrl-C.
    """

    def __init__(self, problem: str, where: str = "", remedy: str = "", *, code: int = FAULT):
        super().__init__(problem, where, remedy)
        self.problem, self.where, self.remedy, self.code = problem, where, remedy, code

    def __str__(self) -> str:
        lines = [f"error: {self.problem}"]
        lines += [f"where: {self.where}"] if self.where else []
        lines += [f"remedy: {self.remedy}"] if self.remedy else []
        return visible("\n".join(lines))


class Refused(TremorError):
    """A `TremorError` about the user's input: exit code 2."""

    def __init__(self, problem: str, where: str = "", remedy: str = ""):
        super().__init__(problem, where, remedy, code=REFUSED)
