"""The waveforms of a synthetic station: earthquakes of its catalogue, and the station's noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.fft import irfft

from tremor.data.synthetic import source_model as model
from tremor.data.synthetic.source_model import Floats
from tremor.data.synthetic.station_catalogue import StationCatalogue

Signal = NDArray[np.float32]
Index = NDArray[np.int64]
BANDS = (0.75, 1.5, 3.0, 6.0, 12.0, 24.0, 48.0)  # Hz, centres of octaves
P_BAND = 8.0  # Hz, at which the coda of P decays
P_SHARE = np.array([0.30, 0.12, 0.12], np.float32)  # amplitude of P on Z, N, E, relative to S
S_SHARE = np.array([0.55, 1.00, 1.00], np.float32)
COUNTS = 4e8  # counts per m/s
NUMBERS = ("magnitude", "corner_hz", "coda_q", "distance_km", "p_time_s", "s_time_s")
STEP = 32  # records made at once: few enough to stay in the processor's cache


@dataclass(frozen=True)
class StationWorld(StationCatalogue):
    """What is heard of a catalogue: earthquakes and noise, and where the class shows in them."""

    def waveforms(self, rows: Index | slice) -> Signal:
        """Windows of the catalogue in counts, `(record, channel, time)`: the same in any order."""
        wanted = np.arange(len(self._table))[rows]
        made = np.empty((len(wanted), len(self.channels), self.samples), np.float32)
        for start in range(0, len(wanted), STEP):
            made[start : start + STEP] = self._made(wanted[start : start + STEP])
        return made

    def _made(self, wanted: Index) -> Signal:
        """A few records at once: the earthquakes, and the station's noise."""
        drawn = [self._drawn(int(number)) for number in wanted]
        noise = np.stack([noise for _, noise in drawn])
        phases = np.stack([phase for phase, _ in drawn])
        if self.windows > 1:
            phases *= self._moved(wanted)
        return np.asarray(self._earthquakes(self._table.iloc[wanted], phases) + noise, np.float32)

    def _moved(self, wanted: Index) -> NDArray[np.complex64]:
        """Factors that start a window where it starts, seen from its event's first window."""
        arrival = self._table["p_time_s"].to_numpy(np.float64)
        later = arrival[wanted - wanted % self.windows] - arrival[wanted]
        turn = np.exp(2j * np.pi * self._frequency() * later[:, None])
        return np.asarray(turn[:, None, None], np.complex64)

    def _drawn(self, number: int) -> tuple[NDArray[np.complex64], Signal]:
        """All random numbers of a record: white spectra of P and S, and the station's noise.

        Windows of one event share its earthquake; each has noise of its own.
        """
        event, window = divmod(number, self.windows)
        rng = self._rng(1, event)
        quake, noise = np.split(self._white(rng, 3), [2])
        if window:
            rng = self._rng(3, number)
            noise = self._white(rng, 1)
        level = np.float32(10 ** rng.normal(0, 0.15) * np.sqrt(self.samples / 2))
        return quake, irfft(noise[0] * self._colour * level, self.samples)

    def _rng(self, kind: int, number: int) -> np.random.Generator:
        """What decides the noise-like part of a record or event."""
        return np.random.default_rng((self.seed, kind, number))

    def _white(self, rng: np.random.Generator, count: int) -> NDArray[np.complex64]:
        """White spectra, `(count, channel, frequency)`."""
        shape = (count, len(self.channels), self.samples // 2 + 1, 2)
        return rng.standard_normal(shape, dtype=np.float32).view(np.complex64)[..., 0]

    @cached_property
    def _colour(self) -> Floats:
        return self.noise_level * noise_colour(self._frequency()).astype(np.float32)

    def _frequency(self) -> Floats:
        return np.fft.rfftfreq(self.samples, 1 / self.sampling_rate)

    def _earthquakes(self, table: pd.DataFrame, phases: NDArray[np.complex64]) -> Signal:
        """P, and S with its coda octave by octave, as each decays in its own time."""
        f = self._frequency()
        column = {name: table[name].to_numpy(np.float64) for name in NUMBERS}
        p, s = (self._amplitude(f, column, speed) for speed in (model.P_SPEED, model.S_SPEED))
        total = self._phase(phases[:, 0], p, P_BAND, column, "p_time_s") * P_SHARE[:, None]
        for centre, mask in zip(BANDS, octaves(f), strict=True):
            total += (
                self._phase(phases[:, 1], s * mask, centre, column, "s_time_s") * S_SHARE[:, None]
            )
        return total

    def _phase(
        self,
        white: NDArray[np.complex64],
        spectrum: Floats,
        hertz: float,
        column: dict[str, Floats],
        arrival: str,
    ) -> Signal:
        """Noise of a spectrum under the envelope of a phase, `(record, channel, time)`."""
        time, when, coda_q = (
            a.astype(np.float32)
            for a in (
                np.arange(self.samples) / self.sampling_rate,
                column[arrival],
                column["coda_q"],
            )
        )
        envelope = model.coda(time, when, hertz, coda_q)
        shaped = white * spectrum.astype(np.float32)[:, None]
        wave: Signal = irfft(shaped, self.samples, overwrite_x=True)
        wave *= envelope[:, None]
        return wave

    def _amplitude(self, f: Floats, column: dict[str, Floats], speed: float) -> Floats:
        """Spectrum of a phase in the units of `irfft`: counts times root of samples."""
        travel = column["distance_km"] / speed
        shape = model.spectrum(
            f, column["magnitude"], column["corner_hz"], travel, column["distance_km"]
        )
        return np.asarray(COUNTS * shape * self.sampling_rate)

    def evidence(self, row: pd.Series, times: Floats, frequencies: Floats) -> Floats:
        """Where the class shows in a record: the expected change of log10 power between classes.

        `(channel, frequency, time)` for times (s) from the window's start and frequencies (Hz);
        what lies under the station's noise counts for nothing. Zero everywhere at effect size 0.
        """
        column: dict[str, Floats] = {n: np.array([row[n]], dtype=np.float64) for n in NUMBERS}
        log_stress, log_coda = self._mirrored(row)
        other: dict[str, Floats] = column | {
            "corner_hz": model.corner(column["magnitude"], 10**log_stress),
            "coda_q": np.exp(np.array([log_coda])),
        }
        noise = (self.noise_level * noise_colour(frequencies)) ** 2 * self.samples / 2
        own, counter = (
            self._power(c, times, frequencies) + noise[:, None] for c in (column, other)
        )
        return np.asarray(np.abs(np.log10(own) - np.log10(counter)))

    def _power(self, column: dict[str, Floats], times: Floats, f: Floats) -> Floats:
        """Expected power of P and S, `(channel, frequency, time)`."""
        power = np.zeros((3, len(f), len(times)))
        for speed, share, arrival, bands, masks in (
            (model.P_SPEED, P_SHARE, "p_time_s", (P_BAND,), [np.ones_like(f)]),
            (model.S_SPEED, S_SHARE, "s_time_s", BANDS, octaves(f)),
        ):
            amplitude = self._amplitude(f, column, speed)[0]
            decay = [model.coda(times, column[arrival], h, column["coda_q"])[0] for h in bands]
            envelope = np.stack(masks).T @ np.stack(decay)
            power += (share[:, None, None] * amplitude[:, None] * envelope) ** 2
        return power


def noise_colour(f: Floats) -> Floats:
    """Amplitude of station noise by frequency (Hz): microseism around 0.25 Hz, 1/f, a floor."""
    microseism = 6.0 * np.exp(-0.5 * (np.log(np.maximum(f, 1e-3) / 0.25) / 0.5) ** 2)
    return np.asarray(microseism + 0.6 / np.sqrt(np.maximum(f, 0.05)) + 0.15)


def octaves(f: Floats) -> list[Floats]:
    """Weights of the octave bands at each frequency (Hz); everywhere they add up to 1."""
    place = np.log2(np.maximum(f, 1e-3) / BANDS[0])
    place = place.clip(0, len(BANDS) - 1)
    return [np.maximum(0.0, 1 - np.abs(place - number)) for number in range(len(BANDS))]
