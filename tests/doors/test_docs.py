"""Every command in README and docs runs (in a quick form)."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opened import ROOT, Door, finished, load_script, only_run
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
from tremor.doors import climbing
from tremor.files import write_whole

PAGES = {
    "README.md": "",
    "docs/seismic_lstm.md": "",
    "docs/devices.md": "",
    "docs/config_tree.md": "",
    "docs/speed.md": "",
    "docs/judging.md": "",
    "docs/stations.md": "",
    "docs/explain.md": "",
    "docs/report.md": "",
    "docs/ecg.md": "",
    "docs/dashboards.md": "",
    "docs/comparing.md": "",
    "docs/geomagnetic.md": "",
    "docs/shell.md": "",
    "docs/big_data.md": "",
    "docs/scaling.md": "",
    "docs/fore_aftershock.md": "experiment=fore_aftershock/finetune_xlstm_unet "
    "model.pretrained=outputs/<run> ",
}
"""The pages, and what `…` stands for in them after `python simple_train.py`."""
COMMAND = re.compile(
    r"python (?:simple_train|evaluate|explain|scripts/make_synthetic|scripts/list|"
    r"scripts/compare|scripts/ladder|scripts/folds|scripts/stations|scripts/export_spectrograms|"
    r"scripts/report_index)\.py[^\n`|]*"
)
SHORT = re.compile(r"`… ([^`]*)`")
QUICK = ["trainer.max_epochs=1", "evaluation.draws=20", "evaluation.permutations=9"]
UNRUN = ("--help", "--shell-completion", "trainer.devices=", "hydra/launcher=")
SWEEP = "python simple_train.py -m experiment=geomagnetic/loeo 'dataset.fold=range(0,10)'"
"""The command of `folds`, which other commands read."""
NORCIA = re.compile("experiment=(contrastive|fore_aftershock)/")
LONG = re.compile("experiment=(geomagnetic|fore_aftershock|stations|ecg)/")
"""Commands whose quick form still takes long: all is built and a few steps are timed, no more."""


def commands() -> list[str]:
    found: list[str] = []
    for page, meant in PAGES.items():
        text = (ROOT / page).read_text()
        found += COMMAND.findall(text)
        found += [f"python simple_train.py {meant}{more}" for more in SHORT.findall(text)]
    kept = (c.split("  ")[0].strip() for c in found if not any(flag in c for flag in UNRUN))
    return sorted(set(kept))


def test_the_pages_have_commands() -> None:
    assert len(commands()) >= 10


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run of the default tree, which no test may change."""
    home = tmp_path_factory.mktemp("plain")
    return finished(home, ["simple_train.py", *quick([], home)])


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a finished sweep over folds."""
    home = tmp_path_factory.mktemp("folds")
    return finished(home, ["simple_train.py", *quick(shlex.split(SWEEP)[2:], home)])


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a quick contrastive pretraining."""
    home = tmp_path_factory.mktemp("pretrained")
    words = quick(["experiment=contrastive/xlstm_unet_tiny"], home)
    return only_run(finished(home, ["simple_train.py", *words]) / "outputs")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with two stations, a run at each, their explanations, and pictures."""
    home = tmp_path_factory.mktemp("stations")
    world = NorciaNetwork(n_events=40, duration=13.0, stations=("NRCA", "T1212"))
    write_stations(world, home / "data" / "stations", overwrite=True)
    small = ["model.widths=[2,4]", "model.features=4", *QUICK]
    sweep = ["simple_train.py", "-m", "experiment=stations/cnn", "dataset.station=NRCA,T1212"]
    finished(home, [*sweep, "dataset.data_dir=data/stations", *small])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        export = load_script("export_spectrograms").main
        assert export(["data/pictures", "dataset.data_dir=data/stations"]) == 0
    others = shutil.copytree(home / "data" / "pictures", home / "data" / "others")
    for path in others.glob("*.*"):
        path.unlink()
    runs = sorted(path.parent.parent for path in home.glob("outputs/**/best.ckpt"))
    maps = ["explain.py", "-m", *QUICK_MAPS, "max_per_class=2"]
    both = "checkpoint=" + ",".join(str(run.relative_to(home)) for run in runs)
    return finished(home, [*maps, both])


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


@pytest.fixture(scope="module")
def pickles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the small pickles that the pages speak of."""
    home = tmp_path_factory.mktemp("pickles")
    script = load_script("make_synthetic")
    for name in ("events.pkl", "none.pkl"):
        out = str(home / name)
        assert script.main(["waveform_pickle", out, "--n-events", "40", "--duration", "6"]) == 0
    return home


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of all commands: many have the same."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(
    tmp_path: Path, door: Door, pickles: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The files that the pages speak of, small, in the working folder."""
    monkeypatch.setenv("TREMOR_CACHE_DIR", str(cache))
    return shutil.copytree(pickles, tmp_path, dirs_exist_ok=True)


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


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small network of ECGs."""
    home = tmp_path_factory.mktemp("heart")
    words = ["simple_train.py", *quick_heart(["experiment=ecg/demo"], home)]
    return only_run(finished(home, words) / "outputs")


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


