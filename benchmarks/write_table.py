"""Write the table of results into benchmarks/README.md."""

from __future__ import annotations

from pathlib import Path

from side_by_side import table

PAGE = Path(__file__).parent / "README.md"
MARK = "<!-- results -->"

if __name__ == "__main__":
    text = PAGE.read_text().partition(MARK)[0]
    PAGE.write_text(f"{text}{MARK}\n\n{table()}")
