"""What an ONNX file holds: its order of axes, its sizes, and whether it gives probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.network.models.onnx_graph import Layout, given, refuse_without_runtime, session

AXES: dict[Layout, tuple[int, int]] = {"channel_time": (1, 2), "time_channel": (2, 1)}
"""Which axes of the input are the channels and the time."""
TRIES = ((1.0, 0), (100.0, 1), (1000.0, 2))  # sizes and seeds of random records that are tried


@dataclass(frozen=True)
class OnnxFile:
    """A graph, how it reads `leads` channels, and what it was seen to give for random records.

    `length` is the number of samples that it demands; None if any will do.
    """

    graph: bytes
    layout: Layout
    leads: int
    length: int | None
    outputs: int
    probabilities: bool

    @property
    def settings(self) -> dict[str, Any]:
        """Of `model=onnx`."""
        return {
            "size": len(self.graph),
            "layout": self.layout,
            "probabilities": str(self.probabilities).lower(),
        }

    def weights(self) -> dict[str, Tensor]:
        """The tensors of a `Network` by their names."""
        return {"model.graph": torch.frombuffer(bytearray(self.graph), dtype=torch.uint8)}


def read_onnx(path: Path, leads: int, samples: int) -> OnnxFile:
    """A graph of records with so many leads; `samples` are tried where it takes any number."""
    refuse_without_runtime()
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read it: {error}", str(path), "an .onnx file") from error
    opened = session(graph, str(path))
    layout, length = _order(_entry(opened, path), leads, path)
    shape = [1, length or samples, leads]
    shape = shape if layout == "time_channel" else [shape[0], shape[2], shape[1]]
    seen = np.concatenate([_answer(opened, size, seed, shape, path) for size, seed in TRIES])
    sure = bool((seen >= 0).all() and (seen <= 1).all())
    return OnnxFile(graph, layout, leads, length, seen.shape[1], sure)


def _entry(opened: Any, path: Path) -> list[Any]:
    """The shape of the graph's one input, beside one output; others are refused."""
    try:
        entries, ends = opened.get_inputs(), opened.get_outputs()
        told = ", ".join(f"{e.name} ({e.type})" for e in (*entries, *ends))
        shapes: list[list[Any]] = [entry.shape for entry in entries]
    except UnicodeDecodeError as error:
        fault = "the graph has inputs or outputs whose names are no text"
        raise Refused(fault, str(path), "a sound ONNX file") from error
    floats = [entry.type == "tensor(float)" for entry in entries]
    if len(entries) != 1 or len(ends) != 1 or floats != [True]:
        fault = f"the graph has {len(entries)} inputs and {len(ends)} outputs: {told}"
        raise Refused(fault, str(path), "one input of float32 records, one output of classes")
    return shapes[0]


def _order(shape: list[Any], leads: int, path: Path) -> tuple[Layout, int | None]:
    """Which axis holds the leads, and how many samples the other one demands."""
    fits: list[tuple[Layout, int | None]] = []
    if len(shape) == 3:
        for layout, (channel, time) in AXES.items():
            if shape[channel] == leads:
                fits.append((layout, shape[time] if isinstance(shape[time], int) else None))
    if len(fits) != 1:
        fault = f"the graph takes {shape}: which axis has the {leads} leads cannot be told"
        raise Refused(fault, str(path), f"(record, {leads}, sample) or (record, sample, {leads})")
    return fits[0]


def _answer(opened: Any, size: float, seed: int, shape: list[int], path: Path) -> Any:
    """What a random record of so large samples gives, `(1, class)`."""
    record = np.random.default_rng(seed).normal(0, size, shape).astype(np.float32)
    try:
        found = given(opened, record)
    except Exception as error:  # the runtime's errors share no class but this one
        fault = f"the graph fails: {(str(error).splitlines() or [''])[0][:200]}"
        raise Refused(fault, str(path), "--set dataset.maxlen=<samples that it takes>") from error
    if found.ndim != 2 or len(found) != 1:
        fault = f"the graph gives {list(found.shape)} for one record, not (1, class)"
        raise Refused(fault, str(path), "a graph with a number for each class")
    return found
