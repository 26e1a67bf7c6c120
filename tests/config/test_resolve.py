"""Trees as plain dicts: what is resolved, what stays text, who reads whom."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from tremor.config.resolve import leaves, origin, plain, put, references, select
from tremor.errors import Refused

TREE = """
seed: 3
home: ${oc.env:SOMEWHERE,'far'}
dataset: {batch_size: 8, paths: "???", empty: {}}
loader: {batch_size: "${dataset.batch_size}", paths: "${dataset.paths}", name: "a.${seed}"}
again: {batch_size: "${loader.batch_size}"}
"""


def test_resolved_and_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEWHERE", "near")
    resolved, raw = plain(OmegaConf.create(TREE))
    assert resolved["loader"] == {"batch_size": 8, "paths": "???", "name": "a.3"}
    assert raw["loader"]["batch_size"] == "${dataset.batch_size}"
    assert type(resolved["dataset"]) is dict
    assert resolved["dataset"]["empty"] == {}


def test_the_environment_is_fixed_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEWHERE", "near")
    resolved, raw = plain(OmegaConf.create(TREE))
    assert resolved["home"] == raw["home"] == "near"


def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(Refused, match=r"^error: a\.b"):
        plain(OmegaConf.create({"a": {"b": "${no.such}"}}))


def test_who_reads_whom() -> None:
    raw = plain(OmegaConf.create(TREE))[1]
    assert references(raw)["dataset.batch_size"] == ["loader.batch_size"]
    assert origin(raw, "again.batch_size") == "dataset.batch_size"
    assert origin(raw, "seed") == "seed"


def test_put_select_and_leaves_agree() -> None:
    tree: dict[str, object] = {"a": 1}
    put(tree, "b.c.d", 2)
    assert select(tree, "b.c.d") == 2
    assert select(tree, "b.x.d") is None
    assert dict(leaves(tree)) == {"a": 1, "b.c.d": 2}
