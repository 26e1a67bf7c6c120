"""Dashboards as a run fills them: W&B's offline file and TensorBoard's events, read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from opened import ROOT, TONES, Door, only_run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from wandb_files import dashboard, ended

from tremor.config.roots import TrainRoot
from tremor.doors.checking import CONFIGS, problems_of
from tremor.doors.mirrors import code_of, mirrored
from tremor.doors.shell import prepared
from tremor.errors import Refused
from tremor.training.mirrors import About

FIGURES = {"confusion", "per_class", "learning_curves", "class_balance", "fan_chart", "reliability"}
TENSORBOARD = "logger.tensorboard={_target_: tremor.training.loggers.tensorboard}"


@pytest.fixture(autouse=True)
def _no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)


def test_a_run_fills_both_dashboards(door: Door, tmp_path: Path) -> None:
    words = ["-m", "logger=wandb", "logger.log_model=true", TENSORBOARD, "seed=3"]
    outcome = door("simple_train.py", *TONES, "trainer.log_every_n_steps=3", *words)
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    verdict = json.loads((run / "evaluation" / "metrics.json").read_text())["metrics"]
    wandb_has(run, verdict["accuracy"])
    tensorboard_has(run, verdict["accuracy"])
    outcome = door("evaluate.py", f"checkpoint={run}", "split=val", "logger=wandb", TENSORBOARD)
    assert outcome.code == 0, outcome.err
    both_have_more(run)


def both_have_more(run: Path) -> None:
    """The same W&B run has a verdict on validation, apart from its own; nothing was purged."""
    verdict = json.loads((run / "evaluation" / "val" / "metrics.json").read_text())["metrics"]
    first, second = (dashboard(found) for found in ended(run))
    assert (first.run.run_id, first.config) == (second.run.run_id, second.config)
    told = second.summary["evaluation/val/accuracy"]
    assert told == verdict["accuracy"]["value"]
    assert not {"test/accuracy", "val/accuracy", "best/val/loss"} & second.summary.keys()
    keys = {key for row in second.history for key in row}
    assert {"evaluation/val/figures/confusion", "evaluation/val/tables/predictions"} <= keys
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    assert {"loss", "test/accuracy", "evaluation/val/accuracy"} <= set(events.Tags()["scalars"])
    assert len(events.Scalars("loss")) == 4


def wandb_has(run: Path, accuracy: dict[str, float]) -> None:
    ((found),) = ended(run)
    seen = dashboard(found)
    assert seen.code == 0
    assert seen.run.run_group == "/".join(run.parent.parts[-2:])
    assert (seen.run.job_type, seen.run.project) == ("train", "tremor")
    assert seen.run.notes.startswith("python simple_train.py")
    assert {"num_classes_2", "train_frac_0.6", "model_lstm"} <= set(seen.run.tags)
    assert seen.config["dataset"]["batch_size"] == 8
    assert seen.config["seed"] == 3
    assert seen.config["choices"]["model"] == "lstm"
    assert seen.config["provenance"]["versions"]["torch"]
    assert seen.system
    steps = [row["step"] for row in seen.history if "loss" in row]
    assert steps == [2, 5, 8, 11]
    assert [row["epoch"] for row in seen.history if "val/loss" in row] == [0, 1]
    keys = {key for row in seen.history for key in row}
    assert {f"figures/{name}" for name in FIGURES} <= keys
    tables = {"metrics", "per_class", "baselines", "predictions"}
    assert {f"tables/{name}" for name in tables} <= keys
    assert sum(path.endswith(".png") for path in seen.files) >= len(FIGURES)
    assert seen.summary["test/accuracy"] == accuracy["value"]
    assert seen.summary["test/accuracy_lo"] == accuracy["lo"]
    assert seen.summary["verdict"]
    assert seen.summary["best/val/loss"] <= min(
        row["val/loss"] for row in seen.history if "val/loss" in row
    )
    (model,) = [made for made in seen.artifacts.values() if made.type == "model"]
    kept = {entry.path: entry.local_path for entry in model.manifest.contents}
    assert kept == {f"{n}.ckpt": str(run / f"checkpoints/{n}.ckpt") for n in ("best", "last")}
    staged = [entry for made in seen.artifacts.values() for entry in made.manifest.contents]
    assert all(Path(entry.local_path).is_relative_to(run) for entry in staged)


def tensorboard_has(run: Path, accuracy: dict[str, float]) -> None:
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    tags = events.Tags()
    assert [event.step for event in events.Scalars("loss")] == [2, 5, 8, 11]
    assert {f"figures/{name}" for name in FIGURES} <= set(tags["images"])
    (reached,) = events.Scalars("test/accuracy")
    assert reached.value == pytest.approx(accuracy["value"])
    assert "verdict/text_summary" in tags["tensors"]
    content = events.PluginTagToContent("hparams")
    told = {name: HParamsPluginData.FromString(text) for name, text in content.items()}
    values = told["_hparams_/session_start_info"].session_start_info.hparams
    assert values["optimizer.lr"].number_value == pytest.approx(1e-3)
    assert values["choices.model"].string_value == "lstm"
    metrics = told["_hparams_/experiment"].experiment.metric_infos
    assert {"test/accuracy", "best/val/loss"} <= {info.name.tag for info in metrics}


def test_a_wrong_setting_is_refused_before_the_data_are_read(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *TONES, "logger=wandb", "logger.wandb.project=a/b")
    assert outcome.code == 2
    assert "Invalid project name" in outcome.err
    assert not (tmp_path / "outputs").exists()
    outcome = door("simple_train.py", *TONES, "logger.log_model=true")
    assert outcome.code == 2
    assert "logger.log_model" in outcome.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError("boom"), 1), (KeyboardInterrupt(), 130), (Refused("no"), 2)],
)
def test_loggers_end_with_the_code_of_what_ended_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    ends: list[int] = []
    monkeypatch.setattr("tremor.training.loggers.close", lambda _, code: ends.append(code))
    with (
        pytest.raises(type(error)),
        mirrored(About(tmp_path, {"logger": {"csv": None}}, {}, print)),
    ):
        raise error
    assert ends == [code] == [code_of(error)]
    assert type(error).__name__ in (tmp_path / "traceback.txt").read_text()


def test_what_a_wandb_agent_types_is_accepted() -> None:
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
    sweep = yaml.safe_load((ROOT / "scripts" / "wandb_sweep.yaml").read_text())
    assert sweep["program"] == "simple_train.py"
    drawn = {
        key: {"value": said["values"][0] if "values" in said else said["min"]}
        for key, said in sweep["parameters"].items()
    }
    typed = utils.create_sweep_command_args({"args": drawn})["args_no_hyphens"]
    (place,) = [at for at, word in enumerate(sweep["command"]) if word == "${program}"]
    words = [*sweep["command"][place + 1 : -1], *typed]
    assert sweep["command"][-1] == "${args_no_hyphens}"
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", overrides=prepared(words, CONFIGS / "train.yaml"))
    assert problems_of(config, TrainRoot)[0] == []
    for key, said in drawn.items():
        group, _, name = key.partition(".")
        assert config[group][name] == said["value"]
