"""Write spectrograms as pictures: `export_spectrograms.py OUT dataset.data_dir=… key=value …`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from tremor.doors.shell import translated
from tremor.errors import STOPPED, TremorError


def parser() -> argparse.ArgumentParser:
    """Where to, of what, in how many processes."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument("out", type=Path, help="folder to write, or to go on with")
    said = "what simple_train.py takes; experiment=stations/cnn unless another one is named"
    made.add_argument("overrides", nargs="*", metavar="key=value", help=said)
    made.add_argument("--jobs", type=int, default=1, help="processes that write (default 1)")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Export, and say what to try next; returns the exit code."""
    asked = parser().parse_intermixed_args(arguments)
    began = time.monotonic()
    try:
        from tremor.doors.export import export

        onward = export(asked.out, asked.overrides, asked.jobs)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this ended", file=sys.stderr)
        return STOPPED
    except Exception as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        told: TremorError = translated(error)
        print(told, file=sys.stderr)
        return told.code
    print(f"written: {asked.out} ({time.monotonic() - began:.0f} s). Next:")
    print(f"  python simple_train.py {shlex.join(onward)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
