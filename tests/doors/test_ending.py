"""What a run says at its end."""

from __future__ import annotations

from tremor.doors.ending import _to_sweep


def test_a_sweep_over_seeds_takes_the_overrides_but_for_seed_and_plain_ddp() -> None:
    typed = ["model=lstm", "seed=3", "trainer.devices=4", "trainer.strategy=ddp"]
    spawned = ["model=lstm", "trainer.devices=4", "trainer.strategy=ddp_spawn"]
    assert _to_sweep(typed) == spawned
    assert _to_sweep(["trainer.strategy=fsdp"]) == ["trainer.strategy=fsdp"]
