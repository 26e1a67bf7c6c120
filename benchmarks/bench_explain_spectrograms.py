"""From waveforms to the input of a CNN: ours, scipy record by record, and by way of PNG files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

from explain_errors import processor_seconds
from side_by_side import keep

import matplotlib  # isort: skip
import numpy as np  # isort: skip
import torch  # isort: skip
from matplotlib import pyplot as plt  # isort: skip
from scipy.signal import spectrogram  # isort: skip

from tremor.network.encoders.spectrogram import Spectrogram
from tremor.training.allocator import keep_memory

RECORDS, CHANNELS, LENGTH, RATE = 64, 3, 1300, 100.0
SETTINGS = {"nperseg": 64, "noverlap": 51}


def ours(encoder: Spectrogram, x: torch.Tensor) -> None:
    with torch.inference_mode():
        for part in x.split(32):
            encoder(part, torch.full((len(part),), LENGTH))


def scipy_each(x: np.ndarray) -> np.ndarray:
    return np.stack([spectrogram(record, RATE, **SETTINGS)[2] for record in x])


def pictures(x: np.ndarray, folder: str) -> np.ndarray:
    """A picture for each record, components as colours, written and read again."""
    read = []
    for number, record in enumerate(x):
        power = np.log10(spectrogram(record, RATE, **SETTINGS)[2] + 1e-10)
        scaled = (power - power.min()) / (power.max() - power.min())
        file = f"{folder}/{number}.png"
        plt.imsave(file, scaled.transpose(1, 2, 0), origin="lower")
        read.append(plt.imread(file)[..., :3])
    return np.stack(read).astype(np.float32)


def drawn(x: np.ndarray, folder: str) -> np.ndarray:
    """The same as figures of 224 x 224 dots, one for each record, as image pipelines draw them."""
    read = []
    for number, record in enumerate(x):
        f, t, power = spectrogram(record[0], RATE, **SETTINGS)
        figure, axes = plt.subplots(figsize=(2.24, 2.24), dpi=100)
        axes.pcolormesh(t, f, np.log10(power + 1e-10))
        axes.axis("off")
        file = f"{folder}/{number}.png"
        figure.savefig(file)
        plt.close(figure)
        read.append(plt.imread(file)[..., :3])
    return np.stack(read).astype(np.float32)


def main() -> None:
    matplotlib.use("Agg")
    print("allocator:", keep_memory())
    torch.set_num_threads(1)
    x = torch.randn(RECORDS, CHANNELS, LENGTH, generator=torch.Generator().manual_seed(0))
    plain = Spectrogram(CHANNELS, LENGTH, RATE, noverlap_ratio=0.8, log=False)
    ready = Spectrogram(CHANNELS, LENGTH, RATE, noverlap_ratio=0.8, standardise=True)
    what = f"{RECORDS} records of {CHANNELS} x {LENGTH} samples, 33 x 96 bins by frames"
    seconds = processor_seconds(
        {"tremor": partial(ours, plain, x), "scipy, each record": partial(scipy_each, x.numpy())},
        21,
    )
    keep("explain_spectrograms", seconds, RECORDS, "scipy, each record", what, ">= 3")
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], Any]] = {
            "tremor, log and standardised": partial(ours, ready, x),
            "PNG file (imsave, 33 x 96)": partial(pictures, x.numpy(), folder),
            "PNG figure (pcolormesh, 224 x 224)": partial(drawn, x.numpy(), folder),
        }
        seconds = processor_seconds(ways, 5)
        keep("explain_pictures", seconds, RECORDS, "PNG file (imsave, 33 x 96)", what, ">= 50")


if __name__ == "__main__":
    main()
