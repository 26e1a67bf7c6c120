"""An mLSTM layer: projections and gates around the memory."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from tremor.network.layers.projections import CausalConv, GroupedLinear
from tremor.network.mlstm.chunkwise import mlstm
from tremor.network.mlstm.scales import NEVER

OPEN = 1e4  # a forget gate that forgets nothing


class MLSTMLayer(nn.Module):
    """`(batch, step, feature)` to the same, one direction in time.

    Steps outside `mask` are neither written to the memory nor forgotten by it. Forget gates start
    nearly open (bias 3 to 6 over the heads), and take no weight decay.
    """

    no_decay = ("gates.weight",)

    def __init__(self, d_model: int, num_heads: int = 4, expand: int = 2, kernel: int = 4):
        super().__init__()
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
        mixed = silu(self.conv(x))
        q, k = self.query_key(mixed)
        (v,) = self.value(x)
        gates = self.gates(torch.cat([q, k, v], -1)).float().transpose(1, 2)
        taken, kept = gates.chunk(2, 1)
        if mask is not None:
            taken, kept = (
                gate.masked_fill(~mask[:, None], shut)
                for gate, shut in ((taken, NEVER), (kept, OPEN))
            )
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        heard = mlstm(q, k, v, taken, kept).transpose(1, 2)
        level = layer_norm(heard, heard.shape[-1:]).flatten(2) * self.norm
        return self.down((level + self.skip * mixed) * silu(z))  # type: ignore[no-any-return]
