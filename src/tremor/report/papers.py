"""What goes from a run into a paper: a methods paragraph and a reviewer's checklist, as files."""

from __future__ import annotations

from pathlib import Path

from tremor.files import readable, write_whole
from tremor.report.checklist import checklist, markdown
from tremor.report.files import RunFiles
from tremor.report.known import Known
from tremor.report.methods import paragraph

CONFIG = "config.yaml"


def write_papers(folder: Path) -> None:
    """`checklist.md` and `methods.md` beside the verdict of a run's own test part; else nothing."""
    run = folder.parent
    if folder.name == "evaluation" and (run / CONFIG).is_file():
        with readable(run / CONFIG, "delete it: the page then says less of what ran"):
            known = Known.of(RunFiles.read(run))
        write_whole(folder / "checklist.md", markdown(checklist(known)))
        write_whole(folder / "methods.md", paragraph(known) + "\n")
