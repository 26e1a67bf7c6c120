"""What a user types and writes: command lines, config files; nothing is trained."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from random import Random

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from fuzz.mutate import mutated
from fuzz.reader import Files, Reader
from tremor.config import catalogue
from tremor.doors.checking import CONFIGS, checked
from tremor.doors.help import asked_for_help, help_text
from tremor.doors.misspelt import spelt
from tremor.doors.shell import prepared, translated
from tremor.errors import REFUSED

LINES = {
    "train": (
        "experiment=quickstart model=lstm optimizer.lr=1e-3 trainer.max_epochs=2",
        "-m seed=1,2 model=lstm,lstm_attention 'dataset.train_frac=choice(0.1,0.2)'",
        "-m dataset.station=glob(*) experiment=stations/cnn seed=range(0,3)",
        "model.pretrained=outputs/a/b ~callbacks.progress +x=1 ++y=2 hydra.job.num=1",
        "dataset.channels=[Z,N] 'experiment_name=\"a b\"' dataset.n_events=interval(1,4)",
        "--help optimizer.lr",
        "--cfg job model=lstm",
        "dry_run=true --info defaults",
    ),
    "evaluate": ("checkpoint=outputs/a split=val evaluation.draws=20 dataset.paths=[a.pkl]",),
    "explain": (
        "checkpoint=outputs/a explainer=owen target=contrast(1,0) budget=rel_se=0.1",
        "checkpoint=a explainer=lime records=[a,b] select=random audit=false figures=[map]",
    ),
}
FILE = "experiment/mine.yaml"
YAML = b"""# @package _global_
defaults:
  - /experiment/quickstart
  - override /model: lstm
experiment_name: ${oc.env:USER,me}
seed: 3
dataset:
  batch_size: 8
  train_frac: 0.5
model:
  hidden_size: 16
optimizer:
  lr: 1e-3
  weight_decay: 0.1
trainer:
  max_epochs: 2
callbacks:
  progress: null
"""


@cache
def _lines() -> dict[str, Files]:
    return {
        f"{door}{number}": {f"{door}.txt": line.encode()}
        for door, lines in LINES.items()
        for number, line in enumerate(lines)
    }


@cache
def _known() -> list[str]:
    return [*catalogue.keys(CONFIGS / "train.yaml", {})]


def _other_words(name: str, data: bytes, rng: Random) -> bytes:
    """A command line with other words in it, or other letters in its words."""
    if rng.random() < 0.5:
        return mutated(data, rng)
    words = data.decode(errors="replace").split()
    more = (
        "=",
        "",
        "-m",
        "x",
        "model=",
        "model=lsmt",
        "=1",
        "a=b=c",
        "[a",
        "a=[1,",
        "--hepl",
        "a=${b}",
    )
    key = rng.choice(_known())
    value = rng.choice(
        ("1", "-1", "null", "nan", "[]", "{a:1}", "'x'", "${seed}", "a,b", "glob(*)")
    )
    word = rng.choice((rng.choice(more), f"{key}={value}", key, f"--{key}", f"{key[1:]}={value}"))
    words.insert(rng.randrange(len(words) + 1), word)
    return " ".join(words).encode()


def _words(data: bytes) -> list[str]:
    text = data.decode(errors="surrogateescape").replace("\0", "")
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _read_line(folder: Path) -> object:
    """As a door does with its words, before Hydra composes anything that is not asked for."""
    (path,) = folder.iterdir()
    root, words = CONFIGS / f"{path.stem}.yaml", _words(path.read_bytes())
    GlobalHydra.instance().clear()
    try:
        if asked_for_help(words):
            return help_text(words, root)
        return prepared(spelt(words, root), root)
    except Exception as error:
        told = translated(error)
        if told.code != REFUSED:
            raise
        raise told from error


def _read_yaml(folder: Path) -> object:
    """A user's own experiment, composed and checked as `--config-dir` brings it."""
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            place = f"hydra.searchpath=[file://{folder}]"
            return checked(compose("train", overrides=[place, "experiment=mine"]))
    except Exception as error:
        told = translated(error)
        if told.code != REFUSED:
            raise
        raise told from error


READERS = [
    Reader("command_line", _lines, _read_line, share=1.8, change=_other_words),
    Reader("config_yaml", lambda: {"experiment": {FILE: YAML}}, _read_yaml, share=0.25),
]
