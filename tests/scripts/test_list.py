"""The listing of what there is to choose."""

from __future__ import annotations

import pytest
from opened import load_script


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert load_script("list").main(list(words)) == 0
    return capsys.readouterr().out


def test_experiments_stand_under_their_systems(capsys: pytest.CaptureFixture[str]) -> None:
    lines = listed(capsys).splitlines()
    assert lines.index("ecg") < lines.index("geomagnetic") < lines.index("seismic lstm")
    assert any(line.startswith("  experiment=ecg/demo") for line in lines)


def test_models_tell_which_systems_choose_them(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [line for line in listed(capsys, "models").splitlines() if "=ecg_resnet " in line]
    assert "residual 1-D CNN" in line
    assert "[ecg]" in " ".join(listed(capsys, "model", "ecg_resnet").split())


def test_words_choose_lines(capsys: pytest.CaptureFixture[str]) -> None:
    told = listed(capsys, "explainers", "owen", "maps")
    assert "explainer=guided_owen" in told
    assert "explainer=lime" not in told
    assert "python explain.py --help explainer=" in told


@pytest.mark.parametrize(
    ("words", "said"), [(["modles"], "list.py model"), (["model", "zzz"], "fewer words")]
)
def test_what_is_not_there_is_said(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert load_script("list").main(words) == 2
    assert said in capsys.readouterr().err
