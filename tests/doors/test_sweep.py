"""Sweeps: one record for every launcher, nothing hidden, what is lacking is run again."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from opened import ROOT, TONES, Door
from pages import Page

from tremor.alive import beating, birth
from tremor.config.overrides import is_sweep
from tremor.doors import sweep_plugins
from tremor.doors.checking import CONFIGS
from tremor.doors.shell import prepared
from tremor.doors.sweep_again import again
from tremor.doors.sweep_course import Course
from tremor.doors.sweep_plugins import CHOICES, refuse_absent
from tremor.doors.sweep_share import Share, cores, share
from tremor.errors import Refused
from tremor.training import sweep_folder
from tremor.training.sweep_folder import RUNNING, State, Sweep, put_state, state_of

SMALL = str(ROOT / "tests" / "small_door.py")
UNCHECKED = "hydra.sweeper.check=false"
SWEEP = ["-m", "seed=12,13", UNCHECKED]


def rows(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def only_sweep(folder: Path) -> Path:
    (found,) = folder.glob("outputs/*/*/sweep.json")
    return found.parent


def cut_off(job: Path) -> None:
    """Leave a job's state as its killed process would."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    put_state(job, State(RUNNING, host=os.uname().nodename, pid=gone.pid))


def test_a_failing_job_does_not_end_the_sweep_and_is_named(door: Door, tmp_path: Path) -> None:
    outcome = door(SMALL, "-m", "seed=13,12", UNCHECKED)
    assert outcome.code == 1
    sweep = only_sweep(tmp_path)
    assert [(row["state"], row["seed"]) for row in rows(sweep)] == [
        ("failed", "13"),
        ("done", "12"),
    ]
    assert "1/2  job 0 failed in 0 s: RuntimeError: unlucky  seed=13" in outcome.out
    assert "2/2  job 1 done in 0 s: val/loss 0.3433  seed=12" in outcome.out
    assert f"{sweep.relative_to(tmp_path)}/0/traceback.txt" in outcome.err
    assert "retry=failed" in outcome.err
    assert 'raise RuntimeError("unlucky")' in (sweep / "0" / "traceback.txt").read_text()
    assert (sweep / "1" / "output.txt").read_text() == "said by the job\n"
    assert "said by the job" not in outcome.out
    page = Page(sweep / "sweep.html")
    assert page.source.index("unlucky") < page.source.index('<h2 id="result')
    assert "./0/traceback.txt" in page.values("href")


def test_what_is_lacking_is_run_again_and_nothing_else(door: Door, tmp_path: Path) -> None:
    door(SMALL, "-m", "seed=11,12,13", UNCHECKED)
    sweep = only_sweep(tmp_path)
    kept = (sweep / "0" / "job.json").stat().st_mtime_ns
    cut_off(sweep / "1")
    assert state_of(sweep / "1").state == "stopped"
    outcome = door(SMALL, f"sweep={sweep}", "retry=missing")
    assert outcome.code == 1
    assert "1/1  job 1 done" in outcome.out
    assert [row["state"] for row in rows(sweep)] == ["done", "done", "failed"]
    outcome = door(SMALL, f"sweep={sweep}", "retry=failed")
    assert "1/1  job 2 failed" in outcome.out
    assert kept == (sweep / "0" / "job.json").stat().st_mtime_ns
    shutil.rmtree(sweep / "2")
    assert Sweep.read(sweep).again("missing")[0].number == 2