def tried(command: str) -> Any:
    """A command as a case; one that names an experiment and no more has its figures drawn."""
    named = re.fullmatch(r"python simple_train.py experiment=\S+", command)
    return pytest.param(command, marks=[pytest.mark.drawn] * bool(named), id=command)


@pytest.mark.slow
@pytest.mark.parametrize("command", [tried(command) for command in commands()])
def test_a_documented_command_runs(
    door: Door,
    place: Path,
    command: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = shlex.split(command)[1:]
    if command == SWEEP:
        assert list(request.getfixturevalue("folds").glob("outputs/**/folds.json"))
        return
    if words[0] == "scripts/make_synthetic.py":
        small = ["--n-events", "6", "--duration", "4"]
        small = ["--n-pre", "6", "--n-visso", "2", "--n-post", "6"] if "norcia" in words else small
        if "geomagnetic" in words:
            small = ["--n-events", "2", "--n-days", "3", "--sites", "1"]
        if "seisbench" in words:
            small = ["--n-traces", "30"]
        if "ecg" in words:
            small = ["--patients", "2", "--duration", "4"]
        assert load_script("make_synthetic").main([*words[1:], *small, "--overwrite"]) == 0
        return
    if words[0] == "scripts/report_index.py":
        shutil.copytree(request.getfixturevalue("plain") / "outputs", place / "outputs")
        assert load_script("report_index").main(words[1:]) == 0
        return
    if words[0] == "scripts/list.py":
        assert load_script("list").main(words[1:]) == 0
        return
    if "sweep=" in command:
        home = request.getfixturevalue("folds")
        (kept,) = home.glob("outputs/*/*/sweep.json")
        monkeypatch.chdir(home)
        outcome = door(*(re.sub(r"outputs/<.*>", str(kept.parent), word) for word in words))
        assert "nothing to run again" in outcome.out
        assert outcome.code == 0, outcome.err
        return
    if "run_mode" in command or "target=AF" in command:
        run = str(request.getfixturevalue("heart"))
        outcome = door(*quick_study([re.sub(r"outputs/(<[^>]*>/?)+", run, w) for w in words]))
        assert outcome.code == 0, outcome.err
        return
    if "stations/images" in command:
        monkeypatch.chdir(request.getfixturevalue("stations"))
    if words[0].startswith(("explain", "scripts/stations", "scripts/export")):
        home = request.getfixturevalue("stations")
        monkeypatch.chdir(home)
        if words[0] == "explain.py":
            run = sorted(home.glob("outputs/**/best.ckpt"))[0].parent.parent
            said = [re.sub(r"outputs/(<[^>]*>/?)+", str(run), word) for word in words]
            outcome = door(*quick_maps(said))
            assert outcome.code == 0, outcome.err
            return
        if len(words) > 3 and "export" in words[0]:
            words[1] = "data/other"
        if "scripts/stations.py" in words:
            words += ["--out", f"comparisons/{len(command)}"]
        if "maps" in words:
            common = next(home.glob("outputs/**/1/explanations/*")).name
            words += ["--explainer", common]
        assert load_script(Path(words[0]).stem).main(words[1:]) == 0
        return
    if "<" in command:
        if NORCIA.search(command):
            run = str(request.getfixturevalue("pretrained"))
        else:
            kept = request.getfixturevalue("plain") / "outputs"
            run = str(only_run(shutil.copytree(kept, place / "outputs")))
        words = [re.sub(r"(outputs/)?<.*>", run, word) for word in words]
    if words[0] == "scripts/ladder.py" and "--runs" not in words:
        asked = load_script("ladder").parser().parse_intermixed_args(words[1:])
        assert climbing.plan(
            place, quick(asked.overrides, place), asked.seeds, asked.folds, asked.rungs
        )[0]
        return
    if words[0] in ("scripts/compare.py", "scripts/folds.py", "scripts/ladder.py"):
        swept = "folds" if re.search("--head|folds", command) else "plain"
        home = request.getfixturevalue(swept)
        monkeypatch.chdir(home)
        words = [str(only_run(home / "outputs")) if Path(w).is_absolute() else w for w in words]
        assert load_script(Path(words[0]).stem).main(words[1:]) == 0
        return
    if "hydra/sweeper=optuna" in words:
        words = [re.sub(r"n_trials=\d+", "n_trials=1", word) for word in words]
    if words[0] == "simple_train.py" and not any("resume=" in w for w in words):
        words = quick(words, place)
        if LONG.search(command) and "-m" not in words:  # its system's own tests train it
            words = [*words, "dry_run=true"]
    outcome = door(*words)
    assert outcome.code == 0, outcome.err
