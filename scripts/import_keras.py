"""A Keras model of 12-lead ECGs (.h5, .keras) as a run of Tremor; TensorFlow is not needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.doors.importing import parser, run

if TYPE_CHECKING:
    from tremor.doors.imported import Foreign


def read(path: Path) -> Foreign:
    """The file's network; torch is imported with it."""
    from tremor.doors.foreign import keras

    return keras(path)


def main(arguments: list[str] | None = None) -> int:
    """Import; returns the exit code."""
    file = "the model or its weights: .h5, .keras, .weights.h5"
    return run(parser(__doc__, file).parse_args(arguments), read, "")


if __name__ == "__main__":
    sys.exit(main())
