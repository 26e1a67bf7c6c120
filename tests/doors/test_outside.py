"""What somebody else adds from outside of the repository: a dataset, a model, an explainer."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from opened import ROOT, Door, finished, only_run

import tremor
from tremor.explain.explanations import Explanations

OUTSIDE = ROOT / "tests" / "outside"
PAGE = (ROOT / "docs" / "extending.md").read_text()
CONFIGS = ["--config-dir", str(OUTSIDE / "configs")]
QUICK = ["evaluation.draws=20", "evaluation.permutations=9", "trainer.accelerator=cpu"]


def icequakes(folder: Path, count: int = 48) -> None:
    """Cracks and slips that differ by the frequency of a tone in the first two of four seconds."""
    rng, time, rows = np.random.default_rng(0), np.arange(400) / 100, []
    folder.mkdir()
    for i in range(count):
        kind = ("crack", "slip")[i // 2 % 2]
        tone = np.sin(2 * np.pi * (20 if kind == "slip" else 5) * time + rng.uniform(0, 6))
        samples = tone * (time < 2) + 0.2 * rng.standard_normal(400)
        np.save(folder / f"{i:02}.npy", samples[None].astype(np.float32))
        rows.append({"file": f"{i:02}.npy", "glacier": f"g{i // 2}", "kind": kind})
    np.save(folder / "bad.npy", np.full((1, 400), np.nan, np.float32))
    rows.append({"file": "bad.npy", "glacier": "g0", "kind": "crack"})
    pd.DataFrame(rows).to_csv(folder / "icequakes.csv", index=False)


def documented() -> list[list[str]]:
    """The commands of the page that begin at a door, with our folder of configs for theirs."""
    found = re.findall(r"^python ((?:simple_train|evaluate|explain)\.py [^\n]*)", PAGE, re.M)
    words = [shlex.split(command.replace("--config-dir configs ", "")) for command in found]
    return [[script, *CONFIGS, *rest] for script, *rest in words]


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    """As `PYTHONPATH=.` does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(OUTSIDE))
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "glacier"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, trained and explained by the commands of the page."""
    home = tmp_path_factory.mktemp("outside")
    icequakes(home / "data")
    train, *_ = documented()
    more = [*QUICK, "trainer.max_epochs=6", "optimizer.lr=0.02", "scheduler.warmup_fraction=0"]
    finished(home, [*train, *more], allow="glacier")
    made = only_run(home / "outputs")
    later = [
        [word.replace("outputs/<run>", str(made)) for word in words] for words in documented()[1:]
    ]
    later[-1] += ["max_per_class=2", "figures=false"]
    return only_run(finished(home, *later, allow="glacier") / "outputs")


@pytest.fixture
def allowed(door: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    """A door where the package is allowed."""
    monkeypatch.setenv("TREMOR_ALLOW", "glacier")
    return door


def test_the_commands_of_the_page_train_judge_and_explain(run: Path) -> None:
    assert [words[0] for words in documented()] == ["simple_train.py", "evaluate.py", "explain.py"]
    said = pd.read_csv(run / "evaluation" / "predictions.csv")
    assert (said["label"] == said["predicted"]).mean() > 0.9
    assert "bad.npy" not in set(pd.read_csv(run / "split.csv")["record_id"])
    assert "--config-dir" in (run / "provenance.json").read_text()
    (place,) = run.glob("explanations/alone*/explanation.h5")
    found = Explanations.open(place)
    assert found.meta["method"] == "Alone"
    inside, beyond = (np.abs(found.values[..., part]).mean() for part in np.s_[:200, 250:])
    assert inside > 3 * beyond


def test_own_classes_are_there_in_python(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREMOR_ALLOW", "glacier")
    monkeypatch.chdir(run.parents[2])
    from glacier.explainer import Alone  # type: ignore[import-not-found]

    loaded = tremor.load(run)
    name = loaded.predict().index[0]
    once = loaded.explain(name, Alone(), "explainer.space=signal")
    twice = loaded.explain(name, Alone(scale=2), "explainer.space=signal")
    np.testing.assert_allclose(twice.values, 2 * once.values)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["model.widht=4"], "model.width=4"),
        (["model.width=eight"], "expected a whole number"),
        (["optimzer.lr=1"], "did you mean optimizer"),
        (["model=one_leyer"], "model=one_layer"),
        (["dataset.records.rate=50"], "records"),
    ],
)
def test_own_keys_are_checked_like_ours(allowed: Door, typed: list[str], told: str) -> None:
    command = [*CONFIGS, "experiment=icequakes", "dataset.data_dir=data"]
    outcome = allowed("simple_train.py", *command, *typed)
    assert outcome.code == 2
    assert told in outcome.err


def test_what_a_stranger_forgets_is_said(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["experiment=icequakes", "dataset.data_dir=data"]
    assert "TREMOR_ALLOW=glacier" in door("simple_train.py", *CONFIGS, *command).err
    elsewhere = door("simple_train.py", "--config-dir", "nowhere", *command)
    assert "no such folder of configs" in elsewhere.err
    assert "no group of configs" in door("simple_train.py", "--config-dir=.", *command).err
    monkeypatch.setenv("TREMOR_ALLOW", "glacierr,glacier")
    away = door("simple_train.py", *CONFIGS, *command, "model._target_=glacierr.model.OneLayer")
    assert "pip install -e <the project of glacierr>, or PYTHONPATH=" in away.err
    assert "there is no icequakes.csv" in door("simple_train.py", *CONFIGS, *command).err


@pytest.mark.parametrize(
    "block", re.findall(r"`(\w+/[\w/]+\.(?:py|yaml))`:\n```\w+\n(.*?)```", PAGE, re.S)
)
def test_the_page_shows_the_files_that_run(block: tuple[str, str]) -> None:
    path, text = block
    assert (OUTSIDE / path).read_text() == text, path
