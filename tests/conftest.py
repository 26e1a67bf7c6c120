"""What all tests share: one thread, own caches, small record sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from worlds import Numbers

from tremor.data.cache import open_records
from tremor.data.records import RecordSet

os.environ["OMP_NUM_THREADS"] = "1"  # of runs in processes of their own
torch.set_num_threads(1)
settings.register_profile("search", deadline=None)  # --hypothesis-profile=search: new examples
settings.register_profile("house", deadline=None, derandomize=True)  # a busy machine is no fault
settings.load_profile("house")
SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole modules in two hands of as many tests, in each those with long tests first.

    `--dist worksteal` gives half of the tests to each of two processes; short ones end the run.
    """
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.path, []).append(item)
    long = {item.path for item in items if item.get_closest_marker("slow")}
    hands: tuple[list[pytest.Item], ...] = ([], [])
    for path in sorted(modules, key=lambda path: (path not in long, -len(modules[path]))):
        min(hands, key=len).extend(modules[path])
    items[:] = chain.from_iterable(sorted(hands, key=len, reverse=True))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the user's cache, account or thread count."""
    monkeypatch.setenv("TREMOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real records; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real records are not here ({SHARED})")
    return SHARED


@pytest.fixture
def numbers(tmp_path: Path) -> Callable[..., RecordSet]:
    """Makes a record set of `Numbers`."""
    return lambda **settings: open_records(Numbers(**settings), str(tmp_path / "cache"))[0]
