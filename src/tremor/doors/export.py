"""The exporting door: the records of a tree as pictures of their spectrograms, in our split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tremor.config.build import Plain, build
from tremor.data.images import export as folders
from tremor.data.images.export import Piece
from tremor.data.images.layout import Range, alike
from tremor.doors.checking import CONFIGS, checked
from tremor.doors.data import Data, open_data
from tremor.doors.echo import console, say
from tremor.doors.quiet import quieten
from tremor.doors.shell import prepared
from tremor.errors import Refused
from tremor.files import digest
from tremor.network.encoders.spectrogram import Spectrogram
from tremor.training.misfits import own

USUAL, PICTURES = "experiment=stations/cnn", "experiment=stations/images"
PIECE = 64  # pictures that are made at a time
SPECTROGRAM = "tremor.network.encoders.spectrogram.Spectrogram"


@dataclass(frozen=True)
class Painter:
    """Records as the network's encoder sees them, each from black (lowest) to full (highest)."""

    data: Data
    normalise: Any
    encoder: Spectrogram

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of each picture."""
        return self.encoder.out_shape[1], self.encoder.out_shape[2]

    @property
    def extent(self) -> Range:
        """Centres of the first and last row (Hz) and column (s)."""
        hertz, seconds = self.encoder.frequencies, self.encoder.times
        low, high, first, last = (round(float(v), 6) for v in (*hertz[[0, -1]], *seconds[[0, -1]]))
        return low, high, first, last

    @torch.no_grad()
    def pieces(self, rows: list[int], names: list[str]) -> Iterator[Piece]:
        """Pictures `(picture, row, column, 3)` of records, some at a time; row 0 is 0 Hz."""
        part = self.data.module.part("all")
        place = {int(row): n for n, row in enumerate(part.positions)}
        for start in range(0, len(rows), PIECE):
            batch = part.__getitems__([place[row] for row in rows[start : start + PIECE]])
            seen, _ = self.encoder(self.normalise(batch.x, batch.length), batch.length)
            pixels = (seen * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
            yield names[start : start + PIECE], pixels.numpy()


def export(out: Path, overrides: list[str], jobs: int) -> list[str]:
    """Write the folder, or go on with it: what is there already is not made again.

    Returns what `simple_train.py` has to be told to train from it.
    """
    if jobs < 1:
        raise Refused(f"--jobs is {jobs}, must be at least 1", "the command line", "--jobs 1")
    quieten()
    config = composed(overrides)
    data = open_data(config)
    if data.labelled.multi:
        fault = "a picture lies in the folder of its class; these records may have several"
        raise Refused(fault, "dataset", "a dataset of one class a record")
    painter = painter_of(config, data)
    table = folders.listed(data.records.table, data.parts, data.labelled.classes)
    names = table["filename"].tolist()
    folders.begin(out, settings_of(config, data, names), data.labelled.classes)
    left = folders.lacking(out, names, *painter.size)
    say(f"pictures {len(names)} of {painter.size[0]} x {painter.size[1]}, {len(left)} to be made")
    pieces = painter.pieces(table.index[left].tolist(), [names[n] for n in left])
    bar = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(left))
        for count in folders.written(out, pieces, jobs):
            progress.advance(task, count)
    folders.finish(out, table, *painter.size, painter.extent)
    return onward(out, painter, data.labelled.classes)


def onward(out: Path, painter: Painter, classes: tuple[str, ...]) -> list[str]:
    """The experiment on pictures, and what is not its default of this folder."""
    usual = composed([PICTURES])["dataset"]
    said = [f"{value:.6g}" for value in painter.extent]
    new = [] if alike(painter.extent, usual["f_t_range"]) else [f"f_t_range=[{','.join(said)}]"]
    own = {"height": painter.size[0], "num_classes": len(classes)}
    new += [f"{key}={value}" for key, value in own.items() if value != usual[key]]
    new += [] if list(classes) == usual["classes"] else [f"classes=[{','.join(classes)}]"]
    return [PICTURES, *(f"dataset.{text}" for text in (f"data_dir={out}", *new))]


def composed(overrides: list[str]) -> Plain:
    """The training tree with these overrides, checked; the stations' own where none is chosen."""
    chosen = any(text.startswith("experiment=") for text in overrides)
    typed = prepared(overrides if chosen else [USUAL, *overrides], CONFIGS / "train.yaml")
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return checked(compose("train", overrides=typed))[0]


def painter_of(config: Plain, data: Data) -> Painter:
    """The tree's own normalisation and spectrogram, for data of three components."""
    if config["encoder"]["_target_"] != SPECTROGRAM:
        problem = "only spectrograms can be exported as pictures"
        raise Refused(problem, "encoder", "encoder=spectrogram")
    facts = data.facts
    if facts.channels != 3:
        problem = f"the records have {facts.channels} channels; a picture has three colours"
        raise Refused(problem, "dataset", "records of three components")
    settings = own(config["encoder"]) | {"scale": "minmax", "standardise": False}
    known = {"channels": 3, "length": facts.length, "sampling_rate": facts.sampling_rate}
    return Painter(data, build(config["dataset"]["normalise"]), build(settings, **known))


def settings_of(config: Plain, data: Data, names: list[str]) -> Plain:
    """What decides the pictures and where each lies: the same for the same folder."""
    encoder = own(config["encoder"])
    painting = ("nperseg", "noverlap_ratio", "window", "log", "floor")
    norm = config["dataset"]["normalise"].items()
    return {
        "channels": list(data.records.channels),
        "sampling_rate": data.records.sampling_rate,
        "samples": data.facts.length,
        "keep": config["loader"]["keep"],
        "records": data.records.fingerprint,
        "split": digest(*names, *data.parts.astype(str)),
        **{f"normalise.{key}": value for key, value in norm if key != "_partial_"},
        **{f"encoder.{key}": encoder[key] for key in painting},
    }
