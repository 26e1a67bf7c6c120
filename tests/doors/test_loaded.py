"""A finished run in Python: what it predicts and explains is what the doors wrote."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from opened import ROOT, Door

import tremor
from tremor.doors.loaded import LoadedRun
from tremor.errors import Refused
from tremor.explain.estimators.occlusion import Occlusion
from tremor.explain.explanations import Explanations


@pytest.fixture
def run(trained: Path) -> LoadedRun:
    return tremor.load(trained)


def test_importing_is_cheap_and_typed() -> None:
    """torch comes with `load`, and `dir` tells what there is."""
    lean = "import sys, tremor; sys.exit('torch' in sys.modules or 'load' not in dir(tremor))"
    assert subprocess.run([sys.executable, "-c", lean]).returncode == 0
    assert (Path(tremor.__file__).parent / "py.typed").exists()
    with pytest.raises(AttributeError, match="laod"):
        _ = tremor.laod


def test_predictions_are_those_that_the_run_was_judged_by(run: LoadedRun, trained: Path) -> None:
    kept = pd.read_csv(trained / "evaluation" / "predictions.csv").set_index("record_id")
    said = run.predict()
    assert run.classes == ("high", "low")
    assert list(said.index) == list(kept.index)
    pd.testing.assert_frame_equal(
        said, kept[said.columns], check_dtype=False, check_index_type=False, atol=1e-6
    )
    assert set(run.predict(part="all").index) == set(run.table.index)
    assert (run.table.loc[said.index, "split"] == "test").all()


def test_records_by_name_come_in_the_order_that_they_are_asked_for(run: LoadedRun) -> None:
    names = ["t9", "t0", "t4"]
    said = run.predict(records=names)
    assert list(said.index) == names
    everything = run.predict(part="all")
    chances = ["p_high", "p_low"]
    np.testing.assert_allclose(said[chances], everything.loc[names, chances], atol=1e-6)


def test_own_arrays_are_told_the_same_as_the_records_that_they_are(run: LoadedRun) -> None:
    names = [f"t{number}" for number in range(20)]  # more than a batch
    x = run.signals(names)
    assert x.shape == (20, 3, 600)
    said, wanted = run.predict(x), run.predict(records=names)
    assert list(said.index) == list(range(20))
    assert list(said.columns) == ["predicted", "p_high", "p_low"]
    np.testing.assert_allclose(said, wanted[said.columns], atol=1e-6)
    chances = torch.softmax(torch.from_numpy(run.logits(x)), -1)
    np.testing.assert_allclose(said[["p_high", "p_low"]], chances, atol=1e-5)
    np.testing.assert_allclose(run.predict(1000 * x)["p_low"], said["p_low"], atol=1e-4)


def test_loading_leaves_the_state_of_randomness_alone(trained: Path) -> None:
    torch.manual_seed(7)
    wanted = torch.rand(1)
    torch.manual_seed(7)
    tremor.load(trained).predict()
    assert torch.equal(torch.rand(1), wanted)


def test_explanations_are_those_of_the_door(run: LoadedRun, trained: Path, door: Door) -> None:
    asked = ["explainer.space=signal", "explainer.player_kinds.tiles.seconds=2"]
    few = ["max_per_class=1", "audit=false", "figures=false"]
    outcome = door("explain.py", f"checkpoint={trained}", "explainer=occlusion", *asked, *few)
    assert outcome.code == 0, outcome.err
    (place,) = trained.glob("explanations/*/explanation.h5")
    wanted = Explanations.open(place)
    names = wanted.table["record_id"].tolist()
    found = run.explain(names, "occlusion", *asked)
    np.testing.assert_allclose(found.values, wanted.values, atol=1e-5)
    assert found.table["predicted"].tolist() == wanted.table["predicted"].tolist()
    one = run.explain(names[0], "occlusion", *asked)
    np.testing.assert_allclose(one.values, wanted.values[0], atol=1e-5)
    assert repr(one).startswith("<Explanation by Occlusion: 3 component x 600 time [s]")
    given = run.explain(names[0], Occlusion(), "explainer.space=bands", target="low")
    assert [axis.name for axis in given.axes] == ["component", "band", "time"]


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (lambda run: run.predict(part="tset"), "no part 'tset'"),
        (lambda run: run.predict(records=["t0", "zz"]), "no record 'zz'"),
        (lambda run: run.predict(records=["t0", "t0"]), "named twice"),
        (lambda run: run.predict(records="t0"), "a list of names"),
        (lambda run: run.predict(np.zeros((3, 600))), "shape"),
        (lambda run: run.predict(np.zeros((2, 4, 600))), "shape"),
        (lambda run: run.predict(np.zeros((2, 3, 599))), "599 samples"),
        (lambda run: run.predict(np.full((2, 3, 600), np.nan)), "no numbers"),
        (lambda run: run.explain("t0", "oclusion"), "explainer=occlusion"),
        (lambda run: run.explain("t0", "occlusion", "explainer.fil=zero"), "explainer.fill=zero"),
        (lambda run: run.explain("t0", "occlusion", "split=val"), "no setting of an explainer"),
        (lambda run: run.explain("t0", target="lo"), "no class"),
        (lambda run: run.explain("t0", Occlusion), "no estimator"),
    ],
)
def test_what_cannot_be_is_refused(run: LoadedRun, ask: Any, fault: str) -> None:
    with pytest.raises(Refused, match=re.escape(fault)):
        ask(run)


def test_mistyped_words_and_other_places_are_refused(trained: Path) -> None:
    with pytest.raises(Refused, match=r"trainer\.accelerator=cpu"):
        tremor.load(trained, "trainer.acelerator=cpu")
    with pytest.raises(Refused, match="neither key=value"):
        tremor.load(trained, "accelerator")
    with pytest.raises(Refused, match="no checkpoint"):
        tremor.load(trained / "nowhere")


@pytest.mark.parametrize("target", ["torch.hub.load", "os.system", "tremor.files.write_whole"])
def test_a_checkpoint_of_a_stranger_executes_nothing(trained: Path, target: str) -> None:
    """Its config names what is built: parts of networks and runs, and nothing else."""
    file = trained / "checkpoints" / "best.ckpt"
    content = torch.load(file, weights_only=True)
    for config in (content["tremor"]["config"], content["tremor"]["tree"]):
        config["optimizer"] = {"_target_": target, "repo_or_dir": "a/b", "model": "c"}
    torch.save(content, file)
    with pytest.raises(Refused, match="outside the allowlist"):
        tremor.load(trained)


def test_the_page_says_what_runs(trained: Path, tmp_path: Path, capsys: Any) -> None:
    """Every block of docs/api.md, one after another, as in a notebook."""
    text = (ROOT / "docs" / "api.md").read_text().replace("outputs/<run>", str(trained))
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    known: dict[str, Any] = {}
    for block in blocks:
        exec(block, known)
    assert (tmp_path / "explanation.h5").exists()
    public = {name for name in dir(LoadedRun) if not name.startswith("_")}
    assert all(f"run.{name}" in text for name in public - {"task", "checkpoint"})
