"""The colours of attributions: density per Hz·s, one symmetric scale, its colour bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.report.plots_explanation_sheet import SMALL, TINY
from tremor.report.style import BLUE, INK, VERMILLION

Floats = NDArray[np.floating[Any]]

SIGNED = LinearSegmentedColormap.from_list(
    "signed",
    ["#053a66", BLUE, "#8fc0e0", "#ffffff", "#f2b48c", VERMILLION, "#6e2d00"],
    N=257,
)
"""Blue against, white nothing, vermillion for: told apart without red and green."""

FEW = 0.998
"""Share of cells that the colour scale spans where few cells stand far out."""

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def density(values: Floats, axes: Sequence[Axis]) -> Floats:
    """Attribution per unit of the axes (logit per Hz·s): the same colour at any size of cell."""
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise Refused(
            f"{bad} of {values.size} cells are not numbers",
            "an explanation to be drawn",
            "explain these records again, or leave them out",
        )
    steps = [abs(axis.step) for axis in axes if axis.step is not None and axis.unit]
    return np.asarray(values, np.float64) / float(np.prod(steps))


def unit(axes: Sequence[Axis]) -> str:
    """What a density is measured in: `logit per Hz·s`."""
    units = [axis.unit for axis in axes if axis.step is not None and axis.unit]
    return f"logit per {'·'.join(units)}" if units else "logit per cell"


@dataclass(frozen=True)
class Scale:
    """One symmetric colour scale for all panels of a figure; `clipped` where cells go beyond.

    `empty` where there is nothing but zeros.
    """

    limit: float
    clipped: bool = False
    empty: bool = False

    @classmethod
    def over(cls, images: Iterable[Floats]) -> Scale:
        """Spans all cells, or all but a few that stand far out."""
        sizes = np.concatenate([np.abs(image).ravel() for image in images])
        most, usual = float(sizes.max(initial=0.0)), float(np.quantile(sizes, FEW))
        if most == 0.0:
            return cls(1.0, empty=True)
        clipped = most > 1.3 * usual > 0.0
        return cls(usual if clipped else most, clipped)

    @property
    def norm(self) -> Normalize:
        """From value to colour; white is zero."""
        return Normalize(-self.limit, self.limit)


def colour_bar(
    figure: Figure, shown: AxesImage, where: dict[str, Any], scale: Scale, units: str
) -> Colorbar:
    """The one colour bar of a figure, in its unit, with its two directions named."""
    bar = figure.colorbar(shown, extend="both" if scale.clipped else "neither", **where)
    tens, bar.formatter = shortened(scale.limit)
    bar.locator = FixedLocator([0.0]) if scale.empty else MaxNLocator(5, symmetric=True)
    bar.update_ticks()
    bar.set_label(f"{tens}{units}", fontsize=SMALL, color=INK)
    bar.ax.tick_params(labelsize=TINY, width=0.5, length=2.2, pad=1.8, labelcolor=INK, color=INK)
    bar.outline.set(linewidth=0.5, edgecolor=INK)  # type: ignore[operator]
    beyond = 6 if scale.clipped else 2.5
    bar.ax.set_title("for", loc="left", fontsize=TINY, color=INK, pad=beyond)
    bar.ax.set_xlabel("against", loc="left", fontsize=TINY, color=INK, labelpad=beyond)
    return bar


def shortened(limit: float) -> tuple[str, FuncFormatter]:
    """For numbers up to `limit`: a power of ten for the label, and short ticks without it."""
    power = int(np.floor(np.log10(limit))) if limit > 0 else 0
    power = 0 if -2 <= power <= 2 else power
    tens = f"10{str(power).translate(SUPERSCRIPT)} " if power else ""
    factor = 10.0**power
    return tens, FuncFormatter(lambda v, _: f"{v / factor:.4g}".replace("-", "−"))
