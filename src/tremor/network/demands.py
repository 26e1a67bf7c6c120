"""What the parts of a network demand of their settings: refused with the key and one that works."""

from __future__ import annotations

from collections.abc import Sequence

from tremor.errors import Refused

GIVERS = {
    "encoder": "encoder=conv_patch or encoder=raw",
    "model": "model=xlstm_unet or model=lstm",
}
"""The parts that others read, and choices of them that give features by steps."""


def not_below(group: str, least: float = 1, **settings: float | Sequence[int]) -> None:
    """Settings of a group that are numbers, or lists of some, of at least so much each."""
    for name, value in settings.items():
        key, many = f"{group}.{name}", isinstance(value, Sequence)
        each = value if isinstance(value, Sequence) else [value]
        if not each or min(each) < least:
            said, one = (list(each), f"[{least}]") if many else (value, f"{least}")
            raise Refused(f"{key} is {said}, must be at least {one}", key, f"{key}={one}")


def share(key: str, value: float) -> None:
    """A number from 0 to 1."""
    if not 0 <= value <= 1:
        raise Refused(f"{key} is {value}, must be from 0 to 1", key, f"{key}=0.1")


def divides(key: str, value: int, whole: int, of: str) -> None:
    """A whole number, at least 1, that divides another one without a rest."""
    group, _, name = key.partition(".")
    not_below(group, **{name: value})
    if whole % value:
        sound = next(number for number in range(min(value, whole), 0, -1) if whole % number == 0)
        raise Refused(f"{key} is {value}, must divide {of} ({whole})", key, f"{key}={sound}")


def steps_of(shape: tuple[int, ...], reader: str, giver: str = "encoder") -> tuple[int, int]:
    """The features and the number of steps of `(feature, step)`, the one shape that is read."""
    if len(shape) != 2:
        axes = " x ".join(map(str, shape))
        fault = (
            f"the {giver} gives {len(shape)} axes ({axes}); {reader} takes two, features by steps"
        )
        raise Refused(fault, giver, GIVERS[giver])
    return shape[0], shape[1]
