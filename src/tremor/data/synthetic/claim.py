"""A folder of files that are a synthetic world's: which one's, and never mixed with another's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tremor.errors import Refused
from tremor.files import write_whole

NOTE = ".world.json"  # the settings of the world that a folder holds


def claim(
    world: Any, folder: Path, foreign: Sequence[str], made: Sequence[str], overwrite: bool
) -> None:
    """Make the folder this world's, which a hidden file says; refuse to mix it with another.

    `world` is a dataclass. A folder that no world claimed is refused if it has any file of the
    patterns `foreign`; files of the patterns `made` are taken away with `overwrite`.
    """
    note, said = folder / NOTE, json.dumps(asdict(world), indent=2) + "\n"
    ours = note.exists()
    if not ours and any(path for name in foreign for path in folder.glob(name)):
        raise Refused(
            "there are files that no synthetic world wrote", str(folder), "another folder"
        )
    if ours and (overwrite or note.read_text() != said):
        if not overwrite:
            fault = "the files of another synthetic world are there"
            raise Refused(fault, str(folder), "--overwrite, or another folder")
        for path in [path for name in made for path in folder.glob(name)]:
            path.unlink()
    write_whole(note, said)
