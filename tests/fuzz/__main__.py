"""`python -m fuzz --cases 1000000`: bad input for every reader; exit code 1 if one broke."""

from __future__ import annotations

import argparse
import fnmatch
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}


def main() -> int:
    """Fuzz the readers that are asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing later")
    parser.add_argument("--only", default="*", help="readers by name, such as ecg_*,pickle")
    parser.add_argument("--kept", type=Path, default=Path("outputs/fuzz"), help="what was found")
    asked = parser.parse_args()
    from fuzz.campaign import Campaign, batches  # after the environment is set
    from fuzz.readers import ALL

    patterns = asked.only.split(",")
    readers = [r for r in ALL if any(fnmatch.fnmatchcase(r.name, p) for p in patterns)]
    for reader in readers:
        reader.seeds()  # made once, before processes are forked
    memory = Path("/dev/shm")
    scratch = Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if memory.is_dir() else None))
    asked.kept.mkdir(parents=True, exist_ok=True)
    campaign, begun = Campaign(asked.kept, scratch, asked.processes, asked.minutes), time.time()
    try:
        campaign.run(
            batches(readers, asked.cases, asked.seed), lambda t: print(t, flush=True), asked.cases
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    facts = {"seed": asked.seed, "processes": asked.processes, "asked": asked.cases}
    facts |= {"seconds": round(time.time() - begun), "python": sys.version.split()[0]}
    print(campaign.table())
    print(campaign.write(facts))
    return int(any(told.kinds["fault"] for told in campaign.told.values()))


if __name__ == "__main__":
    sys.exit(main())
