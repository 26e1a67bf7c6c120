"""What the explain benchmarks explain: a trained station CNN and a trained ConvNeXt.

    python simple_train.py experiment=stations/cnn dataset.source=synthetic trainer.max_epochs=6
    python benchmarks/explain_subjects.py

The first trains the CNN; the second a ConvNeXt of timm on the same spectrograms, and both are kept
in outputs/benchmarks for the measurements.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "outputs" / "benchmarks"
SHAPE = (3, 33, 96)  # component, frequency, frame


@dataclass(frozen=True)
class Subject:
    """A network from spectrograms to logits, and what it was trained and is tested on."""

    name: str
    predict: nn.Module
    train: Tensor  # (record, component, frequency, frame)
    test: Tensor
    labels: Tensor

    def right(self, many: int) -> list[int]:
        """Test records that it gets right, by turns of either class."""
        with torch.inference_mode():
            said = torch.cat([self.predict(part) for part in self.test.split(32)]).argmax(1)
        by_class = [
            ((said == label) & (self.labels == label)).nonzero()[:, 0].tolist() for label in (0, 1)
        ]
        return [record for both in zip(*by_class, strict=False) for record in both][:many]


class Spectra(nn.Module):
    """The station CNN without its encoder."""

    def __init__(self, model: nn.Module, decoder: nn.Module):
        super().__init__()
        self.model, self.decoder = model, decoder

    def forward(self, x: Tensor) -> Tensor:
        steps = torch.full((len(x),), x.shape[-1])
        return self.decoder(*self.model(x, steps))  # type: ignore[no-any-return]


class Doubled(nn.Module):
    """A picture network on spectrograms at twice their height and width."""

    def __init__(self, body: nn.Module):
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        larger = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        return self.body(larger)  # type: ignore[no-any-return]


def station_cnn() -> Subject:
    """The newest trained station CNN."""
    kept = torch.load(KEPT / "station_cnn.pt", weights_only=True)
    from tremor.network.decoders.pooled import PooledLinear
    from tremor.network.models.station_cnn import StationCNN

    model = StationCNN(SHAPE)
    network = Spectra(model, PooledLinear(model.out_shape, 2))
    return _subject("station CNN", network, kept)


def convnext() -> Subject:
    """ConvNeXt (atto) trained on the spectrograms of the station CNN."""
    kept = torch.load(KEPT / "convnext.pt", weights_only=True)
    return _subject("ConvNeXt atto", _convnext(), kept)


SUBJECTS: dict[str, Callable[[], Subject]] = {"station_cnn": station_cnn, "convnext": convnext}


def _subject(name: str, network: nn.Module, kept: dict[str, Any]) -> Subject:
    network.load_state_dict(kept["weights"])
    data = torch.load(KEPT / "spectrograms.pt", weights_only=True)
    network.eval().requires_grad_(False)
    return Subject(name, network, data["train"], data["test"], data["test_labels"])


def _convnext() -> nn.Module:
    import timm

    return Doubled(timm.create_model("convnext_atto", num_classes=2, drop_path_rate=0.1))


def keep_cnn() -> None:
    """The newest run's spectrograms, as its network sees them, and the rest of the network."""
    from tremor.doors.data import open_data
    from tremor.training import checkpoints
    from tremor.training.assemble import restore

    runs = sorted((ROOT / "outputs" / "station_cnn").glob("*/checkpoints/best.ckpt"))
    content = checkpoints.load(runs[-1])
    config = content["tremor"]["config"]
    data, task = open_data(config), restore(config, content).eval()
    found: dict[str, Tensor] = {}
    with torch.inference_mode():
        for part in ("train", "test"):
            batches = [*data.module.loader(part)]
            spectra = [task.network.encoder(task.prepared(b), b.length)[0] for b in batches]
            found[part] = torch.cat(spectra).clone()
            found[f"{part}_labels"] = torch.cat([b.y for b in batches])
    KEPT.mkdir(parents=True, exist_ok=True)
    torch.save(found, KEPT / "spectrograms.pt")
    network = Spectra(task.network.model, task.network.decoder)
    torch.save({"weights": network.state_dict()}, KEPT / "station_cnn.pt")


def train_convnext(epochs: int = 6, size: int = 32) -> None:
    """AdamW with one cycle; the accuracy on the test part is printed."""
    torch.manual_seed(0)
    data = torch.load(KEPT / "spectrograms.pt", weights_only=True)
    x, y, network = data["train"], data["train_labels"], _convnext()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    steps = epochs * (len(x) // size)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for epoch in range(epochs):
        network.train()
        for rows in torch.randperm(len(x))[: len(x) // size * size].split(size):
            loss = nn.functional.cross_entropy(network(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
        network.eval()
        with torch.inference_mode():
            said = torch.cat([network(part) for part in data["test"].split(size)]).argmax(1)
        right = float((said == data["test_labels"]).double().mean())
        print(
            f"epoch {epoch}: loss {float(loss.detach()):.3f}, test accuracy {right:.3f}", flush=True
        )
    torch.save({"weights": network.state_dict()}, KEPT / "convnext.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"cnn": keep_cnn, "convnext": train_convnext}[sys.argv[1]]() if sys.argv[1:] else [
        make() for make in (keep_cnn, train_convnext)
    ]
