"""What Python's own names in a pickle stand for: bytes, slices, durations and complex numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tremor.data.sources.pickled_calls import Call, Meanings, NotUnderstood, everywhere, unread


def bytes_of(data: Any) -> bytes | bytearray:
    """Bytes as they are, or from the text that Python 2 wrote them as."""
    if isinstance(data, str):
        return data.encode("latin1")
    if not isinstance(data, bytes | bytearray):
        raise NotUnderstood("an array whose data are not bytes")
    return data


def encoded(call: Call, meant: Meanings) -> bytes:
    """Bytes as protocols 0 to 2 write them: Latin-1 text."""
    text, coding = call.arguments
    if coding not in ("latin1", "latin-1"):
        raise NotUnderstood("text coded in another way than Latin-1")
    meant.copy(len(text))
    return bytes(bytes_of(text))


def raw_bytes(call: Call, meant: Meanings) -> bytes:
    """`bytes`, `bytearray` and Arrow buffers: the bytes that they were given."""
    given = [meant(argument) for argument in call.arguments]
    if given[1:] not in ([], ["latin-1"], ["latin1"]):
        raise NotUnderstood("text coded in another way than Latin-1")
    raw = bytes_of(given[0]) if given else b""
    meant.copy(len(raw))
    return bytes(raw)


def raw_bytearray(call: Call, meant: Meanings) -> bytearray:
    """As `raw_bytes`, but changeable."""
    return bytearray(raw_bytes(call, meant))


def whole_numbers(call: Call, meant: Meanings) -> tuple[Any, ...]:
    """Arguments that may only be whole numbers or nothing."""
    if not all(part is None or type(part) is int for part in call.arguments):
        raise NotUnderstood(f"{call.name.path} of something that is not whole numbers")
    return call.arguments


def slice_of(call: Call, meant: Meanings) -> slice:
    """A slice."""
    return slice(*whole_numbers(call, meant))


def duration(call: Call, meant: Meanings) -> timedelta:
    """A `datetime.timedelta` of days, seconds and microseconds."""
    return timedelta(*whole_numbers(call, meant))


def complex_number(call: Call, meant: Meanings) -> complex:
    """A complex number of two floats."""
    real, imaginary = call.arguments
    return complex(float(real), float(imaginary))


def rebuilt(call: Call, meant: Meanings) -> Any:
    """Protocols 0 and 1: `_reconstructor(class, object, None)`, then the state."""
    kind, *_ = call.arguments
    return kind.stands_for(Call(kind, (), call.state), meant)


BUILT_IN = {
    "bytes": raw_bytes,
    "bytearray": raw_bytearray,
    "complex": complex_number,
    "object": unread,
    "slice": slice_of,
}
PLAIN_NAMES: dict[str, Any] = {
    "_codecs.encode": encoded,
    "collections.OrderedDict": dict,
    "datetime.timedelta": duration,
    **everywhere(("builtins", "__builtin__"), BUILT_IN),
    **everywhere(("copyreg", "copy_reg"), {"_reconstructor": rebuilt}),
}
