"""The judge and its tables: every column is documented, intervals are by patient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.fills import Noise, Zero
from tremor.explain.heart.claims_file import read_claims
from tremor.explain.heart.columns import EVALUATION, STABILITY
from tremor.explain.heart.deletion import Faithfulness
from tremor.explain.heart.extra_beat import with_extra_beat
from tremor.explain.heart.judge import Judge
from tremor.explain.heart.plausibility import random_maps
from tremor.explain.heart.rows import ablation, difference, in_order, stability_by_class
from tremor.explain.heart.tokens import Seen, tokens

Make = Callable[..., Seen]
CLAIMS = read_claims()
JUDGE = Judge(CLAIMS, Faithfulness({"zero": Zero(), "noise": Noise(1)}, steps=3, orders=2))


def of_lead_two(x: Tensor) -> Tensor:
    """A model that looks at lead II alone."""
    return x[:, 1].square().sum(1) / 500


def test_one_row_a_method_with_documented_columns_alone(seen_with: Make) -> None:
    seen = seen_with()
    good = np.zeros(seen.signal.shape)
    good[1] = seen.signal[1] ** 2
    maps = {"good": good, "random": random_maps(seen, 1, 0)[0]}
    known = np.zeros(seen.signal.shape, bool)
    known[1] = True
    rows = JUDGE.judged(maps, seen, "SNR", of_lead_two, {"good": good}, known)
    assert list(rows) == ["good", "random"]
    for row in rows.values():
        assert set(row) <= set(EVALUATION)
        assert list(in_order(row, EVALUATION)) == list(EVALUATION)
    assert rows["good"]["truth_attauc"] == 1
    assert rows["good"]["strict_attauc_other"] == rows["good"]["strict_attauc"]
    assert rows["random"]["strict_attauc_other"] is None
    assert float(rows["good"]["faithfulness_gain"] or 0) > 0.3
    assert rows["good"]["strict_attauc_random"] == rows["random"]["strict_attauc_random"]


def test_a_record_without_peaks_is_still_deleted(seen_with: Make) -> None:
    seen = seen_with(quality=0.1)
    row = JUDGE.judged({"a": random_maps(seen, 1, 0)[0]}, seen, "AF", of_lead_two)["a"]
    assert row["strict_attauc"] is None
    assert row["n_tokens"] == 0
    assert "quality 0.10" in str(row["note"])
    assert row["deletion_auc"] is not None


def test_stability_rows_have_documented_columns(seen_with: Make) -> None:
    seen = seen_with()
    maps = {"a": random_maps(seen, 1, 0)[0]}
    extra = with_extra_beat(seen, 1)
    rows = JUDGE.stable(maps, maps, seen, "AF", extra, {"extra_prediction_stays": 1.0}, maps)
    assert set(rows["a"]) <= set(STABILITY)
    assert rows["a"]["augment_beat_index"] == extra.beat
    assert rows["a"]["extra_prediction_stays"] == 1


def table(count: int, better: float = 0.2) -> list[dict[str, float | str | None]]:
    rng = np.random.default_rng(0)
    return [
        {
            "class_name": "AF",
            "method": method,
            "scoring": "tremor",
            "stamp": "",
            "record_id": f"r{i}",
            "group": f"p{i // 2}",
            "strict_attauc": 0.6 + better * (method == "fused") + rng.normal() / 100,
            "strict_attauc_shifted": 0.5,
            "extra_spearman": None if i == 0 else 0.9 + rng.normal() / 100,
            "extra_spearman_other": 0.3,
        }
        for method in ("fused", "lime")
        for i in range(count)
    ]


def test_the_ablation_has_intervals_by_patient() -> None:
    fused, lime = ablation(table(20))
    assert (fused["method"], lime["method"]) == ("fused", "lime")
    assert (fused["n_records"], fused["n_groups"]) == (20, 10)
    assert fused["strict_attauc"] == pytest.approx(0.8, abs=0.01)
    assert float(fused["strict_attauc_low"] or 0) > 0.78
    beyond = float(fused["strict_attauc_beyond_shifted"] or 0)
    assert beyond == pytest.approx(float(fused["strict_attauc"] or 0) - 0.5)
    assert fused["strict_attauc_beyond_other"] is None
    assert ablation(table(8))[0]["strict_attauc_low"] is None  # 4 patients
    assert difference(table(20), "fused", "lime", "strict_attauc").above(0.15)
    assert not difference(table(20, 0.0), "fused", "lime", "strict_attauc").above(0)


def test_stability_by_class_has_mean_and_deviation() -> None:
    rows = table(20)
    fused, _ = stability_by_class(rows)
    known = [float(r["extra_spearman"] or 0) for r in rows[1:20]]
    assert fused["n_records"] == 19
    assert fused["extra_spearman_mean"] == pytest.approx(np.mean(known))
    assert fused["extra_spearman_sd"] == pytest.approx(np.std(known, ddof=1))
    assert fused["extra_spearman_beyond_other"] == pytest.approx(np.mean(known) - 0.3)
    assert fused["extra_rbo_mean"] is None


def test_cells_read_back_from_a_csv_are_the_same_cells() -> None:
    rows = table(20)
    read = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    assert ablation(read) == ablation(rows)


def test_an_undocumented_column_is_refused() -> None:
    with pytest.raises(Refused, match="colour"):
        in_order({"colour": 1}, EVALUATION)


def test_tokens_are_those_of_the_class(seen_with: Make) -> None:
    seen = seen_with()
    row = JUDGE.judged({"a": np.ones(seen.signal.shape)}, seen, "164889003", of_lead_two)["a"]
    assert row["n_tokens"] == tokens(seen, CLAIMS, CLAIMS.of("AF")).count
