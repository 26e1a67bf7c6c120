"""`model.compile=true`: operations of the model fused, its weights' names unchanged."""

from __future__ import annotations

import logging
import os
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tremor.config.build import Plain
from tremor.errors import Refused, TremorError
from tremor.tasks.base import Task
from tremor.training.assemble import device_of

KEY = "model.compile"
HOW: dict[str, Any] = {}  # as torch compiles by itself
COMPILERS = ("torch._dynamo", "torch._inductor")
"""Where torch's own errors of compiling come from."""


def refuse_uncompilable(config: Plain) -> None:
    """Refuse to compile on a CPU without what that needs, before any data are read."""
    if not _asked(config) or device_of(config["trainer"]["accelerator"]) != "cpu":
        return
    compiler = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
    if compiler is None:
        raise Refused(f"{KEY}=true needs a C++ compiler (g++ or clang++)", KEY, f"{KEY}=false")
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        fault = f"{KEY}=true needs Python's headers, there is no {header}"
        raise Refused(fault, KEY, f"{KEY}=false")


def compile_model(task: Task, config: Plain) -> None:
    """Compile in place; it happens at the first step, and again for other lengths of records.

    Where it goes on without fusing, torch would tell of it in a page of warnings.
    """
    if _asked(config):
        logging.getLogger("torch._dynamo").setLevel(logging.ERROR)
        task.network.model.compile(**HOW)


@contextmanager
def told_of_compiling() -> Iterator[None]:
    """Say it in one line where torch cannot compile: it happens long after all is built."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(COMPILERS):
            raise
        reason = " ".join(str(error).split("Set TORCHDYNAMO_VERBOSE")[0].split())[:300]
        fault = f"torch cannot compile the model: {reason}"
        remedy = f"{KEY}=false; or mend the compiler (CXX names another one)"
        raise TremorError(fault, KEY, remedy) from error


def _asked(config: Plain) -> bool:
    return bool(config["model"].get("compile"))
