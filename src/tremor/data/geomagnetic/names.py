"""What the names of day files say."""

from __future__ import annotations

import re
from datetime import date, datetime


def day_of(found: re.Match[str] | None, pattern: str) -> tuple[str, date] | None:
    """The station (capitals) and day of a name that a pattern has found, if it is a real date."""
    if found is None:
        return None
    try:
        return found["station"].upper(), datetime.strptime(found["day"], pattern).date()
    except ValueError:
        return None
