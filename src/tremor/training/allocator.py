"""Keep freed memory instead of giving it back: fresh pages are a main cost of tensors on a CPU."""

from __future__ import annotations

import ctypes
import os
import platform

SWITCH = "TREMOR_ALLOCATOR"
MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
LARGE, NEVER, PAD = 2**31 - 1, -1, 64 << 20


def keep_memory() -> str:
    """Raise glibc's thresholds for returning memory; says what is in force, for the provenance.

    `TREMOR_ALLOCATOR=system` leaves the allocator as it is.
    """
    if os.environ.get(SWITCH) == "system" or platform.libc_ver()[0] != "glibc":
        return "system"
    libc = ctypes.CDLL(None)
    wishes = ((MMAP_THRESHOLD, LARGE), (TRIM_THRESHOLD, NEVER), (TOP_PAD, PAD))
    granted = [libc.mallopt(ctypes.c_int(name), ctypes.c_int(value)) for name, value in wishes]
    return "glibc, memory kept" if all(granted) else "glibc, thresholds refused"
