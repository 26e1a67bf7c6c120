"""`dataset.station=glob(*)`: the stations that are found, for Hydra globs group choices alone.

Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from tremor.config.overrides import globbed, is_sweep, key_of, sweep
from tremor.data.sources.station_files import found
from tremor.errors import Refused

KEY = "dataset.station"
FILES = "tremor.data.sources.stations.Stations"
WORLDS = "tremor.data.sources.synthetic.SyntheticRecords"
DECIDING = ("dataset", "experiment", "dataset.source", "dataset.data_dir")
"""Keys and groups that decide where stations are looked for."""


def expanded(
    overrides: Sequence[str], loosened: Sequence[str], root: Path, sweeping: bool
) -> list[str]:
    """The loosened overrides, with a glob of stations as the choices that it stands for."""
    asked = [text for text in overrides if globbed(text, KEY)]
    if not asked:
        return list(loosened)
    if not sweeping:
        said = f"{asked[0]} stands for one run at each station: that is a sweep"
        raise Refused(said, "the command line", f"put -m before it, or {KEY}=NAME")
    names = _stations(overrides, loosened, root)
    return [_chosen(text, names) for text in loosened]


def _chosen(text: str, names: Sequence[str]) -> str:
    """One override, with its glob as a list of choices."""
    pattern = globbed(text, KEY)
    if pattern is None:
        return text
    chosen: list[str] = pattern.filter(list(names))
    if not chosen:
        said = f"no station fits {text.lstrip('+')}; there are {', '.join(names)}"
        raise Refused(said, KEY, f"{KEY}=glob(*) takes all")
    return sweep(text, chosen)


def _stations(overrides: Sequence[str], loosened: Sequence[str], root: Path) -> list[str]:
    """The stations in the folder of data that the other overrides name."""
    both = list(zip(overrides, loosened, strict=True))
    several = [typed for typed, text in both if is_sweep(text) and key_of(text) in DECIDING]
    if several:
        said = f"{', '.join(several)}: a glob of stations needs one folder to look in"
        raise Refused(said, KEY, "one sweep for each")
    with initialize_config_dir(str(root.parent), version_base="1.3"):
        config = compose(root.stem, overrides=[text for text in loosened if not is_sweep(text)])
    source = OmegaConf.select(config, "dataset.records._target_")
    if source != FILES:
        raise _elsewhere(source, config)
    return list(dict.fromkeys(one.name for one in found(str(config.dataset.data_dir), None)))


def _elsewhere(source: str | None, config: DictConfig) -> Refused:
    """Why there is no folder to find stations in."""
    if source == WORLDS and "stations" in config.dataset:
        said = "made-up stations are not found in a folder"
        remedy = "python scripts/make_synthetic.py stations data/stations, and dataset.source=files"
        return Refused(said, KEY, remedy)
    return Refused("no folder of stations here to find them in", KEY, "experiment=stations/cnn")
