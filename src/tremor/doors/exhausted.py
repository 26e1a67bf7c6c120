"""Errors of a machine that has run out of something, told as what to do about it."""

from __future__ import annotations

import re

from tremor.errors import TremorError

SMALLER = "dataset.batch_size=<half> with trainer.accumulate_grad_batches=2 keeps the step the same"
SIGNS = (
    (
        r"DataLoader worker.*(killed by signal|exited unexpectedly)",
        "a process that reads records was killed, as a system does when its memory runs out",
        f"loader.num_workers=0, or less at once: {SMALLER}; resume=<run> goes on",
    ),
    (
        r"CUDA out of memory|MPS backend out of memory",
        "the memory of the device is full",
        f"{SMALLER}; trainer.precision=bf16-mixed and model.gradient_checkpointing=true take less",
    ),
    (
        r"not enough memory|can't allocate memory|Unable to allocate|^MemoryError",
        "the memory of this machine is full",
        f"{SMALLER}; loader.num_workers=0 takes less",
    ),
)
"""What an error says, what it means, and what to do."""


def exhausted(error: Exception) -> TremorError | None:
    """The error in a user's words, if that is what it is about."""
    said = f"{type(error).__name__}: {error}" if isinstance(error, MemoryError) else str(error)
    for sign, meaning, remedy in SIGNS:
        if re.search(sign, said, re.DOTALL):
            return TremorError(meaning, said.strip().splitlines()[-1][:200], remedy)
    return None
