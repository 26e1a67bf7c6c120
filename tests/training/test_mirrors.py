"""Mirrors: they break alone, resume as the same run, end truly, and refuse wrong settings early."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from wandb_files import dashboard, ended

from tremor.errors import Refused
from tremor.training import loggers
from tremor.training.mirrors import About, Findings, Mirror, best, config_of, rows_of, scalars
from tremor.training.tensorboard_mirror import TensorBoardMirror
from tremor.training.wandb_mirror import logged_in, mode

DATASET = {"num_classes": 2, "train_frac": None, "val_ratio": 0.1, "test_ratio": 0.3}
CONFIG = {"dataset": DATASET, "model": {"_target_": "a.B", "width": 8}, "logger": {"csv": {}}}


@pytest.fixture(autouse=True)
def _no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


def about(folder: Path, said: list[str] | None = None, **more: Any) -> About:
    choices = {"model": "lstm", "encoder": "fft"}
    return About(folder, CONFIG, choices, (said if said is not None else []).append, **more)


class Breaks(Mirror):
    """Takes nothing, and counts how often it was asked."""

    asked = 0

    def take(self, metrics: Mapping[str, float], step: int) -> None:
        self.asked += 1
        raise ConnectionError("the network is gone\nand more")

    def take_findings(self, findings: Findings) -> None:
        self._try("figures", lambda: self.take({}, 0))

    def show(self, pictures: Mapping[str, Any]) -> None:
        self.take({}, 0)

    def close(self, code: int) -> None:
        self.asked = -code


def test_a_mirror_that_breaks_is_said_once_and_breaks_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    mirror = Breaks(about(tmp_path, said))
    for step in range(3):
        mirror.log_metrics({"loss": 1.0}, step)
    mirror.conclude(Findings(3, {}, {}, tmp_path))
    assert mirror.asked == 2
    assert len(said) == 2
    assert "lost the numbers (ConnectionError: the network is gone)" in said[0]
    assert "lost the figures" in said[1]
    loggers.close([mirror], 130)
    assert mirror.asked == -130


def test_a_verdict_as_rows_of_a_table() -> None:
    section = {"high": {"f1": {"value": 0.5, "lo": 0.1, "hi": None}, "records": 6, "more": [1]}}
    table = rows_of("class", section)
    assert table.to_dict("records") == [
        {"class": "high", "f1": 0.5, "f1_lo": 0.1, "f1_hi": None, "records": 6}
    ]


def test_config_to_filter_by_names_no_code_and_no_logger() -> None:
    found = config_of(CONFIG)
    assert found == {"dataset": DATASET, "model": {"width": 8}}
    assert scalars(found)["dataset.val_ratio"] == 0.1
    assert "dataset.train_frac" not in scalars(found)


@pytest.mark.parametrize(("way", "value"), [("min", 0.25), ("max", 0.75)])
def test_the_best_of_the_watched_metric(tmp_path: Path, way: str, value: float) -> None:
    columns = {"step": [1, 2, 3], "val/loss": [0.75, None, 0.25]}
    pd.DataFrame(columns).to_csv(tmp_path / "metrics.csv", index=False)
    watched = {"monitor": "val/loss", "mode": way}
    assert best(tmp_path, watched) == {"best/val/loss": value}
    assert best(tmp_path, watched | {"monitor": "val/skill"}) == {}


def test_a_wandb_run_ends_truly_and_a_resumed_one_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    for resumed, code in ((False, 130), (True, 0)):
        mirror = loggers.wandb(
            about(tmp_path, said, resumed=resumed, sweep="of/tones"), tags=["paper"], name="mine"
        )
        mirror.begin()
        mirror.log_metrics({"loss": 0.5, "epoch": 0.0}, 7)
        loggers.close([mirror], code)
    first, second = (dashboard(found) for found in ended(tmp_path))
    assert (first.code, second.code) == (130, 0)
    assert first.run.run_id == second.run.run_id
    assert (second.run.display_name, second.run.run_group) == ("mine", "of/tones")
    assert {"model_lstm", "train_frac_0.6", "paper"} <= set(second.run.tags)
    assert first.history[0]["step"] == 7
    assert first.axes["val/*"] == "epoch"
    assert f"wandb sync {tmp_path}/wandb/offline-run-*" in said[0]
    monkeypatch.setenv("WANDB_RUN_ID", "ofagent1")
    assert loggers.wandb(about(tmp_path))._identity()["id"] == "ofagent1"


def test_wrong_settings_of_wandb_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="cannot contain characters"):
        loggers.wandb(about(tmp_path), project="a/b")
    with pytest.raises(Refused, match="Tag"):
        loggers.wandb(about(tmp_path), tags=["x" * 65])
    with pytest.raises(Refused, match="needs a W&B key"):
        loggers.wandb(about(tmp_path), offline=False)
    assert not list(tmp_path.iterdir())
    assert mode(None) == "offline"
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mode(None) is None


def test_logged_in_only_with_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not logged_in()
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password x")
    (tmp_path / "netrc").chmod(0o600)
    assert logged_in()
    assert mode(None) is None
    (tmp_path / "netrc").write_text("machine example.org login user password x")
    assert not logged_in()
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert logged_in()


def test_tensorboard_replaces_what_a_resumed_run_repeats(tmp_path: Path) -> None:
    for resumed, steps in ((False, range(5)), (True, range(3, 6))):
        mirror = TensorBoardMirror(about(tmp_path, resumed=resumed))
        for step in steps:
            mirror.log_metrics({"loss": step + 10.0 * resumed}, step)
        loggers.close([mirror], 1)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [e.value for e in events.Scalars("loss")] == [0, 1, 2, 13, 14, 15]
    told = events.PluginTagToContent("hparams")["_hparams_/session_end_info"]
    status = HParamsPluginData.FromString(told).session_end_info.status
    assert status == Status.Value("STATUS_FAILURE")


def test_a_resumed_run_that_fails_at_once_purges_nothing_of_tensorboard(tmp_path: Path) -> None:
    first, second = (TensorBoardMirror(about(tmp_path, resumed=now)) for now in (False, True))
    first.log_metrics({"loss": 1.0}, 3)
    loggers.close([first], 130)
    loggers.close([second], 1)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss")] == [3]
