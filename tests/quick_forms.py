"""Commands of the pages with less of everything: fewer records and epochs, smaller networks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from seisbench_folders import seisbench_folder

from tremor.data.images.png import encoded
from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.heart import HeartWorld
from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.traces import TraceWorld
from tremor.data.synthetic.write_geomagnetic import write_geomagnetic
from tremor.data.synthetic.write_heart import write_heart
from tremor.data.synthetic.write_norcia import write_norcia
from tremor.data.synthetic.write_seisbench import write_seisbench
from tremor.data.synthetic.write_stations import write_stations
from tremor.files import write_whole

QUICK = ["trainer.max_epochs=1", "evaluation.draws=20", "evaluation.permutations=9"]
NORCIA = re.compile("experiment=(contrastive|fore_aftershock)/")


QUICK_MAPS = ["explainer=gradcam", "audit=false", "figures=false"]


def quick_maps(words: list[str]) -> list[str]:
    """An explaining command with less of everything."""
    few = {"max_per_class": "1", "audit": "false", "figures": "false"}
    words = [word for word in words if word.partition("=")[0] not in few]
    words += [f"{key}={value}" for key, value in few.items()]
    said = " ".join(words)
    if "budget=" not in said and ("explainer=" not in said or "leverage" in said):
        words.append("explainer.budget=130")
    return [w.replace("600s", "1s").replace("rel_se=0.1", "rel_se=0.9") for w in words]


def quick(words: list[str], place: Path) -> list[str]:
    """A training command with less of everything, on files that are there."""
    words = [re.sub(r"^(seed=\d+)(,\d+)+$", r"\1", word) for word in words]
    said = " ".join(words)
    if "experiment=geomagnetic" in said:
        return quick_field(words, place)
    if "experiment=ecg" in said:
        return quick_heart(words, place)
    if "experiment=stations/images" in said:
        more = [*QUICK, "model.widths=[2,4]", "model.features=4"]
    elif "model=timm" in said:
        more = [*QUICK, "dataset.n_events=24", "dataset.stations=[NRCA]"]
    elif "experiment=stations" in said:
        more = [*QUICK, "dataset.n_events=40", "model.widths=[2,4]", "model.features=4"]
        if "data_dir" in said:
            world = NorciaNetwork(n_events=40, duration=13.0)
            write_stations(world, place / "data" / "stations", overwrite=True)
    elif not NORCIA.search(said):
        extra = [] if "experiment=seismic_lstm" in said else ["dataset.n_events=40"]
        more = [*extra, *QUICK, "model.hidden_size=4"]
    else:
        more = [*QUICK, "encoder.d_model=8", "encoder.width=8", "model.d_model=8"]
        more += ["model.pool=[4]", "model.n_layers=1", "trainer.accelerator=cpu"]
        more += norcia_files(words, place)
        if "model.pretrained" in said:
            more += ["encoder=conv_patch_tiny", "model=xlstm_unet_tiny"]
    if "unfreeze_at_epoch=5" in said:
        more = ["trainer.max_epochs=6" if "max_epochs" in word else word for word in more]
    return [*words, *(word for word in more if f"{word.split('=')[0]}=" not in said)]


def quick_field(words: list[str], place: Path) -> list[str]:
    """A command of the geomagnetic system, on a small world or the files that are there."""
    few = {"dataset.fold=range(0,10)", "dataset.fold=range(0,4)"}
    more = [*QUICK, "dataset.n_folds=2"] if few & set(words) else [*QUICK]
    days = 365 if "experiment=geomagnetic/loso" in words else 120  # its embargo takes many away
    more += ["dataset.n_events=30", f"dataset.n_days={days}", "dataset.sites=2"]
    more += ["dataset.sampling_rate=0.25", "encoder.nperseg=128"]
    more += ["trainer.accelerator=cpu", "model.name=test_convnext", "model.resize=[32,32]"]
    if "experiment=geomagnetic/leaky_split" in words:
        more = more[:-2]
    if "dataset=image_table" in words:
        listed_pictures(place / "data" / "spectrograms")
        more = [*QUICK, *more[-3:], "dataset.height=32", "dataset.n_folds=3"]
    if "dataset.source=files" in words:
        world = GeomagneticWorld(n_events=9, n_days=30, sites=1)
        write_geomagnetic(world, place / "data" / "geomagnetic")
        more = [*QUICK, *more[-3:], "dataset.quiet_days_away=1.0", "dataset.purge_hours=6"]
        more.append("dataset.n_folds=3")
    words = ["dataset.fold=range(0,2)" if word in few else word for word in words]
    return [*words, *(word for word in more if f"{word.split('=')[0]}=" not in " ".join(words))]


SMALL_HEART = {"duration": 4.0, "sampling_rate": 100.0, "maxlen": 400, "longer": 0.0}
TWO = [*(f"~dataset.classes.{name}" for name in ("IAVB", "RBBB", "LBBB")), "dataset.num_classes=2"]


def quick_heart(words: list[str], place: Path) -> list[str]:
    """A command of the ECG system, on a few short records of two classes."""
    more = [*QUICK, "dataset.sampling_rate=100", "dataset.maxlen=400", "report.fan.points=20"]
    more += ["trainer.accelerator=cpu"]
    if "experiment=ecg/xlstm" in words:
        more += ["encoder.d_model=8", "encoder.width=8", "model.d_model=8", "model.n_layers=1"]
        more += ["model.pool=[4]"]
    else:
        more += ["model.widths=[4,4,4]"]
    if any("data_dir" in word for word in words):
        write_heart(HeartWorld(patients=24, **SMALL_HEART), place / "data" / "ecg")
        more += ["dataset.min_seconds=2"]
    else:
        more += ["dataset.patients=24", "dataset.records.world.duration=4", *TWO]
    return [*words, *(word for word in more if f"{word.split('=')[0]}=" not in " ".join(words))]


def quick_study(words: list[str]) -> list[str]:
    """A command that explains ECGs, with less of everything."""
    if any("run_mode" in word for word in words):
        few = ["run_mode.k_per_class=1", "run_mode.min_prob=0.0", "split=all"]
        return [*words, *few, "explainer.budget=400"]
    return quick_maps(words)


def listed_pictures(root: Path) -> None:
    """A table of pictures: six earthquakes of each class, and as many quiet hours."""
    rows = []
    for number, kind in enumerate(("Normal", "Moderate", "Medium", "Large") * 6):
        facing = "Normal" if kind == "Normal" else ("N", "S")[number // 4 % 2]
        row = {"station": "SBG", "date": f"2018-{number // 2 % 12 + 1:02d}-{number + 1:02d}"}
        row |= {"hour": 5, "magnitude_class": kind, "azimuth_class": facing}
        rows.append(row | {"filename": f"{number}.png", "event_id": f"ev{number}"})
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)
        write_whole(root / f"{number}.png", encoded(pixels))
    write_whole(root / "metadata.csv", pd.DataFrame(rows).to_csv(index=False))


def norcia_files(words: list[str], place: Path) -> list[str]:
    """Small data for a command of the Norcia system."""
    said = " ".join(words)
    if "data/many" in said:
        write_seisbench(TraceWorld(n_traces=60, stations=2), place / "data" / "many")
        return ["dataset.test_ratio=0.2", "task.negatives=10", "dataset.batch_size=16"]
    if "dataset.paths" in said:
        for name in ("ETHZ", "STEAD"):
            seisbench_folder(
                place / name, np.random.default_rng(len(name)).normal(size=(20, 3, 900))
            )
        words[:] = [w.replace("/data/", f"{place}/") for w in words]
        return ["dataset.duration=8", "dataset.test_ratio=0.2", "task.negatives=10"]
    if "experiment=contrastive" in said:
        sizes = {"duration": 25, "n_pre": 10, "n_visso": 4, "n_post": 10}
        world = [f"dataset.records.world.{key}={value}" for key, value in sizes.items()]
        return [*world, "task.negatives=10", "dataset.batch_size=8"]
    sizes = {"n_pre": 80, "n_visso": 20, "n_post": 80}
    if any(word.startswith("experiment=") and word.endswith("_tiny") for word in words):
        return [f"dataset.{key}={value}" for key, value in sizes.items()]
    write_norcia(NorciaSequence(**sizes), place / "data", "pickle")
    return []
