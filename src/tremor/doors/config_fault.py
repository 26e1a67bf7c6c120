"""A config file of the user's that Hydra stumbles over: named, in one line."""

from __future__ import annotations

import traceback

from tremor.errors import Refused

COMPOSING, LOADING = "compose_config", "load_config"
"""Hydra's functions that are at work when a tree is composed, and when a file is read for it."""
REMEDY = "mend the YAML; --cfg job shows the composed tree, configs/ has files to begin from"


def config_fault(error: Exception) -> Refused | None:
    """The refusal for what was raised while Hydra composed a tree; None for anything else."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not any(frame.f_code.co_name == COMPOSING for frame in frames):
        return None
    reading = [frame for frame in frames if frame.f_code.co_name == LOADING]
    paths = [frame.f_locals.get("config_path") for frame in reading]
    mark = getattr(error, "problem_mark", None)  # of YAML's own errors: the file and the line
    paths += [mark.name] if mark else []
    place = next((str(path) for path in reversed(paths) if path), "the config files")
    said = " ".join(str(error).split())[:300]
    return Refused(f"a config file cannot be understood: {said}", place, REMEDY)
