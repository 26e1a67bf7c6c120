"""Who the patients of the synthetic heart are, what they have, and where they were recorded.

Nothing in it but the codes tells what a patient has: age, sex, length and (without a bias) the
hospital know nothing of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.data.synthetic.heart_noise import HOSPITALS

CODES = {
    "SNR": "426783006",
    "AF": "164889003",
    "IAVB": "270492004",
    "RBBB": "59118001",
    "LBBB": "164909002",
}
"""SNOMED CT: sinus rhythm, atrial fibrillation, first-degree AV block, complete bundle blocks."""
AF_SHARES = {0.0: 0.60, 0.5: 0.14, 1.0: 0.26}
"""In how many of their records patients fibrillate, and the share of such patients."""
BLOCK_SHARES = {"": 0.50, "RBBB": 0.25, "LBBB": 0.25}
SLOW_SHARE = 0.35  # of patients whose AV node is slow, which shows in sinus rhythm alone
LONGEST = 2.0  # times `duration` that longer records last at most


def drawn(rng: np.random.Generator, patients: int, each: int, hospital_bias: float) -> pd.DataFrame:
    """One row a record: names, codes, who, where, and `stretch`, times the usual length."""
    people = _people(rng, patients)
    table = people.loc[people.index.repeat(each)].reset_index(drop=True)
    count = len(table)
    number = np.arange(count) % each
    names = [f"{who}_{k}" for who, k in zip(table["group"], number, strict=True)]
    fibrillates = rng.uniform(size=count) < table.pop("af").to_numpy()
    slow, block = table.pop("slow").to_numpy(), table.pop("block").to_numpy()
    dx = [_codes(*row) for row in zip(fibrillates, slow, block, strict=True)]
    table.insert(0, "record_id", names)
    table.insert(2, "label", [list(CODES.values()).index(codes[0]) for codes in dx])
    table.insert(3, "dx", ["|".join(codes) for codes in dx])
    tied = rng.uniform(size=count) < hospital_bias
    usual = np.where(fibrillates, 0, len(HOSPITALS) - 1)
    table["hospital"] = np.where(tied, usual, table["hospital"])
    table["stretch"] = rng.uniform(1.05, LONGEST, count)
    table["drawn_longer"] = rng.uniform(size=count)
    return table


def _people(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """One row a patient; blocks stay for life, and fibrillation comes and goes with some."""
    return pd.DataFrame(
        {
            "group": [f"S{number:05d}" for number in range(count)],
            "af": rng.choice(list(AF_SHARES), count, p=list(AF_SHARES.values())),
            "slow": rng.uniform(size=count) < SLOW_SHARE,
            "block": rng.choice(list(BLOCK_SHARES), count, p=list(BLOCK_SHARES.values())),
            "age": rng.integers(20, 91, count).astype(float),
            "sex": rng.choice(["male", "female"], count),
            "hospital": rng.integers(0, len(HOSPITALS), count),
        }
    )


def _codes(fibrillates: bool, slow: bool, block: str) -> list[str]:
    """The codes of a record: its rhythm first."""
    names = ["AF"] if fibrillates else ["SNR", "IAVB"] if slow else ["SNR"]
    return [CODES[name] for name in (*names, block) if name]


def names_of(dx: str) -> tuple[str, ...]:
    """The classes of codes that are joined by `|`."""
    known = {code: name for name, code in CODES.items()}
    return tuple(known[code] for code in dx.split("|"))
