"""The run folder: claimed once, never written over, and telling what ran."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from tremor import __version__
from tremor.config.build import Plain
from tremor.config.outside import own_folder
from tremor.files import told, write_json, write_whole

PACKAGES = ("hydra-core", "lightning", "numpy", "pandas", "scikit-learn", "scipy", "torch")


def claim(wanted: Path) -> Path:
    """Make the folder (with `checkpoints/` in it); one that holds a run already gets a suffix."""
    with told(wanted):
        for number in range(1, 1000):
            folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}_{number}")
            folder.mkdir(parents=True, exist_ok=True)
            try:
                (folder / "checkpoints").mkdir()
            except FileExistsError:
                continue
            return folder.resolve()
    raise FileExistsError(wanted)


def describe(folder: Path, config: Plain, overrides: Sequence[str], provenance: Plain) -> None:
    """Write config.yaml, overrides.yaml and provenance.json."""
    write_whole(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    write_whole(folder / "overrides.yaml", yaml.safe_dump(list(overrides)))
    write_json(folder / "provenance.json", provenance)


def provenance(command: str, seed: int, data: str, allocator: str, mlstm: str | None) -> Plain:
    """What ran: versions, code, command, data, seed, device; the same text for the same run."""
    return {
        "command": command,
        "seed": seed,
        "data_fingerprint": data,
        "device": device_name(),
        "allocator": allocator,
        "mlstm_backend": mlstm,
        "git": git_state(Path(__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {"tremor": __version__} | versions(),
    }


def versions() -> dict[str, str]:
    """Installed versions of the packages that decide a run's numbers."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return found | {"torch": str(torch.__version__)}  # with its build, such as +cu130


def git_state(folder: Path) -> dict[str, Any]:
    """Commit and whether the tree differs from it; nulls outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _git(folder: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def command_line(overrides: Sequence[str]) -> str:
    """The command as one would type it again."""
    return shlex.join(["python", Path(sys.argv[0]).name, *own_folder(sys.argv[1:]), *overrides])


def device_name() -> str:
    """The device that `trainer.accelerator=auto` would use."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"cpu ({torch.get_num_threads()} threads)"
