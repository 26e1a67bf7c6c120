"""An ONNX model of 12-lead ECGs as a run of Tremor; needs pip install 'tremor[onnx]'."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.doors.importing import parser, run

if TYPE_CHECKING:
    from tremor.doors.imported import Foreign


def read(path: Path) -> Foreign:
    """The file's network; torch is imported with it."""
    from tremor.doors.foreign import onnx

    return onnx(path)


def main(arguments: list[str] | None = None) -> int:
    """Import; returns the exit code."""
    file = "the graph, with its weights inside: .onnx"
    return run(parser(__doc__, file).parse_args(arguments), read, "explainer=timeshap ")


if __name__ == "__main__":
    sys.exit(main())
