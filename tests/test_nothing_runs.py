"""Data that try to run something, to reach out of their folder, or to steer the terminal.

Each case is read as a door reads it, under the guard of the fuzzers: it hears of every program that
is started, every connection, every name that is looked up for a pickle, every file that is written.
"""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras_models
import numpy as np
import onnx
import onnx_models
import pytest
import torch
from evaluation.test_compare import answers, fabricate
from fuzz.guard import guarded
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pages import Page
from report.study_folders import study_of
from report.test_explanations import put
from report.test_page import fill
from rich.table import Table
from seisbench_folders import seisbench_folder

from tremor.data.cache import open_records
from tremor.data.ecg.npy import read_npy, read_npz
from tremor.data.sources.norcia_hdf5 import hdf5_traces
from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.sources.seisbench import SeisBench
from tremor.doors.checking import CONFIGS, checked, retuned
from tremor.doors.echo import Shown
from tremor.doors.shell import translated
from tremor.errors import REFUSED, Refused, TremorError, visible
from tremor.evaluation.runs import Run
from tremor.explain.explanations import Explanations
from tremor.files import safe, write_whole
from tremor.report.listing import found
from tremor.report.page import write_page
from tremor.training import checkpoints
from tremor.training.keras_config import described
from tremor.training.keras_file import read_keras
from tremor.training.keras_network import recognise
from tremor.training.onnx_file import read_onnx

TAGS = (
    "!!python/object/apply:os.system ['touch ran']",
    "!!python/object/new:os.system ['touch ran']",
    "!!python/name:os.system",
    "!!python/module:os",
)
SECRET = "of nobody's concern"


