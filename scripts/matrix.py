"""Run a quick part of the tests with other versions of Hydra and torch: `python scripts/matrix.py`.

Each leg has a throw-away environment: this one, but for the versions that the leg says (up to 4 GB
more for another torch, removed afterwards). Ends with one table of all legs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TORCH = r"torch|torchvision|triton|nvidia-.*|cuda-.*"
BOTH = [
    *("tests/golden", "tests/test_nothing_runs.py", "tests/doors/test_train.py"),
    *("tests/doors/test_evaluate.py", "tests/doors/test_resume_within.py"),
]
DOORS = [
    *("help", "completion", "misspelt", "refusals", "checking", "globs", "dry_run", "sweep"),
    *("search", "outside"),
]
TREE = [*BOTH, "tests/config", *(f"tests/doors/test_{name}.py" for name in DOORS)]
NETWORKS = [
    *(*BOTH, "tests/network", "tests/tasks", "tests/training", "tests/doors/test_explain.py"),
    *("tests/data/test_module.py", "tests/data/test_order.py"),
]
"""Where another Hydra, or another torch, is met first: a few minutes on two cores."""
SHOWN = ("torch", "torchvision", "hydra-core", "omegaconf", "lightning", "numpy")
COUNTED = ("passed", "failed", "error", "skipped")


@dataclass(frozen=True)
class Leg:
    """Other versions than those of constraints.txt: what they replace, and with what."""

    name: str
    replaced: str
    wanted: tuple[str, ...]
    tests: list[str]


LEGS = (
    Leg("constraints.txt", "", (), sorted({*TREE, *NETWORKS})),
    Leg("Hydra 1.4", "hydra-core|omegaconf", ("hydra-core==1.4.0rc3", "omegaconf==2.4.1rc1"), TREE),
    Leg("oldest torch", TORCH, ("torch===2.11.0", "torchvision===0.26.0"), NETWORKS),
    Leg("newest torch", TORCH, ("torch", "torchvision"), NETWORKS),
)
"""`===` takes the index's own build, beside which torchvision works, not a local one at hand."""


def parser() -> argparse.ArgumentParser:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--only", default="", help="legs whose name holds this")
    said.add_argument("--place", type=Path, help="folder for environments and logs; logs stay")
    said.add_argument("--tests", nargs="+", help="instead of the quick part of each leg")
    return said


def main(argv: list[str] | None = None) -> int:
    asked = parser().parse_args(argv)
    legs = [leg for leg in LEGS if asked.only in leg.name]
    with tempfile.TemporaryDirectory(prefix="matrix-", dir=asked.place) as scratch:
        logs = asked.place or Path(tempfile.mkdtemp(prefix="matrix-logs-"))
        rows = [row(leg, Path(scratch) / "env", logs, asked.tests or leg.tests) for leg in legs]
    head = ["leg", "python", *SHOWN, *COUNTED, "seconds"]
    print("\n".join(_line(cells) for cells in (head, ["---"] * len(head), *rows)))
    print(f"logs: {logs}")
    broke = COUNTED.index("failed") - len(COUNTED) - 1
    return int(any(cells[broke] != "0" or cells[broke + 1] != "0" for cells in rows))


def row(leg: Leg, place: Path, logs: Path, tests: list[str]) -> list[str]:
    """One leg from its environment to its counts; the environment is gone afterwards."""
    log = logs / f"{leg.name.replace(' ', '_')}.log"
    print(f"{leg.name}: {log}", flush=True)
    python = installed(leg, place, log)
    if python is None:
        return [leg.name, "cannot be installed", *("" for _ in SHOWN), "0", "0", "1", "0", "0"]
    began = time.monotonic()
    said = _told(
        [str(python), "-m", "pytest", "-n", "2", "--dist", "worksteal", "--tb=short", *tests], log
    )
    seconds = str(round(time.monotonic() - began))
    cells = [leg.name, *_versions(python), *counts(said), seconds]
    if python != Path(sys.executable):
        shutil.rmtree(place)
    return cells


def installed(leg: Leg, place: Path, log: Path) -> Path | None:
    """The Python of an environment with the leg's versions; None where there is no such set.

    It is this environment once more, in which they take the place of the others.
    """
    if not leg.wanted:
        return Path(sys.executable)
    shutil.copytree(sys.prefix, place, symlinks=True, copy_function=_linked)
    pins = place / "pins.txt"
    python = str(place / "bin" / "python")
    gone = re.compile(leg.replaced, re.I)
    pins.write_text("\n".join(kept((ROOT / "constraints.txt").read_text(), leg.replaced)))
    here = {dist.name for dist in distributions() if gone.fullmatch(dist.name)}
    _told([python, "-m", "pip", "uninstall", "-y", *sorted(here)], log)
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "-c", str(pins)]
    said = _told([*command, *leg.wanted], log)
    return Path(python) if "Successfully installed" in said else None


def _linked(source: str, target: str) -> None:
    """One file under two names, where both are on one disk: pip replaces files, it changes none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def kept(pins: str, replaced: str) -> list[str]:
    """The lines of constraints.txt but for those of packages that a leg replaces."""
    gone = re.compile(rf"({replaced})=", re.I)
    return [line for line in pins.splitlines() if not gone.match(line)]


def counts(said: str) -> list[str]:
    """What pytest's last line counts; one error where it did not come to that."""
    last = re.findall(r"(\d+) (passed|failed|error|skipped)", said.strip().rpartition("\n")[2])
    found = {kind: number for number, kind in last}
    return [found.get(kind, "0") for kind in COUNTED] if found else ["0", "0", "1", "0"]


def _versions(python: Path) -> list[str]:
    """Of Python and of the packages that a row shows."""
    code = "import platform, sys; from importlib.metadata import version as v; "
    code += "print(platform.python_version(), *map(v, sys.argv[1:]))"
    command = [str(python), "-c", code, *SHOWN]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _told(command: list[str], log: Path) -> str:
    """What a command says, which the log keeps."""
    own = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=own, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with log.open("a") as kept_log:
        kept_log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    return done.stdout


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
