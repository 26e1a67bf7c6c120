"""What is asked of a network of several heads, as it is typed."""

from __future__ import annotations

import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser

from tremor.config.overrides import loosen
from tremor.errors import Refused
from tremor.explain.questions import Decided, OfHead, ask, ask_of_one
from tremor.explain.targets import Contrast, OneClass, Predicted, Target, TrueClass

SIZES = ("Normal", "Moderate", "Large")
WINDS = ("Normal", "N", "E", "S", "W")
HEADS = {"magnitude": SIZES, "azimuth": WINDS}


@pytest.mark.parametrize(
    ("text", "target", "head", "told", "short"),
    [
        ("predicted", Predicted(), "magnitude", "magnitude:predicted", "magnitude"),
        (True, TrueClass(), "magnitude", "magnitude:true", "magnitude:true"),
        ("magnitude", Predicted(), "magnitude", "magnitude:predicted", "magnitude"),
        ("azimuth", Predicted(), "azimuth", "azimuth:predicted", "azimuth"),
        ("azimuth:true", TrueClass(), "azimuth", "azimuth:true", "azimuth:true"),
        ("azimuth:E", OneClass(2), "azimuth", "azimuth:E", "azimuth:E"),
        ("azimuth:2", OneClass(2), "azimuth", "azimuth:2", "azimuth:2"),
        *[
            (said, Contrast(1, 3), "azimuth", "contrast(azimuth:N,azimuth:S)", None)
            for said in ("contrast(azimuth:N,azimuth:S)", "contrast(azimuth:N, azimuth:S)")
        ],
    ],
)
def test_questions_are_read(
    text: str | bool, target: Target, head: str, told: str, short: str | None
) -> None:
    found = ask(text, SIZES, HEADS)
    places = {"magnitude": (0, 3), "azimuth": (3, 8)}[head]
    assert found.target == OfHead(target, *places)
    assert (found.head, found.text, found.classes) == (head, told, HEADS[head])
    assert found.short == (told if short is None else short)


def test_weights_lie_in_the_head_that_is_asked() -> None:
    logits = torch.tensor([9.0, 1.0, 0.0, 0.0, 2.0, 1.0, 5.0, 0.0])

    def weights(text: str, label: int | None = None) -> list[float]:
        return ask(text, SIZES, HEADS).target(logits, label).tolist()

    assert weights("predicted") == [1, 0, 0, 0, 0, 0, 0, 0]
    assert weights("azimuth") == [0, 0, 0, 0, 0, 0, 1, 0]
    assert weights("azimuth:true", 2) == [0, 0, 0, 0, 0, 1, 0, 0]
    assert weights("contrast(azimuth:N,azimuth:W)") == [0, 0, 0, 0, 1, 0, 0, -1]
    with pytest.raises(Refused, match="no label"):
        weights("azimuth:true")


def test_a_prediction_is_what_the_network_decides() -> None:
    """Its own way to decide sees the logits of all heads; other questions do not ask it."""

    def decide(logits: torch.Tensor) -> torch.Tensor:
        assert logits.tolist() == [[9.0, 1.0, 0.0, 0.0, 2.0, 1.0, 5.0, 0.0]]
        return torch.tensor([[1, 4]])

    logits = torch.tensor([9.0, 1.0, 0.0, 0.0, 2.0, 1.0, 5.0, 0.0])
    for text, column in (("predicted", 1), ("magnitude", 1), ("azimuth", 7)):
        found = ask(text, SIZES, HEADS, decide)
        assert torch.equal(found.target(logits, 0), torch.eye(8)[column])
        assert found.text.endswith(":predicted")
    assert ask("azimuth", SIZES, HEADS, decide).target == Decided(decide, 1, 3)
    for text in ("azimuth:E", "azimuth:true", "contrast(azimuth:N,azimuth:S)"):
        assert ask(text, SIZES, HEADS, decide) == ask(text, SIZES, HEADS)


@pytest.mark.parametrize("text", ["azimuth", "azimuth:NE", "contrast(azimuth:N,azimuth:S)"])
def test_hydra_reads_a_question_as_it_is_typed(text: str) -> None:
    (loose,) = loosen([f"target={text}"], groups=())
    (read,) = OverridesParser.create().parse_overrides([loose])
    assert read.value() == text


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("azimut", "'azimut' is no head", "target=azimuth"),
        ("E", "azimuth (Normal, N, E, S, W)", "target=azimuth:E"),
        ("Normal", "no head", "target=magnitude:Normal or target=azimuth:Normal"),
        ("azimuth=E", "no head", "target=azimuth:E"),
        ("azimuth:normal", "'normal' is no class of azimuth", "target=azimuth:Normal"),
        ("azimuth:5", "'5' is no class of azimuth", "target=azimuth"),
        ("azimuth:contrast", "is no class of azimuth", "target=azimuth"),
        ("contrast(azimuth:N,magnitude:Large)", "two heads", "contrast(azimuth:W,azimuth:Normal)"),
        ("contrast(azimuth,azimuth:S)", "two classes by name", "contrast(azimuth:W,azimuth:Norm"),
        ("contrast(azimuth:S,azimuth:S)", "one class with itself", ""),
        ("contrast(azimuth:S)", "no head", "target="),
    ],
)
def test_no_head_and_no_class_is_made_up(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(text, SIZES, HEADS)
    assert problem in refused.value.problem
    assert remedy in refused.value.remedy


def test_one_label_is_asked_as_ever() -> None:
    found = ask("predicted", SIZES, {})
    assert (found.target, found.text, found.short, found.head) == (Predicted(), "predicted", "", "")
    assert ask(True, SIZES, {}).text == "true"
    assert ask("Large", SIZES, {}).target == OneClass(2)
    assert ask("Large", SIZES, {}).classes == SIZES


LABELS = ("AF", "SNR", "1AVB")


@pytest.mark.parametrize(("text", "place"), [("AF", 0), ("SNR", 1), (1, 1), ("1AVB", 2), ("2", 2)])
def test_one_of_several_classes_at_once_is_a_question_of_its_own(
    text: str | int, place: int
) -> None:
    found = ask_of_one(text, LABELS)
    name = LABELS[place]
    assert found.target == OneClass(place)
    assert (found.text, found.head, found.short) == (name, name, name)
    assert found.classes == (f"not {name}", name)
    assert found.target(torch.zeros(3), 0).tolist() == [float(k == place) for k in range(3)]


@pytest.mark.parametrize("text", ["predicted", True, "contrast(AF,SNR)"])
def test_of_several_classes_at_once_none_is_the_predicted_one(text: str | bool) -> None:
    with pytest.raises(Refused, match="means nothing") as refused:
        ask_of_one(text, LABELS)
    assert refused.value.remedy == "target=AF or target=SNR or target=1AVB"


@pytest.mark.parametrize(("text", "remedy"), [("SRN", "target=SNR"), ("3", "target=AF")])
def test_a_class_that_is_none_is_refused(text: str, remedy: str) -> None:
    with pytest.raises(Refused, match="is no class of this network") as refused:
        ask_of_one(text, LABELS)
    assert refused.value.remedy.startswith(remedy)