class Evil:
    """Would run a program if it were unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch ran",)


def of_pickle(folder: Path) -> Any:
    (folder / "x.pkl").write_bytes(pickle.dumps(([Evil()], ["a"])))
    return lambda: read_pickle(folder / "x.pkl")


def of_npy(folder: Path) -> Any:
    np.save(folder / "x.npy", np.array([Evil()], object), allow_pickle=True)
    return lambda: read_npy(folder / "x.npy")


def of_npz(folder: Path) -> Any:
    np.savez(folder / "x.npz", data=np.array([Evil()], object))
    return lambda: read_npz(folder / "x.npz")


def of_checkpoint(folder: Path) -> Any:
    torch.save({"state_dict": {}, "tremor": Evil()}, folder / "x.ckpt")
    return lambda: checkpoints.load(folder / "x.ckpt")


def of_old_checkpoint(folder: Path) -> Any:
    torch.save({"tremor": Evil()}, folder / "x.ckpt", _use_new_zipfile_serialization=False)
    return lambda: checkpoints.load(folder / "x.ckpt")


def of_bare_checkpoint(folder: Path) -> Any:
    (folder / "x.ckpt").write_bytes(pickle.dumps(Evil()))
    return lambda: checkpoints.load(folder / "x.ckpt")


def of_keras(folder: Path) -> Any:
    """A layer of Python code, which Keras would run."""
    model = keras_models.cnn()
    model.add("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA="}})
    keras_models.write_keras(model, folder / "x.keras")
    file = read_keras(folder / "x.keras")
    return lambda: described(file, recognise(file))


def of_onnx(folder: Path) -> Any:
    """Weights that lie in a file elsewhere."""
    model = onnx.load(str(onnx_models.write(folder / "x.onnx")))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    (folder / "x.onnx").write_bytes(model.SerializeToString())
    return lambda: read_onnx(folder / "x.onnx", onnx_models.LEADS, 40)


READ: dict[str, Callable[[Path], Any]] = {
    "pickle": of_pickle,
    "npy": of_npy,
    "npz": of_npz,
    "checkpoint": of_checkpoint,
    "old checkpoint": of_old_checkpoint,
    "bare checkpoint": of_bare_checkpoint,
    "keras": of_keras,
    "onnx": of_onnx,
}


@pytest.mark.parametrize("name", READ)
def test_a_file_that_would_run_something_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read = READ[name](tmp_path)
    with guarded(tmp_path.resolve()), pytest.raises(Refused):
        read()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("tag", TAGS)
def test_the_config_of_a_run_is_only_read(tag: str, tmp_path: Path) -> None:
    run = fabricate(tmp_path / "a" / "run", answers(0.8, events=6))
    (run / "config.yaml").write_text(f"experiment_name: {tag}\n")
    with guarded(tmp_path.resolve()):
        with pytest.raises(Refused, match="cannot be read"):
            Run.read(run)
        with pytest.raises(TremorError, match="cannot be read"):
            write_page(run, {})
        assert found(tmp_path / "a").runs


def experiment(folder: Path, text: str) -> Any:
    """A user's experiment as a door composes and checks it."""
    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{text}\n")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        place = f"hydra.searchpath=[file://{folder}]"
        return checked(compose("train", overrides=[place, "experiment=mine"]))


@pytest.mark.parametrize("tag", TAGS)
def test_a_config_file_with_pythons_tags_is_refused_by_name(tag: str, tmp_path: Path) -> None:
    with guarded(tmp_path.resolve()), pytest.raises(Exception, match="could not determine") as told:
        experiment(tmp_path, f"seed: {tag}")
    said = translated(told.value)
    assert said.code == REFUSED
    assert said.where.endswith("experiment/mine.yaml")


@pytest.mark.parametrize(
    "key", ["optimizer", "callbacks.mine", "dataset.records", "logger.mine", "evaluation"]
)
def test_a_config_file_whose_target_runs_something_is_refused(key: str, tmp_path: Path) -> None:
    tree = OmegaConf.create({})
    OmegaConf.update(tree, key, {"_target_": "os.system", "command": "touch ran"})
    with guarded(tmp_path.resolve()), pytest.raises(Refused, match="outside the allowlist"):
        experiment(tmp_path, OmegaConf.to_yaml(tree))


@pytest.mark.parametrize(
    "text", ["${oc.decode:x}", "${os.system:touch}", "${eval:1}", "${hydra:x}"]
)
def test_an_interpolation_calls_nothing(text: str) -> None:
    with pytest.raises(Refused):
        retuned({"seed": text, "optimizer": {"_target_": "os.system"}}, [])


def outside(folder: Path) -> Path:
    """A file beside the folder of data, which they have no business with."""
    path = folder / "secret.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones((3, 2500))
    return path


def test_hdf5_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret = outside(tmp_path)
    path = seisbench_folder(tmp_path / "data", trace_name=["virtual$0"] * 3 + ["raw$0"] * 3)
    layout = h5py.VirtualLayout((1, 3, 2500), "f8")
    layout[0] = h5py.VirtualSource(str(secret), "x", (3, 2500))
    with h5py.File(path / "waveforms.hdf5", "a") as file:
        file.create_virtual_dataset("data/virtual", layout)
        file["data"].create_dataset("raw", (1, 3, 300), "f8", external=[(str(secret), 0, 7200)])
    with pytest.raises(Refused, match="6 x no such trace"):
        open_records(SeisBench((str(path),)), str(tmp_path / "cache"))
    table = tmp_path / "table.csv"
    table.write_text("trace_name\nvirtual\nraw\n")
    traces = hdf5_traces(path / "waveforms.hdf5", table, ("trace_name",), lambda shape: "")
    faults = {trace.name: trace.fault for trace in traces}
    assert [faults[name] for name in ("virtual", "raw")] == ["samples in another file"] * 2


@pytest.mark.parametrize(
    "name",
    ["../secret$0", "/etc/passwd$0", "../../data_format/sampling_rate$0", "a/../../x$0", "..$0"],
)
def test_a_trace_name_does_not_lead_out_of_the_data(name: str, tmp_path: Path) -> None:
    outside(tmp_path)
    path = seisbench_folder(tmp_path / "data", trace_name=[name, *["bucket0$1,:3,:600"] * 5])
    records, _ = open_records(SeisBench((str(path),)), str(tmp_path / "cache"))
    assert records.meta["set_aside"][0]["reason"] == "no such trace among the waveforms"


NAMES = (
    "../../x",
    "/etc/passwd",
    "..",
    ".hidden",
    "a/b",
    "a\0b",
    "C:\\x",
    "<script>",
    "\x1b[2J",
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_becomes_a_file_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    path = (tmp_path / f"{safe(name)}.png").resolve()
    assert path.parent == tmp_path.resolve()
    assert write_whole(path, b"x").exists()
    assert path.name.isprintable()


def test_what_is_written_takes_the_place_of_a_link_not_of_its_aim(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    secret = write_whole(tmp_path / "secret", SECRET)
    (tmp_path / "run" / "report.html").symlink_to(secret)
    fill(tmp_path / "run")
    page = write_page(tmp_path / "run", {})
    assert not page.is_symlink()
    assert secret.read_text() == SECRET


def test_a_page_does_not_take_up_files_from_elsewhere(tmp_path: Path) -> None:
    """A picture of a folder of explanations that is a link, or that a path leads to."""
    (tmp_path / "run").mkdir()
    fill(tmp_path / "run")
    picture = put(tmp_path / "run") / "marginals.png"
    assert len(Page(write_page(tmp_path / "run", {})).values("src")) == 1
    picture.rename(tmp_path / "mine.png")
    picture.symlink_to(tmp_path / "mine.png")
    assert not Page(write_page(tmp_path / "run", {})).values("src")
    home = study_of(tmp_path / "run")
    told = json.loads((home / "fused" / "study.json").read_text())
    told["sheets"][0]["file"] = "../../../../mine.png"
    (home / "fused" / "study.json").write_text(json.dumps(told))
    with pytest.raises(TremorError, match="a sheet outside of the study"):
        write_page(tmp_path / "run", {})


def test_a_file_of_explanations_that_announces_a_terabyte_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["tremor_explanations"] = 1
        file.create_dataset("values", (2**20, 2**20), "f4", chunks=(1, 1024))
        file.create_group("table")
    with guarded(tmp_path.resolve()), pytest.raises(Refused):
        Explanations.open(tmp_path / "x.h5")


PAINTED = "\x1b[31mred\x1b[0m \x9b2J bell\x07 back\x08 \u202eright to left \r over"


def test_names_do_not_steer_the_terminal() -> None:
    for said in (visible(PAINTED), str(Refused(PAINTED, PAINTED, PAINTED))):
        assert not set(said) & set("\x1b\x9b\x07\x08\u202e\r")
        assert "\\x1b[31mred" in said
    assert visible("Łódź 10 °C\n\tµV ✓ 北京") == "Łódź 10 °C\n\tµV ✓ 北京"


def test_what_a_door_shows_has_no_colours_but_its_own() -> None:
    heard = io.StringIO()
    settings: Any = {"force_terminal": True, "color_system": "standard", "width": 200}
    console = Shown(file=heard, highlight=False, **settings)
    table = Table("class")
    table.add_row(PAINTED)
    console.print(PAINTED, markup=False)
    console.print(table, "own", style="green")
    said = heard.getvalue()
    assert "\x1b[32m" in said
    assert "\x1b[31m" not in said
    assert "\x9b" not in said
    assert said.count("\\x1b[31mred") == 2