def test_ctrl_c_ends_the_sweep_and_says_how_to_go_on(door: Door, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()  # is taken
    outcome = door(SMALL, "-m", "seed=14,12", UNCHECKED, "hydra.sweep.dir=here")
    assert outcome.code == 130
    assert [row["state"] for row in rows(tmp_path / "here_2")] == ["stopped", "missing"]
    assert not list((tmp_path / "here").iterdir())
    assert "retry=missing" in outcome.err


@pytest.mark.slow
def test_a_job_that_was_cut_off_goes_on_from_its_last_epoch(
    door: Door, tmp_path: Path, trained_once: Path
) -> None:
    quick = ["experiment_name=of_tones", "hydra.sweep.dir=runs", "seed=42,43"]
    door("simple_train.py", "-m", *TONES, *quick, "trainer.max_epochs=x", UNCHECKED)
    sweep = tmp_path / "runs"
    for number in ("0", "1"):
        shutil.rmtree(sweep / number)
        shutil.copytree(trained_once, sweep / number)
        shutil.rmtree(sweep / number / "evaluation")
        cut_off(sweep / number)
    put_state(sweep / "1", State("done", seconds=1.0))
    outcome = door("simple_train.py", "sweep=runs", "retry=missing")
    assert outcome.code == 0, outcome.err
    assert "resume   " in (sweep / "0" / "output.txt").read_text()
    assert (sweep / "0" / "evaluation" / "metrics.json").exists()
    assert not (sweep / "1" / "evaluation").exists()
    assert [row["state"] for row in rows(sweep)] == ["done", "done"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sweep=nowhere"], "no sweep was begun here"),
        (["retry=failed"], "needs the sweep's folder"),
        (["sweep=x", "retry=all"], "one of failed, missing"),
        (["sweep=x", "seed=3"], "would change it"),
        (["hydra/launcher=joblib"], "put -m before it"),
        (["-m", "hydra/launcher=jolib"], "hydra/launcher=joblib"),
        (["-m", "hydra/search=ecg"], "hydra/sweeper=optuna"),
        (["-m", "hydra/sweeper=optuna"], "nothing to search"),
        (["-m", "hydra/sweeper=optuna", "seed=1,2"], "the luckiest would be chosen"),
        (["-m", "optimizer.lr=interval(1,2)"], "hydra/sweeper=optuna"),
    ],
)
def test_wrong_commands_are_refused(door: Door, words: list[str], said: str) -> None:
    outcome = door(SMALL, *words)
    assert outcome.code == 2
    assert said in outcome.err


def test_nothing_starts_if_the_config_of_one_job_is_wrong(door: Door, tmp_path: Path) -> None:
    outcome = door(SMALL, "-m", "optimizer.lr=0.1,x", "seed=1,2", "model.hiden_size=4")
    assert outcome.code == 2
    assert "4 of 4 jobs would be refused" in outcome.err
    assert "optimizer.lr: expected a number" in outcome.err
    assert "[jobs 2, 3]" in outcome.err
    assert "model.hidden_size=4  [every job]" in outcome.err
    assert not (tmp_path / "outputs").exists()


def test_a_launcher_that_is_not_there_comes_with_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep_plugins, "_there", lambda module: False)
    with pytest.raises(Refused, match="not installed") as refusal:
        refuse_absent(["hydra/launcher=submitit_slurm"], True)
    assert refusal.value.remedy == "pip install 'tremor[slurm]'"


def test_a_sweep_that_still_runs_is_not_taken_up_beside_it(door: Door, tmp_path: Path) -> None:
    other = os.getppid()
    by = State(RUNNING, host=socket.gethostname(), pid=other, born=birth(other))
    sweep = Sweep(tmp_path, [], [], [], [], str(tmp_path), by=by).write()
    outcome = door(SMALL, f"sweep={tmp_path}")
    assert outcome.code == 2
    assert f"still runs (process {other})" in outcome.err
    replace(sweep, by=replace(by, born="before the machine was started anew")).write()
    assert door(SMALL, f"sweep={tmp_path}").code == 0


def test_two_sweeps_of_one_second_have_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Course, "_settled", lambda self: self)
    at = tmp_path / "here"
    nothing: Any = None
    record = Sweep(at, [], [], [], [], "")
    both = [Course(nothing, nothing, nothing, record) for _ in range(2)]
    for one in both:
        one.claim()
    assert [one.sweep.folder.name for one in both if one.sweep] == ["here", "here_2"]
    assert (tmp_path / "here_2").is_dir()


def test_a_long_epoch_is_no_silence(tmp_path: Path) -> None:
    put_state(tmp_path, State(RUNNING, host="elsewhere", pid=1))
    os.utime(tmp_path / "job.json", (0, 0))
    with beating(tmp_path / "job.json", every=0.01):
        time.sleep(0.1)
    assert time.time() - (tmp_path / "job.json").stat().st_mtime < 60


def test_a_folder_of_configs_comes_back_with_the_sweep(tmp_path: Path) -> None:
    Sweep(tmp_path, ["model=mine"], [], [], [], str(Path.cwd()), config_dir="/more").write()
    words = again([f"sweep={tmp_path}"], CONFIGS / "train.yaml")
    assert words[:4] == ["-m", "--config-dir", "/more", "model=mine"]


