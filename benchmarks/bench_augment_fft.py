"""Augmentation and averaged spectrum: whole batches in torch against numpy record by record."""

from __future__ import annotations

from side_by_side import interleaved, keep

import numpy as np  # isort: skip
import torch  # isort: skip
from numpy.lib.stride_tricks import sliding_window_view  # isort: skip

from tremor.network.encoders.fft import FFT
from tremor.signal.augment import WaveformAugment
from tremor.training.allocator import keep_memory

BATCH, CHANNELS, SAMPLES, RATE = 32, 3, 2500, 100.0
RNG = np.random.default_rng(0)
WINDOW = np.hanning(513)[:-1].astype(np.float32)
AUGMENT = WaveformAugment()


def augmented(x: np.ndarray) -> np.ndarray:
    """One record changed as `WaveformAugment` does, with the same probabilities."""
    samples = x.shape[-1]
    if RNG.random() < AUGMENT.shift_p:
        shift = int(RNG.uniform(-1, 1) * AUGMENT.max_shift * samples)
        x = np.roll(x, shift, -1)
        x[:, slice(0, shift) if shift > 0 else slice(samples + shift, None)] = 0
    if RNG.random() < AUGMENT.stretch_p:
        time = np.arange(samples)
        at = time / RNG.uniform(*AUGMENT.stretch)
        x = np.stack([np.interp(at, time, row, right=0) for row in x]).astype(np.float32)
    if RNG.random() < AUGMENT.scale_p:
        x = x * np.float32(RNG.uniform(*AUGMENT.scale))
    if RNG.random() < AUGMENT.noise_p:
        sigma = np.sqrt((x**2).mean() * 10 ** (-RNG.uniform(*AUGMENT.snr_db) / 10))
        x = x + sigma * RNG.standard_normal(x.shape, dtype=np.float32)
    return x


def spectrum(x: np.ndarray) -> np.ndarray:
    """One record's averaged log spectrum, as the `FFT` encoder gives it."""
    frames = sliding_window_view(x, 512, axis=-1)[:, ::256]
    frames = (frames - frames.mean(-1, keepdims=True)) * WINDOW
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(1)
    return np.asarray(np.log10(power / power.mean(-1, keepdims=True) + 1e-6))


def main() -> None:
    keep_memory()  # as the doors do; numpy has the same allocator
    data = RNG.standard_normal((BATCH, CHANNELS, SAMPLES), dtype=np.float32)
    x, length = torch.from_numpy(data), torch.full((BATCH,), SAMPLES)
    encoder = FFT(CHANNELS, SAMPLES, RATE)

    def batched() -> None:
        with torch.inference_mode():
            encoder(AUGMENT(x, length), length)

    def one_by_one() -> None:
        np.stack([spectrum(augmented(record)) for record in data])

    torch.set_num_threads(1)
    seconds = interleaved({"torch, batched": batched, "numpy, per record": one_by_one}, 60)
    what = f"augment + FFT encoder, batches of {BATCH} records ({CHANNELS}, {SAMPLES}) float32"
    keep("augment_fft", seconds, BATCH, "numpy, per record", what, ">= 1.7")


if __name__ == "__main__":
    main()
