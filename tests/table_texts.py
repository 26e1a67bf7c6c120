"""Texts of tables as people and programs write them, with the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

MIDNIGHT = datetime(2018, 3, 5, tzinfo=UTC)
ZONES = st.sampled_from(["Z", "+00:00", "+07:00", "-03:30", ""])
ENDS = st.sampled_from(["\n", "\r\n"])


@dataclass(frozen=True)
class Dress:
    """What does not change a table: ends of lines, a mark before it, empty lines, an end."""

    end: str = "\n"
    mark: str = ""
    blank: bool = False
    closed: bool = True
    trailing: bool = False

    def text(self, header: Sequence[str], rows: Sequence[Sequence[str]], comma: str = ",") -> bytes:
        """A table in it; with `trailing`, every line ends with a comma."""
        lines = [comma.join(cells) + comma * self.trailing for cells in (header, *rows)]
        gap = self.end * (2 if self.blank else 1)
        return (self.mark + gap.join(lines) + self.end * self.closed).encode()


DRESSES = st.builds(
    Dress, ENDS, st.sampled_from(["", "\ufeff"]), st.booleans(), st.booleans(), st.booleans()
)
NAMES = st.text("abcxyzABC0123456789_- é", min_size=1, max_size=8).filter(lambda t: t == t.strip())
"""Names, among them NA, 007 and others that look like something else."""
ODD_NAMES = st.sampled_from(["NA", "nan", "null", "None", "007", "1e5", "inf", "true"]) | NAMES


def plain(number: float) -> str:
    """A number with all its digits."""
    return repr(float(number))


def iso(second: float, zone: str, between: str = "T") -> str:
    """A time of the day in a zone; without one it is UTC."""
    hours, minutes = (int(zone[1:3]), int(zone[4:6])) if len(zone) > 1 else (0, 0)
    ahead = timedelta(hours=hours, minutes=minutes) * (-1 if zone[:1] == "-" else 1)
    local = MIDNIGHT + timedelta(seconds=second) + ahead
    return local.strftime(f"%Y-%m-%d{between}%H:%M:%S.%f") + zone
