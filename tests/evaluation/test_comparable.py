"""What may stand beside what: pretrainings kept apart, controls, ordered classes, few seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluation.test_compare import QUICK, answers, fabricate
from scipy.stats import binomtest

from tremor.errors import Refused
from tremor.evaluation.compare import compare
from tremor.evaluation.found_runs import find
from tremor.report import comparison as report
from tremor.report.comparison_figures import figures
from tremor.report.comparison_tables import markdown

TIME = "2026-01-0{}__00_00_00"


def found(folder: Path, **more: Any) -> Any:
    return compare(find([folder]), **QUICK | more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"outputs/contrastive_10ep/{TIME.format(1)}",
            f"outputs/contrastive_50ep/{TIME.format(2)}",
        ),
        ("outputs/contrastive/run1", "outputs/reconstruction/run1"),
        ("outputs/contrastive/run1", "outputs/contrastive/run2"),
        ("outputs/pre_seed1/long", "outputs/pre_seed2/long"),
        ("outputs/pre", "outputs/pre/checkpoints/last.ckpt"),
        ("a/pre/seed1", "b/pre/seed1"),
    ],
)
def test_other_pretrainings_are_other_configurations(tmp_path: Path, one: str, other: str) -> None:
    for seed, path in enumerate((one, other)):
        fabricate(tmp_path / str(seed), answers(0.8), seed=seed, model__pretrained=path)
    names = [c.name for c in found(tmp_path).configurations]
    assert len(set(names)) == 2
    assert not any(name.startswith("model.pretrained=outputs") for name in names)


def test_times_jobs_and_seeds_do_not_make_another_pretraining(tmp_path: Path) -> None:
    paths = [
        f"outputs/pre/{TIME.format(1)}/0",
        f"outputs/pre/{TIME.format(2)}_2/1/checkpoints/best.ckpt",
        "outputs/pre_seed3/",
        "./outputs/pre/seed4/checkpoints",
    ]
    for seed, path in enumerate(paths):
        fabricate(tmp_path / str(seed), answers(0.8), seed=seed, model__pretrained=path)
    fabricate(tmp_path / "bare", answers(0.8), seed=9, model__pretrained=None)
    made = found(tmp_path)
    assert {c.name: len(c.runs) for c in made.configurations} == {
        "model.pretrained=set": 4,
        "model.pretrained=null": 1,
    }
    assert "Pretrainings counted as repeats of one, by their paths: model.pretrained=set (4)." in (
        made.notes
    )


def test_two_pretrainings_under_one_seed_are_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        path = f"outputs/pre/{TIME.format(number)}"
        fabricate(tmp_path / str(number), answers(0.8), model__pretrained=path)
    with pytest.raises(Refused, match="two pretrainings under one seed") as refused:
        found(tmp_path)
    assert TIME.format(1) in refused.value.where
    assert TIME.format(2) in refused.value.where


def test_the_same_weights_by_another_path_only_repeat(tmp_path: Path) -> None:
    for name, path in (("a", "pre/x"), ("b", "./pre/x/checkpoints/best.ckpt")):
        fabricate(tmp_path / name, answers(0.8), model__pretrained=path)
    made = found(tmp_path)
    assert [run.folder.name for run in made.found.runs] == ["b"]


def with_controls(folder: Path) -> Path:
    """A model, the same on other labels dealt by each seed, and on noise with fewer records."""
    for seed in (1, 2, 3):
        said = answers(0.9, seed)
        fabricate(folder / f"model{seed}", said, seed=seed, model__mode="x", dataset__keep="all")
        dealt = answers(0.5, seed)
        dealt["label"] = (
            dealt.groupby("group")["label"]
            .transform("first")
            .sample(frac=1, random_state=seed, ignore_index=True)
        )
        keys = {"dataset__shuffle_labels": True, "dataset__labels": {"shuffle_seed": seed}}
        fabricate(folder / f"dealt{seed}", dealt, seed=seed, model__mode="x", **keys)
        noise = answers(0.5, 9 + seed).iloc[:60]
        fabricate(folder / f"noise{seed}", noise, seed=seed, model__mode="x", dataset__keep="noise")
    return folder


def test_controls_stand_beside_their_model_and_are_tested_against_nothing(tmp_path: Path) -> None:
    made = found(with_controls(tmp_path))
    assert [(c.name, len(c.runs), c.control) for c in made.configurations] == [
        ("study", 3, False),
        ("control dataset.keep=noise", 3, True),
        ("control dataset.shuffle_labels=true", 3, True),
    ]
    assert all(c.mean.ends and c.chance == 0.5 for c in made.configurations)
    assert made.pairs == []
    (note,) = [note for note in made.notes if note.startswith("Controls")]
    assert "control dataset.keep=noise; control dataset.shuffle_labels=true" in note
    said, noise, dealt, p = report.sentences(made)
    assert said.startswith("With 2 classes the best is study")
    assert noise.startswith("control dataset.keep=noise reaches 0.")
    assert dealt.startswith("control dataset.shuffle_labels=true reaches 0.")
    assert p.endswith("p = 0.25 (the smallest that so few refits can give).")
    by_noise, by_refits = made.controls
    assert (by_noise.of, by_noise.p, by_noise.above) == (0, None, False)
    assert (by_refits.of, by_refits.refits, by_refits.p, by_refits.least) == (0, 3, 0.25, 0.25)
    assert "p by refits" in report.html(made, {}, [])
    assert "`control dataset.keep=noise`" in markdown(made)


def test_a_control_changes_nothing_about_the_models(tmp_path: Path) -> None:
    (own,) = found(with_controls(tmp_path / "runs")).configurations[:1]
    for seed in (1, 2, 3):
        said = answers(0.9, seed)
        fabricate(tmp_path / "x" / str(seed), said, seed=seed, model__mode="x", dataset__keep="all")
    (alone,) = found(tmp_path / "x").configurations
    assert (own.mean, own.values, own.chance) == (alone.mean, alone.values, alone.chance)


def test_controls_alone_make_no_claim_of_the_best(tmp_path: Path) -> None:
    fabricate(tmp_path / "a", answers(0.5), dataset__keep="noise")
    made = found(tmp_path)
    assert made.configurations[0].name == "control dataset.keep=noise"
    (said,) = report.sentences(made)
    assert said.startswith("control dataset.keep=noise reaches 0.450 (")


def test_a_control_above_chance_is_called_a_leak(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        said = answers(0.95, seed)
        fabricate(tmp_path / str(seed), said, seed=seed, dataset__shuffle_labels=True)
    (said,) = report.sentences(found(tmp_path))
    assert said.startswith("NOT at chance (0.500): control dataset.shuffle_labels=true reaches ")


def test_p_by_refits_counts_the_model_in(tmp_path: Path) -> None:
    for seed in range(9):
        skill = 0.9 if seed == 4 else 0.5  # one refit is as good as the model
        keys = {"seed": seed, "dataset__shuffle_labels": True}
        fabricate(tmp_path / f"dealt{seed}", answers(skill, 3), **keys)
    fabricate(tmp_path / "model", answers(0.9, 3), seed=1)
    (own,) = found(tmp_path).controls
    assert own.p == pytest.approx(2 / 10)


def graded(skill: float, noise: int, events: int = 60, classes: int = 2) -> pd.DataFrame:
    """One record an event, with probabilities that are right by `skill`."""
    rng = np.random.default_rng(noise)
    label = np.arange(events) % classes
    score = skill * np.eye(classes)[label] + rng.normal(0, 1, (events, classes))
    p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    table = pd.DataFrame({"record_id": [f"r{i:03}" for i in range(events)]})
    table = table.assign(group=[f"e{i:03}" for i in range(events)], label=label)
    table["predicted"] = p.argmax(1)
    return table.assign(**{f"p_c{k}": p[:, k] for k in range(classes)})


@pytest.mark.parametrize("classes", [2, 3])
def test_areas_are_compared_as_the_judge_has_them(tmp_path: Path, classes: int) -> None:
    for size, skill in ((1, 0.2), (2, 3.0)):
        keys = {"model__hidden_size": size, "dataset__num_classes": classes}
        fabricate(tmp_path / str(size), graded(skill, size, classes=classes), **keys)
    made = found(tmp_path, metric="auroc")
    for c in made.configurations:
        (run,) = c.runs
        assert c.mean.value == pytest.approx(run.verdict["metrics"]["auroc"]["value"], abs=1e-9)
        assert c.chance == 0.5
    (pair,) = made.pairs
    assert pair.clear


def test_with_one_record_an_event_swaps_are_the_test_of_mcnemar(tmp_path: Path) -> None:
    for size in (1, 2):
        fabricate(tmp_path / str(size), graded(1.0 + size, size), model__hidden_size=size)
    made = found(tmp_path, metric="accuracy", draws=3000)
    (pair,) = made.pairs
    right = [
        (c.runs[0].predictions["label"] == c.runs[0].predictions["predicted"]).to_numpy()
        for c in made.configurations
    ]
    ours, theirs = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    exact = binomtest(ours, ours + theirs).pvalue
    assert pair.p == pytest.approx(exact, abs=0.03)


def test_an_ablation_is_held_against_one_configuration(tmp_path: Path) -> None:
    for size, skill in ((1, 0.5), (2, 0.75), (3, 1.0)):
        fabricate(tmp_path / str(size), answers(skill, size), model__hidden_size=size)
    made = found(tmp_path, against=tmp_path / "2")
    assert made.configurations[made.reference].name == "model.hidden_size=2"
    assert [made.configurations[n].name for n, _, _ in made.held_against] == [
        "model.hidden_size=3",
        "model.hidden_size=1",
    ]
    best, worst = (score for _, score, _ in made.held_against)
    assert best.value > 0 > worst.value
    assert best.lo is not None
    assert best.lo < best.value
    whole = found(tmp_path)
    of_all = {(p.first, p.second): p for p in whole.pairs}
    for pair in made.pairs:
        same = of_all[pair.first, pair.second]
        assert pair.difference == same.difference
        assert pair.p_holm is not None
        assert same.p_holm is not None
        assert pair.p_holm <= same.p_holm
    assert report.sentences(made).__next__().startswith("With 2 classes the best is")
    assert any(s.startswith("Against model.hidden_size=2: ") for s in report.sentences(made))
    drawn = figures(made)["differences"]
    assert "minus that of model.hidden_size=2" in drawn.axes[0].get_xlabel()
    with pytest.raises(Refused, match="none of the runs is there"):
        found(tmp_path, against=tmp_path / "4")
    with pytest.raises(Refused, match="several configurations are there"):
        found(tmp_path, against=tmp_path)


def test_over_a_key_keeps_apart_what_differs_by_a_key_of_the_same_name(tmp_path: Path) -> None:
    for place, (ours, theirs) in enumerate(((0.1, 0.2), (0.3, 0.2), (0.1, 0.5), (0.3, 0.5))):
        keys = {"model__dropout": ours, "decoder__dropout": theirs, "loader__dropout": ours}
        fabricate(tmp_path / str(place), answers(0.8, place), **keys)
    lines = found(tmp_path, over="model.dropout").curves["model.dropout"]
    assert {line.name for line in lines} == {"decoder.dropout=0.2", "decoder.dropout=0.5"}
    assert [[x for x, _ in line.points] for line in lines] == [[0.1, 0.3]] * 2


def test_fewer_than_three_seeds_are_told(tmp_path: Path) -> None:
    for size, seeds in ((32, 1), (64, 2), (128, 3)):
        for seed in range(seeds):
            folder = tmp_path / f"{size}_{seed}"
            fabricate(folder, answers(0.8, seed), seed=seed, model__hidden_size=size)
    (note,) = [note for note in found(tmp_path).notes if "Fewer than 3 seeds" in note]
    assert note.endswith("2 of 3 configurations.")


def test_a_clear_difference_stays_clear_among_many_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in range(16):
        skill = 1.0 if size == 0 else 0.5
        fabricate(tmp_path / str(size), answers(skill, size), model__hidden_size=size)
    made = found(tmp_path)
    assert len(made.pairs) == 120
    assert made.swaps == 48_000
    best = [pair for pair in made.pairs if pair.first == 0]
    assert all(pair.clear for pair in best)
    assert "48,000 times" in report.html(made, figures(made), [])
    monkeypatch.setattr("tremor.evaluation.compare.MOST_SWAPS", 300)
    told = found(tmp_path).notes
    assert "No difference can be clear after a correction over 120 pairs: compare fewer." in told


def ordered(folder: Path, skills: dict[int, float], seeds: int = 2) -> Path:
    """Runs of five ordered classes: wrong answers are one class off."""
    for size, skill in skills.items():
        for seed in range(seeds):
            keys = {"seed": seed, "model__hidden_size": size, "dataset__num_classes": 5}
            said = answers(skill, seed + size, classes=5)
            fabricate(folder / f"{size}_{seed}", said, ordered=True, **keys)
    return folder


@pytest.mark.parametrize("metric", ["distance", "within_one", "kappa"])
def test_scores_of_ordered_classes_can_be_compared(tmp_path: Path, metric: str) -> None:
    made = found(ordered(tmp_path, {64: 0.5, 128: 0.95}), metric=metric)
    best, other = made.configurations
    assert best.name == "model.hidden_size=128"
    run = best.runs[0]
    assert best.values[0] == pytest.approx(run.verdict["ordinal"][metric]["value"])
    chances = [run.verdict["ordinal"][metric]["chance"] for run in best.runs]
    assert best.chance == pytest.approx(sum(chances) / len(chances))
    (pair,) = made.pairs
    assert pair.difference.value == pytest.approx(best.mean.value - other.mean.value)
    assert (pair.difference.value < 0) == (metric == "distance")
    said = list(report.sentences(made))
    assert "the best is model.hidden_size=128" in said[0]
    assert said[-1] == "It is clearly better than the other."
    assert made.plain()["chance_source"] == "mean under permuted labels"


def test_chance_is_one_line_where_each_configuration_has_its_own(tmp_path: Path) -> None:
    for share in (0.35, 0.7):
        for size in (64, 128):
            keys = {"model__hidden_size": size, "dataset__train_frac": share}
            said = answers(0.8, size, classes=5)
            fabricate(tmp_path / f"{share}_{size}", said, ordered=True, **keys)
    drawn = figures(found(tmp_path, metric="distance"))["over_train_frac"]
    (line,) = [it for it in drawn.axes[0].get_lines() if it.get_label() == "chance"]
    assert list(line.get_xdata()) == [50, 100]
    drawn.draw_without_rendering()
    words = drawn.axes[0].yaxis.label.get_window_extent()
    assert drawn.bbox.y0 <= words.y0 <= words.y1 <= drawn.bbox.y1


def test_a_distance_that_is_no_smaller_than_chance_is_told(tmp_path: Path) -> None:
    made = found(ordered(tmp_path, {64: 0.9}), metric="distance")
    assert not any("NOT" in said for said in report.sentences(made))
    far = answers(0.9, classes=5)
    far["predicted"] = 4 - far["label"]
    fabricate(tmp_path / "far" / "x", far, ordered=True, dataset__num_classes=5)
    said = list(report.sentences(found(tmp_path / "far", metric="distance")))
    assert said[0].startswith("NOT below chance: with 5 classes")


def test_scores_of_ordered_classes_need_ordered_classes(tmp_path: Path) -> None:
    fabricate(ordered(tmp_path, {64: 0.9}) / "plain", answers(0.9, classes=5))
    with pytest.raises(Refused, match="1 of 3 runs") as refused:
        found(tmp_path, metric="kappa")
    assert refused.value.where == str(tmp_path / "plain")


def test_ordered_classes_have_their_errors_beside_any_metric(tmp_path: Path) -> None:
    made = found(ordered(tmp_path / "a", {64: 0.5, 128: 0.95}))
    heads, _, first, _ = markdown(made).splitlines()
    assert heads.count("|") == first.count("|") == 9
    assert "share at most one class off | mean distance in classes (less is better)" in heads
    best = made.configurations[0]
    assert (
        best.beside["distance"] == found(tmp_path / "a", metric="distance").configurations[0].mean
    )
    page = report.html(made, figures(made), [])
    assert "Mean distance in classes (less is better)</th>" in page
    fabricate(tmp_path / "a" / "plain", answers(0.9), model__hidden_size=1)
    assert "distance" not in markdown(found(tmp_path / "a"))


def test_a_share_left_out_is_the_share_that_it_stands_for(tmp_path: Path) -> None:
    for seed, share in enumerate((None, 0.7)):
        fabricate(tmp_path / str(seed), answers(0.8), seed=seed, dataset__train_frac=share)
    (made,) = found(tmp_path).configurations
    assert len(made.runs) == 2
