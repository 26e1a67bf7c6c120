"""An mLSTM layer: projections and gates around the memory."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from tremor.network.layers.causal_conv import CausalConv
from tremor.network.layers.gated_output import gated
from tremor.network.layers.projections import GroupedLinear
from tremor.network.mlstm.backend import WAYS
from tremor.network.mlstm.scales import NEVER

OPEN = 1e4  # a forget gate that forgets nothing


class MLSTMLayer(nn.Module):
    """`(batch, step, feature)` to the same, one direction in time.

    Steps outside `mask` are neither written to the memory nor forgotten by it. Forget gates start
    nearly open (bias 3 to 6 over the heads), and take no weight decay.
    """

    no_decay = ("gates.weight",)

    def __init__(
        self,
        d_model: int,
        num_heads: int = 4,
        expand: int = 2,
        kernel: int = 4,
        way: str = "chunkwise",
    ):
        super().__init__()
        self.memory = WAYS[way]
        inner = expand * d_model
        self.heads = num_heads
        self.up = nn.Linear(d_model, 2 * inner)
        self.conv = CausalConv(inner, kernel)
        self.query_key = GroupedLinear(inner, 4, outputs=2)
        self.value = GroupedLinear(inner, 4)
        self.gates = nn.Linear(3 * inner, 2 * num_heads)
        self.norm = nn.Parameter(torch.ones(inner))
        self.skip = nn.Parameter(torch.ones(inner))
        self.down = nn.Linear(inner, d_model)
        self._start(d_model)

    def _start(self, d_model: int) -> None:
        nn.init.normal_(self.up.weight, std=math.sqrt(2 / (5 * d_model)))
        nn.init.normal_(self.down.weight, std=2 / math.sqrt(d_model) / 2)
        nn.init.zeros_(self.up.bias)
        nn.init.zeros_(self.down.bias)
        nn.init.zeros_(self.gates.weight)
        with torch.no_grad():
            self.gates.bias[: self.heads].normal_(std=0.1)
            self.gates.bias[self.heads :] = torch.linspace(3.0, 6.0, self.heads)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x, z = self.up(x).chunk(2, -1)
        if mask is not None:
            x = x * mask[..., None]
        mixed = self.conv(x)
        q, k = self.query_key(mixed)
        (v,) = self.value(x)
        taken, kept = self._gates(mixed, x).transpose(1, 2).chunk(2, 1)
        if mask is not None:
            taken, kept = (
                gate.masked_fill(~mask[:, None], shut)
                for gate, shut in ((taken, NEVER), (kept, OPEN))
            )
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        heard = self.memory(q, k, v, taken, kept).transpose(1, 2)
        out = gated(heard, mixed, z, self.norm, self.skip)
        return self.down(out)  # type: ignore[no-any-return]

    def _gates(self, mixed: Tensor, x: Tensor) -> Tensor:
        """Gates of query, key and value `(batch, step, gate)`, in float32 under any precision.

        Read off what these are made of, by one map for both: that spares putting them side by side.
        """
        query, key, value = self.gates.weight.chunk(3, 1)
        with torch.autocast(x.device.type, enabled=False):
            on_mixed = self.query_key.before(query, 0) + self.query_key.before(key, 1)
            on_x = self.value.before(value, 0)
            from_mixed = linear(mixed.to(on_mixed.dtype), on_mixed, self.gates.bias)
            return from_mixed + linear(x.to(on_x.dtype), on_x)
