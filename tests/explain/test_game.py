"""A game is the score of a masked record."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.fills import Mean, Samples, Zero
from tremor.explain.game import masked, of_arrays
from tremor.explain.players import components, time_windows
from tremor.explain.targets import Contrast, OneClass, Predicted, TrueClass

torch.manual_seed(0)
RECORD = torch.randn(2, 12)
PLAYERS = time_windows((2, 12), 4)
WEIGHTS = torch.randn(24, 3)


def predict(x: Tensor) -> Tensor:
    return x.flatten(1).tanh() @ WEIGHTS


def test_absent_players_are_filled() -> None:
    game = masked(predict, RECORD, PLAYERS, Mean(torch.tensor(0.3)), OneClass(1))
    found = game(torch.tensor([[True, False, True], [False, False, False]]))
    by_hand = RECORD.clone()
    by_hand[:, 4:8] = 0.3
    assert float(found[0]) == pytest.approx(float(predict(by_hand[None])[0, 1]), abs=1e-5)
    assert float(found[1]) == pytest.approx(game.empty, abs=1e-5)
    assert game.full == pytest.approx(float(predict(RECORD[None])[0, 1]), abs=1e-5)


def test_worth_is_the_mean_over_backgrounds() -> None:
    others = torch.randn(5, 2, 12)
    masks = torch.tensor([[False, True, False], [False, False, False], [True, True, True]])
    mixed = others.clone()
    mixed[:, :, 4:8] = RECORD[:, 4:8]
    by_hand = [float(predict(x)[:, 0].mean()) for x in (mixed, others, RECORD[None])]
    for batch in (3, 12, 100):
        game = masked(predict, RECORD, PLAYERS, Samples(others, 5), OneClass(0), batch=batch)
        assert game(masks).tolist() == pytest.approx(by_hand, abs=1e-5)
    assert game.empty == pytest.approx(float(predict(others)[:, 0].mean()), abs=1e-5)


def test_evaluations_are_those_of_the_model() -> None:
    seen: list[int] = []

    def counting(x: Tensor) -> Tensor:
        seen.append(len(x))
        return predict(x)

    game = masked(
        counting, RECORD, PLAYERS, Samples(torch.randn(4, 2, 12), 4), OneClass(0), batch=8
    )
    assert game.evaluations == sum(seen) == 5
    game(torch.rand(11, 3) < 0.5)
    assert game.evaluations == sum(seen) == 5 + 11 * 4
    assert max(seen) <= 8


def test_targets_are_sums_of_logits() -> None:
    known = predict(RECORD[None])[0]
    scores = {
        Predicted(): known.max(),
        TrueClass(): known[2],
        OneClass(0): known[0],
        Contrast(0, 2): known[0] - known[2],
    }
    for target, wanted in scores.items():
        game = masked(predict, RECORD, PLAYERS, Zero(), target, label=2)
        assert game.full == pytest.approx(float(wanted), abs=1e-5)


def test_functions_of_arrays_are_explained_too() -> None:
    def foreign(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.tanh(x.reshape(len(x), -1)) @ WEIGHTS.numpy())

    masks = torch.tensor([[True, False, True]])
    ours, theirs = (
        masked(p, RECORD, PLAYERS, Zero(), OneClass(0))(masks)
        for p in (predict, of_arrays(foreign))
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"target": OneClass(3)}, "class 3"),
        ({"target": TrueClass()}, "no label"),
        ({"predict": lambda x: x}, "gave shape"),
        ({"predict": lambda x: predict(x) / 0}, "not finite"),
        ({"predict": nn.Dropout()}, "training mode"),
        ({"players": components((3, 12))}, "players for inputs"),
    ],
)
def test_what_cannot_be_played_is_refused(given: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {
        "predict": predict,
        "record": RECORD,
        "players": PLAYERS,
        "fill": Zero(),
        "target": Predicted(),
    }
    with pytest.raises(Refused, match=words):
        masked(**(usual | given))  # type: ignore[arg-type]
