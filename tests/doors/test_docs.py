"""Every command in README and docs runs (in a quick form)."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opened import ROOT, Door, finished, load_script, only_run
from quick_forms import NORCIA, QUICK, QUICK_MAPS, quick, quick_heart, quick_maps, quick_study

from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.write_stations import write_stations
from tremor.doors import climbing

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
    "docs/science.md": "",
    "docs/extending.md": "",
    "docs/api.md": "",
    "docs/reliability.md": "",
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
UNRUN = ("--help", "--shell-completion", "--config-dir", "trainer.devices=", "hydra/launcher=")
SWEEP = "python simple_train.py -m experiment=geomagnetic/loeo 'dataset.fold=range(0,10)'"
"""The command of `folds`, which other commands read."""
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


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small network of ECGs."""
    home = tmp_path_factory.mktemp("heart")
    words = ["simple_train.py", *quick_heart(["experiment=ecg/demo"], home)]
    return only_run(finished(home, words) / "outputs")


def tried(command: str) -> Any:
    """A command as a case; one that names an experiment and no more has its figures drawn."""
    named = re.fullmatch(r"python simple_train.py experiment=\S+", command)
    return pytest.param(command, marks=[pytest.mark.drawn] * bool(named), id=command)


@dataclass(frozen=True)
class Case:
    """A command of the pages, and what runs it."""

    command: str
    door: Door
    place: Path
    fixture: Callable[[str], Any]
    patch: pytest.MonkeyPatch

    @property
    def words(self) -> list[str]:
        """The command without `python`."""
        return shlex.split(self.command)[1:]

    def into(self, home: str) -> Path:
        """Go into the folder that a fixture has made."""
        folder: Path = self.fixture(home)
        self.patch.chdir(folder)
        return folder

    def through(self, words: list[str]) -> str:
        """What the door says, which ends well."""
        outcome = self.door(*words)
        assert outcome.code == 0, outcome.err
        return outcome.out

    def script(self, words: list[str]) -> None:
        """A file of `scripts/`, which ends well."""
        assert load_script(Path(words[0]).stem).main(words[1:]) == 0


def swept(case: Case) -> None:
    """The sweep that other commands read."""
    assert list(case.fixture("folds").glob("outputs/**/folds.json"))


def made(case: Case) -> None:
    """A small set of what a synthetic world writes."""
    kinds = {
        "norcia": "--n-pre 6 --n-visso 2 --n-post 6",
        "geomagnetic": "--n-events 2 --n-days 3 --sites 1",
        "seisbench": "--n-traces 30",
        "ecg": "--patients 2 --duration 4",
    }
    few = next((few for kind, few in kinds.items() if kind in case.words), None)
    case.script([*case.words, *(few or "--n-events 6 --duration 4").split(), "--overwrite"])


def listed(case: Case) -> None:
    case.script(case.words)


def indexed(case: Case) -> None:
    shutil.copytree(case.fixture("plain") / "outputs", case.place / "outputs")
    case.script(case.words)


def taken_up(case: Case) -> None:
    """A finished sweep, asked for what it lacks."""
    (kept,) = case.into("folds").glob("outputs/*/*/sweep.json")
    words = [re.sub(r"outputs/<.*>", str(kept.parent), word) for word in case.words]
    assert "nothing to run again" in case.through(words)


def studied(case: Case) -> None:
    run = str(case.fixture("heart"))
    case.through(quick_study([re.sub(r"outputs/(<[^>]*>/?)+", run, w) for w in case.words]))


def explained(case: Case) -> None:
    run = sorted(case.into("stations").glob("outputs/**/best.ckpt"))[0].parent.parent
    said = [re.sub(r"(outputs/)?(<[^>]*>/?)+", str(run), word) for word in case.words]
    case.through(quick_maps(said))


def by_station(case: Case) -> None:
    home, words = case.into("stations"), case.words
    words += ["--out", f"comparisons/{len(case.command)}"]
    if "maps" in words:
        words += ["--explainer", next(home.glob("outputs/**/1/explanations/*")).name]
    case.script(words)


def exported(case: Case) -> None:
    case.into("stations")
    script, place, *settings = case.words
    case.script([script, "data/other" if len(settings) > 1 else place, *settings])


def planned(case: Case) -> None:
    """A ladder: its runs are planned, and checked."""
    asked = load_script("ladder").parser().parse_intermixed_args(case.words[1:])
    overrides = quick(asked.overrides, case.place)
    assert climbing.plan(case.place, overrides, asked.seeds, asked.folds, asked.rungs)[0]


def compared(case: Case) -> None:
    home = case.into("folds" if re.search("--head|folds", case.command) else "plain")
    run = str(only_run(home / "outputs")) if "<" in case.command else ""
    case.script([re.sub(r"(outputs/)?<.*>", run, word) for word in case.words])


def judged(case: Case) -> None:
    """A command that goes on from a finished run, of the system that it is about."""
    case.through(_of_a_run(case))


def trained(case: Case) -> None:
    """A training command in its quick form; where that is long, all is built and timed."""
    if "stations/images" in case.command:
        case.into("stations")
    words = quick(_of_a_run(case), case.place)
    words = [re.sub(r"(?<=hydra.sweeper.n_trials=)\d+", "1", word) for word in words]
    rehearsed = LONG.search(case.command) and "-m" not in words  # its own tests train it
    case.through([*words, "dry_run=true"] if rehearsed else words)


def _of_a_run(case: Case) -> list[str]:
    """The words, with the folder of a run in place of `<run>`."""
    if "<" not in case.command:
        return case.words
    if NORCIA.search(case.command):
        run = str(case.fixture("pretrained"))
    else:
        kept = case.fixture("plain") / "outputs"
        run = str(only_run(shutil.copytree(kept, case.place / "outputs")))
    return [re.sub(r"(outputs/)?<.*>", run, word) for word in case.words]


WAYS: tuple[tuple[str, Callable[[Case], None]], ...] = (
    (re.escape(SWEEP) + "$", swept),
    (r"scripts/make_synthetic", made),
    (r"scripts/list", listed),
    (r"scripts/report_index", indexed),
    (r"sweep=", taken_up),
    (r"run_mode|target=AF", studied),
    (r"explain\.py", explained),
    (r"scripts/stations", by_station),
    (r"scripts/export_spectrograms", exported),
    (r"scripts/ladder\.py (?!.*--runs)", planned),
    (r"scripts/(compare|folds|ladder)", compared),
    (r"evaluate\.py|resume=", judged),
    (r"simple_train\.py", trained),
)
"""How commands are tried: the first that fits."""


@pytest.mark.slow
@pytest.mark.parametrize("command", [tried(command) for command in commands()])
def test_a_documented_command_runs(
    door: Door,
    place: Path,
    command: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way = next(way for sign, way in WAYS if re.search(sign, command))
    way(Case(command, door, place, request.getfixturevalue, monkeypatch))
