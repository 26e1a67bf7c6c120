"""An sLSTM layer: a recurrent cell with exponential gates, mixed within heads, and a gated MLP."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm

from tremor.network.layers.causal_conv import CausalConv
from tremor.network.layers.projections import GroupedLinear
from tremor.network.slstm import scan

WIDER = 1.3  # features of the gated MLP, as a multiple of the layer's


class SLSTMLayer(nn.Module):
    """`(batch, step, feature)` to the same, one direction in time.

    The state stands still at steps outside `mask`. Forget gates start between open and shut, spread
    by a power law over the features of each head (xLSTM's own start). What makes gates takes no
    weight decay; `cell_output` and `recurrent` hold the cell's input beside gates, and take none.
    """

    no_decay = ("input_forget.weight", "cell_output.weight", "recurrent", "bias")

    def __init__(self, d_model: int, num_heads: int = 4, kernel: int = 4):
        super().__init__()
        self.heads, size = num_heads, d_model // num_heads
        self.conv = CausalConv(d_model, kernel)
        self.input_forget = GroupedLinear(d_model, size, outputs=2)
        self.cell_output = GroupedLinear(d_model, size, outputs=2)
        self.recurrent = nn.Parameter(torch.zeros(num_heads, size, 4 * size))
        self.bias = nn.Parameter(torch.zeros(num_heads, 4 * size))
        self.norm = nn.Parameter(torch.ones(d_model))
        inner = -(-round(WIDER * d_model) // 8) * 8
        self.up, self.down = nn.Linear(d_model, 2 * inner), nn.Linear(inner, d_model)
        with torch.no_grad():
            self.bias[:, size : 2 * size] = 5.0 - 12.0 * torch.linspace(0, 1, size) ** 0.3

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            x = x * mask[..., None]
        gates = (*self.input_forget(self.conv(x)), *self.cell_output(x))
        parts = torch.stack([gate.unflatten(-1, (self.heads, -1)) for gate in gates], 3).flatten(3)
        heard = scan((parts + self.bias).float(), self.recurrent.float(), mask)
        level = layer_norm(heard, heard.shape[-1:]).flatten(2) * self.norm
        wide, gate = self.up(level.to(x.dtype)).chunk(2, -1)
        return self.down(gelu(gate) * wide)  # type: ignore[no-any-return]
