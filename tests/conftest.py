"""What all tests share: one thread, own caches, small record sets."""

from __future__ import annotations

import os
from collections.abc import Callable
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
    """Modules with long tests first, so that no process is left with one at the end."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


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
