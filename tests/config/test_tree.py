"""The tree itself: every node is the call it makes, every experiment composes, no key is dead."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from opened import load_script

from tremor.config.build import RESERVED, locate
from tremor.config.check import matching, nodes
from tremor.config.overrides import groups_of
from tremor.config.resolve import leaves, plain
from tremor.config.roots import EXTRAS, RUNTIME, TrainRoot
from tremor.config.signature import signature_of
from tremor.doors.checking import CONFIGS, ROOTS, problems_of

GROUPS = groups_of(CONFIGS)
CHOICES = [
    (g, c) for g, cs in GROUPS.items() for c in cs if g.split("/")[0] not in ("hydra", "experiment")
]
PRETRAIN = ["train=pretrain", "evaluation=pretraining"]
HEADS = ["task=multitask", "decoder=multitask", "evaluation=multitask"]
LABELS = ["task=multilabel", "evaluation=multilabel"]
NEEDED = {
    "waveform_pickle": ["dataset.paths=[a.pkl]"],
    "seisbench": ["dataset.paths=[a]", "task=contrastive", "decoder=per_step", *PRETRAIN],
    "synthetic_sequence": ["task=contrastive", "decoder=per_step", *PRETRAIN],
    "contrastive": ["decoder=per_step", *PRETRAIN],
    "masked_reconstruction": ["decoder=reconstruct", *PRETRAIN],
    "per_step": ["task=contrastive", *PRETRAIN],
    "reconstruct": ["task=masked_reconstruction", *PRETRAIN],
    "pretrain": ["task=contrastive", "decoder=per_step", "evaluation=pretraining"],
    "pretraining": ["task=contrastive", "decoder=per_step", "train=pretrain"],
    "image": ["dataset=image_folder"],
    "geomagnetic": ["dataset=geomagnetic", *HEADS],
    "image_table": [*HEADS, "encoder=image"],
    "multitask": ["dataset=geomagnetic", *HEADS],
    "multilabel": ["dataset=synthetic_ecg", *LABELS],
    "physionet": LABELS,
    "synthetic_ecg": LABELS,
    "hierarchical": ["dataset=geomagnetic", *HEADS[::2]],
}
EXPERIMENTS = GROUPS["experiment"]
SPLITS = (
    *("random", "stratified", "by_folder", "kfold", "leave_event_out", "leave_station_out"),
    *("temporal", "temporal_published", "time_forward"),
)


@pytest.fixture(autouse=True, scope="module")
def _hydra() -> Iterator[None]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        yield


@functools.cache
def once(root: str, overrides: tuple[str, ...]) -> DictConfig:
    """A composed tree, which no test may change: several ask for the same."""
    return compose(root, overrides=list(overrides))


def composed(*overrides: str, root: str = "train") -> tuple[dict[str, Any], dict[str, Any]]:
    return plain(once(root, overrides))


def together(group: str, choice: str) -> list[str]:
    """A choice, and those of other groups without which it cannot be."""
    others = [need for need in NEEDED.get(choice, []) if not need.startswith(f"{group}=")]
    return [f"{group}={choice}", *others]


def root_of(group: str) -> str:
    """The root that composes a group."""
    return "explain" if group in ("explainer", "run_mode") else "train"


@functools.cache
def every_node() -> dict[tuple[str, str], dict[str, Any]]:
    """Each node of each choice of each group, once: by path and target."""
    found = {}
    for group, choice in CHOICES:
        tree, _ = composed(*together(group, choice), root=root_of(group))
        found |= {(path, node["_target_"]): node for path, node in nodes(tree)}
    return found


def test_keys_equal_the_signature() -> None:
    """Every parameter that a user may set is listed, and nothing else is."""
    for (path, target), node in every_node().items():
        settable = signature_of(target).settings.keys() - set(matching(RUNTIME, path))
        keys = node.keys() - set(RESERVED)
        assert keys == settable | set(matching(EXTRAS, path)), (path, target)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes_and_passes_the_check(experiment: str) -> None:
    files = experiment.startswith(("seismic_lstm", "contrastive"))
    needed = ["++dataset.paths=[a]"] if files and "tiny" not in experiment else []
    config = once("train", (f"experiment={experiment}", *needed))
    assert problems_of(config, TrainRoot)[0] == []


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=str)
def test_every_choice_of_every_group_passes_the_check(group: str, choice: str) -> None:
    root, chosen = root_of(group), together(group, choice)
    config = once(root, tuple(chosen))
    if root == "explain":
        config = OmegaConf.merge(config, {"checkpoint": "a"})
    assert problems_of(config, ROOTS[root])[0] == []


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_experiments_are_short_differences(experiment: str) -> None:
    lines = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 15


def own_parameters() -> set[tuple[str, str]]:
    """Every settable parameter of every node that is our own code."""
    found = set()
    for path, target in every_node():
        if target.startswith("tremor."):
            runtime = set(matching(RUNTIME, path))
            found |= {(target, name) for name in signature_of(target).settings.keys() - runtime}
    return found


@functools.cache
def body_names(target: str) -> set[str]:
    """Names that the code behind a target reads."""
    thing = locate(target)
    classes = thing.__mro__ if inspect.isclass(thing) else ()
    own = [c for c in classes if c.__module__.startswith("tremor.")]
    code = [inspect.getmodule(c) for c in own] if own else [thing]
    names: set[str] = set()
    for part in code:
        tree = ast.parse(textwrap.dedent(inspect.getsource(part)))  # type: ignore[arg-type]
        read = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
        names |= {n.id for n in read if isinstance(n.ctx, ast.Load)}
        names |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return names


def is_read(target: str, name: str) -> bool:
    """Whether the code reads a parameter; splits share one signature, one of them is enough."""
    module = target.rpartition(".")[0]
    readers = SPLITS if module == "tremor.data.splits" else [target.split(".")[-1]]
    return any(name in body_names(f"{module}.{reader}") for reader in readers)


def test_no_parameter_is_dead() -> None:
    parameters = own_parameters()
    assert len(parameters) > 300
    assert [pair for pair in sorted(parameters) if not is_read(*pair)] == []


def test_plain_keys_that_users_know_are_where_they_expect_them() -> None:
    keys = dict(leaves(composed()[0]))
    for key in [
        "model.pretrained",
        "model.freeze",
        "encoder.freeze",
        "train.unfreeze_at_epoch",
        "train.unfrozen_lr_mult",
        "train.label_smoothing",
        "dataset.num_classes",
        "dataset.train_frac",
        "dataset.batch_size",
        "loader.batch_size",
        "dataset.amp_norm_type",
        "decoder.num_classes",
        "decoder.dropout",
        "model.dropout",
        "optimizer.lr",
        "scheduler.warmup_fraction",
        "experiment_name",
    ]:
        assert key in keys


def test_the_table_of_keys_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    script = load_script("config_table")
    monkeypatch.setattr(script, "compose", lambda root, overrides: once(root, tuple(overrides)))
    monkeypatch.setattr(script, "initialize_config_dir", lambda *_, **__: nullcontext())
    page = (CONFIGS.parent / "docs" / "config.md").read_text()
    assert script.page() == page, "run `make docs`"
    assert all(
        f"`{key}`" in page
        for key, _ in leaves(composed()[1])
        if "target_" not in key and "_partial_" not in key
    )


def test_the_tree_stays_small() -> None:
    assert len(list(Path(CONFIGS).rglob("*.yaml"))) <= 140
