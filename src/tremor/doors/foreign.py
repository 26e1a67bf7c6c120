"""Networks of files of other frameworks, each as what a run is made of."""

from __future__ import annotations

from pathlib import Path

from tremor.doors.imported import Foreign
from tremor.training.keras_config import described
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import recognise
from tremor.training.onnx_file import read_onnx

LEADS = 12
SAMPLES = 5000  # tried with graphs that take any number
AS_OWN = (
    "the file holds weights and no config: strides, padding, order and eps are taken as the "
    "network's own"
)


def keras(path: Path) -> Foreign:
    """A Keras model of one of our kinds, with its config or without."""
    file = read_keras(path)
    found = recognise(file)
    said = described(file, found)
    return Foreign(
        file=path,
        script="scripts/import_keras.py",
        model=found.model,
        decoder="pooled",
        settings=found.settings | (said.settings if said else {}),
        leads=found.leads,
        outputs=found.outputs,
        length=said.length if said else None,
        weights=found.weights(),
        notes=() if said else (AS_OWN,),
    )


def onnx(path: Path) -> Foreign:
    """An ONNX graph of 12 leads; whether it gives probabilities is found out by trying."""
    file = read_onnx(path, LEADS, SAMPLES)
    notes = ["it has no gradients: explainer=lime, timeshap, fused, leverage, owen or occlusion"]
    if file.probabilities:
        notes.append(
            "all that it gave for random records lies between 0 and 1: taken as probabilities, "
            "whose logits are cut at 16 (--set model.probabilities=false for logits)"
        )
    return Foreign(
        file=path,
        script="scripts/import_onnx.py",
        model="onnx",
        decoder="given",
        settings=file.settings,
        leads=file.leads,
        outputs=file.outputs,
        length=file.length,
        weights=file.weights(),
        notes=tuple(notes),
    )
