"""Values that are typed or written into a config file come back as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from tremor.config import catalogue
from tremor.config.overrides import is_sweep, parse, quoted, sweep
from tremor.config.resolve import leaves, plain, put, select

QUICK = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = "aZ019 _-./\\'\"=,:;#@()[]{}~+*!?%&|<>éß北\t$"
TEXT = st.text(LETTERS, max_size=12).filter(lambda text: "${" not in text)
NUMBER = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
WORD = st.sampled_from(["null", "true", "NaN", "inf", "1e-3", "2020-01-02", "1:30", "007", "0x1"])
KEY = st.text("abcxyz_", min_size=1, max_size=6)
LEAF = NUMBER | st.booleans() | st.none() | TEXT | WORD
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3)
)


@given(text=TEXT | WORD)
@QUICK
def test_a_quoted_text_is_read_as_itself(text: str) -> None:
    assert parse([f"dataset.station={quoted(text)}"]) == {"dataset.station": text}


@given(texts=st.lists(TEXT | WORD, min_size=2, max_size=4))
@QUICK
def test_a_sweep_over_texts_has_each_of_them(texts: list[str]) -> None:
    typed = sweep("dataset.station=glob(*)", texts)
    assert is_sweep(typed)
    assert typed == "dataset.station=" + ",".join(map(quoted, texts))


@given(number=NUMBER)
@QUICK
def test_a_typed_number_is_read_as_itself(number: float) -> None:
    (found,) = parse([f"optimizer.lr={number!r}"]).values()
    assert (found, type(found)) == (number, type(number))


@given(tree=st.dictionaries(KEY, TREE, max_size=4))
@QUICK
def test_a_config_file_is_read_back(tmp_path: Path, tree: dict[str, Any]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(OmegaConf.to_yaml(OmegaConf.create(tree)), encoding="utf-8")
    catalogue.content.cache_clear()
    assert catalogue.content(path) == tree


@given(number=st.floats(1e-12, 1e12), exponent=st.booleans())
@QUICK
def test_a_number_of_a_config_file_is_one_however_it_is_written(
    tmp_path: Path, number: float, exponent: bool
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"lr: {number:.17e}\n" if exponent else f"lr: {number!r}\n")
    catalogue.content.cache_clear()
    assert catalogue.content(path) == {"lr": number}


@given(tree=st.dictionaries(KEY, TREE, min_size=1, max_size=4))
@QUICK
def test_a_tree_without_references_stays_as_it_is(tree: dict[str, Any]) -> None:
    resolved, raw = plain(OmegaConf.create(tree))
    assert raw == tree
    assert resolved == tree


@given(tree=st.dictionaries(KEY, TREE, min_size=1, max_size=4))
@QUICK
def test_leaves_make_the_tree_again(tree: dict[str, Any]) -> None:
    made: dict[str, Any] = {}
    for key, value in leaves(tree):
        assert select(tree, key) == value
        put(made, key, value)
    assert made == tree
