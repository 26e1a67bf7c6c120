"""Lines that name an earthquake or a quiet day and say nothing of its class.

They stand for whatever the windows of one earthquake share in real data by accident. A model that
learns them by heart recognises windows of earthquakes that it was trained on, and no others: the
validation that mixes windows of one earthquake is flattered by them, the one that does not is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tremor.data.synthetic.geomagnetic_noise import PC3, StationNoise
from tremor.data.synthetic.geomagnetic_sites import Floats, Site

LINES = 6
WIDTH = 0.004  # Hz: a line of size 1 holds the power of the station's noise in so much


@dataclass(frozen=True)
class Fingerprints:
    """A pattern of lines for each UTC day of an earthquake, and of a station without one.

    An earthquake's is the same at all stations and hours. Both kinds change at midnight, so that a
    change says nothing either. `events` has for each station's number its earthquakes and their
    times (s), `(event, 2)`; an earthquake's lines are there for `before` seconds until its time.
    """

    noise: StationNoise
    events: Mapping[int, Floats]
    before: float

    def field(self, site: Site, day: int, t: Floats) -> Floats:
        """The lines of strength 1 at a station (nT), `(H D Z, time)`, on one day."""
        made = self._hum(site, day, t, (40, site.number, day))
        for event, time in self.events[site.number]:
            inside = np.flatnonzero((t >= time - self.before) & (t < time))
            if len(inside):
                made[:, inside] = self._hum(site, day, t[inside], (41, int(event), day))
        return made

    def _hum(self, site: Site, day: int, t: Floats, key: tuple[int, ...]) -> Floats:
        pattern = lines(np.random.default_rng((self.noise.seed, *key)))
        phases = np.random.default_rng((self.noise.seed, 42, site.number, day))
        noise = self.noise.power(site, pattern[:, 0])
        phase = phases.uniform(0, 2 * np.pi, len(pattern))
        waves = np.cos(2 * np.pi * pattern[:, :1] * t + phase[:, None])
        return np.asarray((pattern[:, 1:].T * np.sqrt(2 * noise * WIDTH)) @ waves)


def lines(rng: np.random.Generator) -> Floats:
    """Frequencies (Hz) and sizes on H, D and Z, `(line, 4)`, from one distribution for all."""
    return np.column_stack([rng.uniform(*PC3, LINES), rng.uniform(0.5, 1.5, (LINES, 3))])
