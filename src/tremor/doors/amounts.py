"""Bytes and seconds as one says them."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB")


def in_bytes(count: float) -> str:
    """Such as `56 MB`, in powers of 1000."""
    for unit in UNITS[:-1]:
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} {UNITS[-1]}"


def in_time(seconds: float) -> str:
    """Such as `12 ms`, `3.4 s`, `8 min`, `2 h 5 min` or `3 d 4 h`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 99.5:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    return f"{days} d {rest} h" if days > 1 else f"{hours} h {minutes} min"
