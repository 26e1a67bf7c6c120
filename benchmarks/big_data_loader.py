"""How long training waits for records, and how fast they are read, from a SeisBench folder.

`big_data_loader.py FOLDER SCRATCH [ROUNDS]`: the folder's record set is made in SCRATCH first, if
it is not there. Waiting is all between the end of a batch and the next one's start, in Lightning's
loop, interleaved over models and workers. Reading compares our loader with SeisBench's own reader
where that package is importable; else with what its documentation describes, written out below: the
metadata row by `iloc`, the bucket by the name's part before `$`, the slices after it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side import RESULTS, interleaved, machine

import h5py  # isort: skip
import lightning  # isort: skip
import numpy as np  # isort: skip
import pandas as pd  # isort: skip
import torch  # isort: skip
from hydra import compose, initialize_config_dir  # isort: skip
from lightning.pytorch.callbacks import Callback  # isort: skip
from omegaconf import OmegaConf  # isort: skip

from tremor.data.batch import Batch
from tremor.data.cache import open_records
from tremor.data.module import DataModule
from tremor.data.records import RecordSet
from tremor.data.sources.seisbench import SeisBench
from tremor.data.sources.seisbench_files import chunks
from tremor.data.splits import random
from tremor.training.assemble import Facts, assemble

ROOT = Path(__file__).parents[1]
BATCH, STEPS, READ = 64, 15, 20
SPLIT: dict[str, Any] = {"train_frac": None, "val_ratio": 0.05, "test_ratio": 0.05, "seed": 0}
SPLIT |= {"fold": None, "n_folds": 5, "purge_hours": 0.0}
MODEL = ["experiment=contrastive/xlstm_unet_tiny", "dataset=seisbench", "dataset.paths=[x]"]


class Waiting(Callback):
    """Seconds from the end of a batch to the start of the next, and in all, after the first."""

    def __init__(self) -> None:
        self.waited, self.ended, self.began = 0.0, 0.0, 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        if self.ended:
            self.waited += time.perf_counter() - self.ended

    def on_train_batch_end(self, *_: Any) -> None:
        self.ended = time.perf_counter()
        self.began = self.began or self.ended

    @property
    def share(self) -> float:
        return self.waited / (self.ended - self.began)


class Trivial(lightning.LightningModule):
    """The mean of the samples, times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        return self.weight * batch.x.mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 1e-6)


def tiny(records: RecordSet) -> lightning.LightningModule:
    """The contrastive tiny xlstm U-Net, as its experiment builds it."""
    with initialize_config_dir(str(ROOT / "configs"), version_base=None):
        tree = compose("train", MODEL)
    config: Any = OmegaConf.to_container(tree, resolve=True)
    return assemble(config, Facts(len(records.channels), 400, 100.0, ("unlabelled",)))


def waiting(records: RecordSet, parts: pd.Series, rounds: int) -> dict[str, list[float]]:
    """The share of time that is waited, of each model and number of workers, round by round."""
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        for workers in (0, 2):
            models = {"contrastive tiny xlstm U-Net": tiny(records), "trivial": Trivial()}
            for name, model in models.items():
                settings: Any = {"batch_size": BATCH, "num_workers": workers, "drop_last": True}
                module = DataModule(records, parts, align="pad", seed=number, **settings)
                watch = Waiting()
                steps = STEPS if name != "trivial" else 10 * STEPS
                quiet: Any = dict.fromkeys(("enable_progress_bar", "logger"), False)
                quiet |= dict.fromkeys(("enable_model_summary", "enable_checkpointing"), False)
                limits = {"limit_train_batches": steps, "limit_val_batches": 0, "max_epochs": 1}
                trainer = lightning.Trainer(accelerator="cpu", callbacks=[watch], **limits, **quiet)
                trainer.fit(model, module)
                found.setdefault(f"{name}, {workers} workers", []).append(watch.share)
                print(name, workers, round(watch.share, 4), f"load {os.getloadavg()[0]:.0f}")
    return found


class AsDocumented:
    """Traces by their number, as SeisBench's documentation says that its format is read."""

    def __init__(self, folder: Path):
        pairs = chunks(folder)
        tables = [pd.read_csv(pair.metadata) for pair in pairs]
        files = [h5py.File(pair.waveforms, "r") for pair in pairs]
        self.metadata = pd.concat(tables, ignore_index=True)
        self.file = [f for f, table in zip(files, tables, strict=True) for _ in range(len(table))]

    def get_waveforms(self, number: int) -> np.ndarray:
        name = self.metadata.iloc[number]["trace_name"]
        bucket, _, place = name.partition("$")
        index = tuple(_place(part) for part in place.split(","))
        return np.asarray(self.file[number]["data"][bucket][index])


def _place(text: str) -> int | slice:
    """`7` or `:512` as what an axis is indexed with."""
    numbers = [int(part) if part else None for part in text.split(":")]
    return slice(*numbers) if ":" in text else int(text)


def reader(folder: Path) -> tuple[str, Any]:
    """SeisBench's own reader where it is installed, else its documented behaviour."""
    if importlib.util.find_spec("seisbench"):
        package = importlib.import_module("seisbench.data")
        return "SeisBench", package.WaveformDataset(folder, cache=None)
    return "documented SeisBench reading (package not installed)", AsDocumented(folder)


def reading(
    folder: Path, records: RecordSet, parts: pd.Series, rounds: int
) -> dict[str, list[float]]:
    """Seconds of the same number of traces in random order, at the same places of the folder."""
    name, theirs = reader(folder)
    rng = np.random.default_rng(0)
    part = DataModule(records, parts, batch_size=BATCH).part("train")

    def ours() -> None:
        module = DataModule(records, parts, batch_size=BATCH, seed=int(rng.integers(2**31)))
        sum(len(batch) for batch in islice(module.train_dataloader(), READ))

    def one_by_one() -> None:
        rows = rng.choice(part.positions, READ * BATCH)
        for batch in np.split(rows, READ):
            np.stack([theirs.get_waveforms(int(row)) for row in batch])

    return interleaved({"tremor's loader": ours, name: one_by_one}, rounds)


def main(folder: Path, scratch: str, rounds: int = 3) -> None:
    paths: Any = [str(folder)]  # a list, as the tree has it: the same cache
    source = SeisBench(paths, duration=4.0)
    records, _ = open_records(source, f"{scratch}/cache")
    parts = random(records.table, **SPLIT)
    shares = waiting(records, parts, rounds)
    seconds = reading(folder, records, parts, 3 * rounds)
    rates = {name: READ * BATCH / median(values) for name, values in seconds.items()}
    result = {
        "what": f"{len(records)} traces (3, 512), windows (3, 400), batches of {BATCH}",
        "share_of_time_waiting": {k: round(median(v), 4) for k, v in shares.items()},
        "every_share": {k: [round(share, 4) for share in v] for k, v in shares.items()},
        "traces_per_s": {name: round(rate) for name, rate in rates.items()},
        "seconds": {name: [round(v, 4) for v in values] for name, values in seconds.items()},
        "load": os.getloadavg(),
        "machine": machine(),
    }
    (RESULTS / "big_data").mkdir(parents=True, exist_ok=True)
    name = f"loader_{len(records)}.json"
    (RESULTS / "big_data" / name).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