LAUNCHERS = {
    "joblib": ["hydra.launcher.n_jobs=2"],
    "submitit_local": [],
    "ray": [
        "+hydra.launcher.ray.init.num_cpus=2",
        "+hydra.launcher.ray.init.include_dashboard=false",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_other_processes_keep_the_same_record(tmp_path: Path, launcher: str) -> None:
    needed = CHOICES["hydra/launcher"][launcher].modules
    if not all(map(sweep_plugins._there, needed)):
        pytest.skip(f"{launcher} is not installed: {', '.join(needed)}")
    words = [sys.executable, SMALL, *SWEEP, f"hydra/launcher={launcher}", *LAUNCHERS[launcher]]
    settings = os.environ | {"OMP_NUM_THREADS": "1", "RAY_DEDUP_LOGS": "0"}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=settings)
    assert done.returncode == 1, done.stdout + done.stderr
    sweep = only_sweep(tmp_path)
    assert [row["state"] for row in rows(sweep)] == ["done", "failed"]
    assert "job 1 failed in 0 s: RuntimeError: unlucky" in done.stdout
    assert (sweep / "0" / "output.txt").read_text() == "said by the job\n"


@pytest.mark.parametrize(
    ("launcher", "jobs", "threads", "expected"),
    [
        ({"_target_": "a.BasicLauncher"}, 9, None, Share(1, None)),
        ({"_target_": "a.BasicLauncher"}, 9, 3, Share(1, 3)),
        ({"_target_": "a.JoblibLauncher", "n_jobs": 2}, 9, None, Share(2, 4)),
        ({"_target_": "a.JoblibLauncher", "n_jobs": -1}, 9, None, Share(8, 1)),
        ({"_target_": "a.JoblibLauncher", "n_jobs": -1}, 2, None, Share(2, 4)),
        ({"_target_": "a.LocalLauncher", "cpus_per_task": None}, 9, None, Share(8, 1, 8)),
        ({"_target_": "a.LocalLauncher", "cpus_per_task": 4}, 9, None, Share(2, 4, 2)),
        ({"_target_": "a.SlurmLauncher", "cpus_per_task": 6}, 9, None, Share(9, 6)),
        ({"_target_": "a.RayLauncher", "ray": {"remote": {"num_cpus": 2}}}, 9, None, Share(4, 2)),
        ({"_target_": "mine.Launcher"}, 9, None, Share(1, None)),
    ],
)
def test_cores_are_shared_out(
    monkeypatch: pytest.MonkeyPatch,
    launcher: dict[str, Any],
    jobs: int,
    threads: int | None,
    expected: Share,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("tremor.doors.sweep_share.cores", lambda: 8)
    assert share(launcher, jobs, threads) == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert share(launcher, jobs, threads).threads == threads
    assert cores() >= 1


def test_a_job_on_another_machine_is_gone_once_it_is_silent(tmp_path: Path) -> None:
    put_state(tmp_path, State(RUNNING, host="elsewhere", pid=1))
    assert state_of(tmp_path).state == RUNNING
    for path in (tmp_path, tmp_path / "job.json"):
        os.utime(path, (0, 0))
    assert state_of(tmp_path).state == sweep_folder.STOPPED


def test_a_damaged_record_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(Refused, match="cannot be read") as refusal:
        Sweep.read(tmp_path)
    assert refusal.value.where.endswith("sweep.json")


def test_documented_launchers_take_their_settings() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text()
    commands = re.findall(r"python simple_train.py (-m [^\n`]*hydra/launcher=[^\n`]*)", page)
    launchers = set()
    for command in commands:
        if "ray" in command and not sweep_plugins._there("hydra_plugins.hydra_ray_launcher"):
            continue
        words = prepared(shlex.split(command), CONFIGS / "train.yaml")
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            plain = [word for word in words[1:] if not is_sweep(word)]
            config = compose("train", plain, return_hydra_config=True)
        launchers.add(config.hydra.launcher._target_.rpartition(".")[2])
    assert launchers >= {"JoblibLauncher", "SlurmLauncher", "LocalLauncher"}
