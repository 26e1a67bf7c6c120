"""Attention over the last map: its size, its start, what it can learn, what pools it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tremor.errors import Refused
from tremor.explain.estimators.cams import GradCAM
from tremor.explain.estimators.head_cam import HeadCAM
from tremor.explain.estimators.layers import place
from tremor.network.decoders.pooled import PooledLinear
from tremor.network.layers.cbam import CBAM
from tremor.network.models.timm_model import TimmModel

LENGTH = torch.tensor([64, 64])


def attended(name: str = "convnext_atto", size: int = 64) -> TimmModel:
    return TimmModel((3, size, size), name, (size, size), attention="cbam")


def stirred(part: nn.Module) -> nn.Module:
    """With weights as after some learning."""
    with torch.no_grad():
        for weight in part.parameters():
            weight.normal_(std=0.3)
    return part


def test_it_has_the_parameters_of_the_published_one() -> None:
    """73,827 for the 768 features of ConvNeXt-Tiny."""
    assert sum(p.numel() for p in CBAM(768).parameters()) == 73_827


def test_it_weighs_features_and_then_cells_as_published() -> None:
    torch.manual_seed(0)
    attention = stirred(CBAM(32, reduction=8))
    x = torch.randn(2, 32, 5, 6)
    inner, outer = (attention.by_feature.shared[n].weight[:, :, 0, 0] for n in (0, 2))
    said = sum((seen @ inner.T).relu() @ outer.T for seen in (x.mean((2, 3)), x.amax((2, 3))))
    by_feature = x * 2 * torch.sigmoid(said)[..., None, None]
    around = attention.by_cell.around
    seen = torch.stack([by_feature.mean(1), by_feature.amax(1)], 1)
    by_cell = torch.nn.functional.conv2d(seen, around.weight, around.bias, padding=3)
    torch.testing.assert_close(attention(x), by_feature * 2 * torch.sigmoid(by_cell))


@pytest.mark.parametrize("size", [(1, 1), (2, 9)])
def test_maps_of_any_size_and_few_features_are_taken(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size)
    assert torch.equal(CBAM(3)(x), x)


@pytest.mark.parametrize(
    "name", ["convnext_atto", "test_efficientnet", "swin_tiny_patch4_window7_224"]
)
def test_it_starts_as_the_model_without_it(name: str) -> None:
    """Whatever the weights of the model are, and whichever way its maps lie."""
    size = 224 if name.startswith("swin") else 64
    torch.manual_seed(0)
    plain = TimmModel((3, size, size), name, (size, size)).eval()
    torch.manual_seed(0)
    with_it = attended(name, size).eval()
    x = torch.randn(2, 3, size, size)
    assert with_it.out_shape == plain.out_shape
    assert torch.equal(with_it(x, LENGTH)[0], plain(x, LENGTH)[0])
    names = plain.state_dict().keys()
    assert {n for n in with_it.state_dict() if not n.startswith("attention.")} == set(names)


def test_it_learns_all_of_it() -> None:
    torch.manual_seed(0)
    model, head = attended(), PooledLinear((320, 1), 2)
    parts = nn.ModuleList([model, head])
    optimizer = torch.optim.AdamW(parts.parameters(), 1e-3)
    x, y = torch.randn(2, 3, 64, 64), torch.tensor([0, 1])
    before = [p.detach().clone() for p in model.attention.parameters()]
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy(head(*model(x, LENGTH)), y).backward()
        optimizer.step()
    after = [p.detach() for p in model.attention.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_models_of_tokens_are_refused() -> None:
    with pytest.raises(Refused, match="17 x 64 and no map") as refused:
        attended("test_vit")
    assert refused.value.remedy == "model.attention=none"


def test_a_map_too_large_to_be_tried_is_refused_when_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tremor.network.models.timm_model.TRIED", 0)
    model = attended("test_vit")
    with pytest.raises(Refused, match="no map"):
        model(torch.zeros(1, 3, 64, 64), LENGTH)


class Classifier(nn.Module):
    """Picture to logits, as the explain door gives a network to an explainer."""

    def __init__(self) -> None:
        super().__init__()
        self.model = attended()
        stirred(self.model.attention)  # type: ignore[arg-type]
        self.decoder = PooledLinear(self.model.out_shape, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(*self.model(x, torch.ones(len(x))))  # type: ignore[no-any-return]


def test_the_map_that_is_explained_is_the_one_that_is_pooled() -> None:
    torch.manual_seed(0)
    network = Classifier().eval()
    record, weights = torch.randn(3, 64, 64), torch.tensor([1.0, 0.0, 0.0])
    assert str(place(network, record, None).layer) == "model.attention (320 over 2 x 2)"
    found = HeadCAM().measure(network, record, weights)
    score = float(network(record[None]).detach()[0, 0])
    assert found.output == pytest.approx(score, abs=1e-5)
    assert float(found.estimate.values.sum()) == pytest.approx(score - found.base, abs=1e-5)
    assert GradCAM()(network, record, weights).values.shape == record.shape
