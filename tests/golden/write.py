"""Write the kept numbers anew, on purpose: `python tests/golden/write.py`.

With --compare nothing is written: it says how far the numbers are from those that are kept.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from golden.systems import HERE, SYSTEMS, distance, kept, trained
from tremor.files import write_json


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--only", choices=SYSTEMS, nargs="+", default=list(SYSTEMS))
    said.add_argument("--threads", type=int, default=1, help="of torch; the tests have one")
    said.add_argument("--compare", action="store_true", help="write nothing")
    asked = said.parse_args()
    torch.set_num_threads(asked.threads)
    for name in asked.only:
        with tempfile.TemporaryDirectory() as home, contextlib.redirect_stdout(io.StringIO()):
            now = trained(name, Path(home))
        if asked.compare:
            then = kept(name)
            far = {key: distance(now.get(key, float("inf")), then[key]) for key in then}
            print(f"{name}: {max(far, key=far.__getitem__)} moved most, by {max(far.values()):.1e}")
            continue
        made = {"torch": torch.__version__, "machine": platform.machine(), "threads": asked.threads}
        write_json(HERE / f"{name}.json", {"made_with": made, "numbers": now})
        print(f"{name}: {len(now)} numbers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
