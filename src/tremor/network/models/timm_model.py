"""Any picture model of the package timm, for spectrograms and images."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tremor.errors import Refused
from tremor.network.demands import share
from tremor.network.layers import depthwise
from tremor.network.layers.cbam import CBAM
from tremor.network.models.timm_weights import Source, take

TRIED = 2**20
"""Pixels of a picture up to which a model is tried on one as soon as it is built."""

ATTENTIONS: dict[str, type[nn.Module] | None] = {"none": None, "cbam": CBAM}
"""What may weigh a model's last map before it is pooled."""


class TimmModel(nn.Module):
    """`(batch, channel, frequency, frame)` to `(batch, features, 1)`: what timm's own head reads.

    Weights are random until `take_weights`. Architectures for pictures of one size are built for
    `resize`, and refused without it. `attention` weighs the last map before it is pooled, and
    changes nothing until it has learned something.
    """

    net: Any
    out_shape: tuple[int, int]

    def __init__(
        self,
        in_shape: tuple[int, ...],
        name: str = "efficientnet_b0",
        resize: tuple[int, int] | None = None,
        drop_rate: float = 0.0,
        drop_path_rate: float | None = None,
        weights: str | None = None,
        hub_weights: bool = False,
        attention: Literal["none", "cbam"] = "none",
    ):
        super().__init__()
        if len(in_shape) != 3:
            axes = " x ".join(map(str, in_shape))
            fault = f"the encoder gives {len(in_shape)} axes ({axes}); timm's models take three"
            raise Refused(fault, "encoder", "encoder=spectrogram")
        share("model.drop_rate", drop_rate)
        share("model.drop_path_rate", drop_path_rate or 0.0)
        channels, high, wide = in_shape
        if resize is not None:
            if min(resize) < 1:
                fault = f"model.resize is {list(resize)}, must be at least 1 x 1"
                raise Refused(fault, "model.resize", f"model.resize=[{high},{wide}]")
            high, wide = resize
        self.resize = None if resize is None else (high, wide)
        self.source = Source(name, channels, weights, hub_weights)
        settings = {"drop_rate": drop_rate, "drop_path_rate": drop_path_rate}
        with _refusing(name, (high, wide)):
            self.net = _made(name, channels, self.resize, settings)
            depthwise.mend(self.net)
            chosen = ATTENTIONS[attention]
            self.attention = None if chosen is None else chosen(self.net.num_features)
            if high * wide <= TRIED:
                self._try_out(torch.zeros(1, channels, high, wide))
        self.out_shape = (self.net.head_hidden_size, 1)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Records of one length only: what pads a shorter one counts as well."""
        if self.resize not in (None, x.shape[-2:]):
            x = x.to(torch.promote_types(x.dtype, torch.float32))  # CPUs resize no others
            x = interpolate(x, self.resize, mode="bilinear", antialias=True)
        maps = self._attended(self.net.forward_features(x))
        return self.net.forward_head(maps, pre_logits=True)[..., None], torch.ones_like(length)

    def take_weights(self) -> str | None:
        """Take the weights that were asked for, all of them; says which, if any."""
        return take(self.net, self.source)

    def _attended(self, maps: Tensor) -> Tensor:
        """What the net found, weighed by the attention, if there is one."""
        if self.attention is None:
            return maps
        last = getattr(self.net, "output_fmt", "NCHW") == "NHWC"
        seen = maps.permute(0, 3, 1, 2) if last and maps.ndim == 4 else maps
        if seen.ndim != 4 or seen.shape[1] != self.net.num_features:
            shape = " x ".join(map(str, maps.shape[1:]))
            fault = f"{self.source.name} gives {shape} and no map of features for an attention"
            raise Refused(fault, "model.attention", "model.attention=none")
        weighed: Tensor = self.attention(seen)
        return weighed.permute(0, 2, 3, 1) if last else weighed

    @torch.no_grad()
    def _try_out(self, picture: Tensor) -> None:
        self.eval()
        out, _ = self(picture, torch.ones(1))
        if out.shape != (1, self.net.head_hidden_size, 1):
            raise ValueError(f"it gives {tuple(out.shape[1:-1])}, no list of features")
        self.train()


def _card(name: str) -> Any:
    """What timm knows of a model without building it."""
    import timm

    known = timm.list_models()
    if name.partition(".")[0] not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        near = f"; near are {', '.join(close)}" if close else ""
        fault = f"timm {timm.__version__} has no model '{name}'{near}"
        raise Refused(fault, "model.name", f"model.name={close[0] if close else 'efficientnet_b0'}")
    try:
        return timm.models.get_pretrained_cfg(name)
    except RuntimeError as error:
        model = name.partition(".")[0]
        tags = ", ".join(timm.list_pretrained(model)) or "none"
        fault = f"timm knows no weights '{name}'; of {model} it knows {tags}"
        raise Refused(fault, "model.name", f"model.name={model}") from error


def _made(
    name: str, channels: int, resize: tuple[int, int] | None, settings: dict[str, Any]
) -> nn.Module:
    """A model of timm without its classifier, with random weights."""
    import timm

    card = _card(name)
    if card.fixed_input_size:
        if resize is None:
            fault = f"{name} is built for pictures of one size, and model.resize gives none"
            raise Refused(fault, "model.resize", _resized(card))
        settings = settings | {"img_size": resize}
    net = timm.create_model(name, in_chans=channels, num_classes=0, **settings)
    _refuse_rests(net, resize)
    return net  # type: ignore[no-any-return]


def _refuse_rests(net: Any, resize: tuple[int, int] | None) -> None:
    """Refuse sizes of which a transformer would leave out what makes no whole patch."""
    patch = getattr(getattr(net, "patch_embed", None), "patch_size", None)
    if resize and isinstance(patch, tuple):
        whole = [max(side, size // side * side) for size, side in zip(resize, patch, strict=True)]
        if whole != list(resize):
            sides = f"{patch[0]} x {patch[1]}"
            fault = f"model.resize is {list(resize)}, must be whole patches of {sides}"
            raise Refused(fault, "model.resize", f"model.resize=[{whole[0]},{whole[1]}]")


def _resized(card: Any) -> str:
    """The override that gives a model pictures of the size that it was published for."""
    return "model.resize=[{},{}]".format(*card.input_size[1:])


@contextlib.contextmanager
def _refusing(name: str, shape: tuple[int, int]) -> Iterator[None]:
    """Tell what timm or torch says against settings or pictures, with what would do."""
    try:
        yield
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        said = (str(error).splitlines() or ["it checks that and says no more"])[0][:200]
        fault = f"{name} fails on pictures of {shape[0]} x {shape[1]}, set up like this: {said}"
        unknown = isinstance(error, TypeError)
        remedy = "model.drop_path_rate=null" if unknown else _resized(_card(name))
        raise Refused(fault, "model", f"{remedy}, or another model.name") from error
