"""Every command in README and docs runs (in a quick form)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from opened import ROOT, Door, load_script, only_run

PAGES = ["README.md", "docs/seismic_lstm.md", "docs/config_tree.md"]
COMMAND = re.compile(r"python (?:simple_train|evaluate|scripts/make_synthetic)\.py[^\n`|]*")
SHORT = re.compile(r"`… ([^`]*)`")
QUICK = "trainer.max_epochs=1 evaluation.draws=20 evaluation.permutations=9 model.hidden_size=4"
UNRUN = ("--help", "--shell-completion")


def commands() -> list[str]:
    found: list[str] = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        found += COMMAND.findall(text)
        found += [f"python simple_train.py {more}" for more in SHORT.findall(text)]
    kept = (c.split("  ")[0].strip() for c in found if not any(flag in c for flag in UNRUN))
    return sorted(set(kept))


def test_the_pages_have_commands() -> None:
    assert len(commands()) >= 10


@pytest.fixture
def events(tmp_path: Path, door: Door) -> Path:
    """events.pkl and none.pkl, as the pages call them, in the working folder."""
    script = load_script("make_synthetic")
    for name in ("events.pkl", "none.pkl"):
        out = str(tmp_path / name)
        assert script.main(["waveform_pickle", out, "--n-events", "40", "--duration", "6"]) == 0
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_documented_command_runs(door: Door, events: Path, command: str) -> None:
    words = shlex.split(command)[1:]
    if words[0] == "scripts/make_synthetic.py":
        small = ["--n-events", "6", "--duration", "4", "--overwrite"]
        assert load_script("make_synthetic").main([*words[1:], *small]) == 0
        return
    if "<" in command:
        assert door("simple_train.py", "dataset.n_events=40", *QUICK.split()).code == 0
        run = str(only_run(events / "outputs"))
        words = [re.sub(r"(outputs/)?<.*>", run, word) for word in words]
    if words[0] == "simple_train.py" and not any("resume=" in w for w in words):
        extra = [] if "experiment=seismic_lstm" in command else ["dataset.n_events=40"]
        quick = [q for q in QUICK.split() if q.split("=")[0] not in command]
        words += [*extra, *quick]
    outcome = door(*words)
    assert outcome.code == 0, outcome.err
