"""From a sweep over the stations that are found to the matrix: by commands, on files."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import pandas as pd
import pytest
from opened import Door, load_script

from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.write_stations import write_stations
from tremor.doors import across

SMALL = [
    "experiment=stations/cnn",
    "dataset.data_dir=stations",
    "model.widths=[2,4]",
    "model.features=4",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "evaluation.draws=20",
    "evaluation.permutations=9",
]
script = load_script("stations")


def written(folder: Path, lacking: int) -> None:
    """Two stations of 40 events; the second lacks some of those that the first has."""
    world = NorciaNetwork(stations=("NRCA", "T1212"), n_events=40, duration=13.0, windows=1)
    write_stations(world, folder)
    for phase in ("pre", "post"):
        path = folder / "T1212" / f"T1212_{phase}_attribute.csv"
        table = pd.read_csv(path)
        gone = set(table["trace_name"].iloc[:lacking])
        table.iloc[lacking:].to_csv(path, index=False)
        with h5py.File(folder / "T1212" / f"T1212_{phase}.hdf5", "r+") as file:
            found: list[str] = []
            file.visit(found.append)
            for name in found:
                if name.rpartition("/")[2] in gone:
                    del file[name]


def splits(runs: dict[str, Path]) -> dict[str, pd.DataFrame]:
    tables = {name: pd.read_csv(run / "split.csv", dtype=str) for name, run in runs.items()}
    return {name: table.set_index("group") for name, table in tables.items()}


@pytest.mark.slow
def test_networks_are_judged_elsewhere_on_events_that_are_new_to_them(
    door: Door,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(tmp_path / "stations", lacking=3)
    swept = door("simple_train.py", "-m", *SMALL, "dataset.station=glob(*)", "hydra.sweep.dir=runs")
    assert swept.code == 0, swept.err
    runs = {"NRCA": Path("runs/0"), "T1212": Path("runs/1")}
    for name, table in splits(runs).items():
        assert set(table["station"]) == {name}
    assert script.main(["across", "runs", "--out", "matrix", "--draws", "100"]) == 0
    cells = pd.read_csv("matrix/across.csv").set_index(["trained", "tested"])
    assert len(cells) == 4
    for name, other in (("NRCA", "T1212"), ("T1212", "NRCA")):
        ours, theirs = (splits(runs)[which] for which in (name, other))
        seen = set(ours.index[ours["split"].isin(["train", "val"])])
        place = runs[name] / "evaluation" / "across" / other
        said = pd.read_csv(place / "predictions.csv", dtype={"group": str})
        assert set(said["group"]) == set(theirs.index[theirs["label"] != "-1"]) - seen
        cell = cells.loc[(name, other)]
        assert cell["seen_events_left_out"] == len(
            set(theirs.index[theirs["label"] != "-1"]) & seen
        )
        assert cell["events"] == said["group"].nunique()
        there = f"dataset.station={other}"
        evaluated = door("evaluate.py", f"checkpoint={runs[name]}", there, "split=all")
        assert evaluated.code == 0, evaluated.err
        (folder,) = (runs[name] / "evaluation").glob("all-*")
        whole = pd.read_csv(folder / "predictions.csv").set_index("record_id")
        mine = said.set_index("record_id")["p_foreshock"]
        assert mine.to_numpy() == pytest.approx(whole.loc[mine.index, "p_foreshock"], abs=1e-6)
    own = json.loads((runs["NRCA"] / "evaluation" / "metrics.json").read_text())
    value = cells.loc[("NRCA", "NRCA"), "balanced_accuracy"]
    assert value == pytest.approx(own["metrics"]["balanced_accuracy"]["value"])

    def never(*_: object) -> None:
        raise AssertionError("judged a second time")

    monkeypatch.setattr(across, "predictions", never)
    assert script.main(["across", "runs", "--out", "again", "--draws", "100"]) == 0
    assert Path("again/across.csv").read_bytes() == Path("matrix/across.csv").read_bytes()
    with pytest.raises(AssertionError, match="a second time"):
        script.main(["across", "runs", "--out", "x", "--set", "dataset.batch_size=4"])
    assert script.main(["across", "runs", "--out", "x", "--stations", "NRCA,T9"]) == 2
    assert "no station T9 there; there are NRCA, T1212" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_on_a_made_up_network_is_not_judged_elsewhere(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [*SMALL[:1], *SMALL[2:], "dataset.source=synthetic", "dataset.n_events=30"]
    assert door("simple_train.py", *typed).code == 0
    assert script.main(["table", "outputs", "--out", "table", "--draws", "100"]) == 0
    assert [*pd.read_csv("table/stations.csv")["station"]][:3] == ["NRCA", "T1212", "T1213"]
    assert script.main(["across", "outputs", "--out", "x"]) == 2
    assert "only a run on files of stations can be judged at others" in capsys.readouterr().err
    assert not Path("x").exists()
