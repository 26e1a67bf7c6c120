"""The memory step by step, as it is defined: slow, and the measure of every other way."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from tremor.network.mlstm.scales import LEAST, MOST, NEVER


def mlstm(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """Answers `(batch, head, step, value)` of queries and keys `(batch, head, step, key)`.

    Gates are `(batch, head, step)`. The state is kept over exp(scale), the largest weight so far,
    so that nothing overflows.
    """
    state, scale = q.new_zeros(*q.shape[:2], q.shape[3], v.shape[3] + 1), q.new_tensor(NEVER)
    counted = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    heard = []
    for t in range(q.shape[2]):
        kept = logsigmoid(forget_gate[:, :, t]) + scale
        scale = torch.maximum(kept, input_gate[:, :, t])
        taken = (input_gate[:, :, t] - scale).exp()[..., None, None]
        entry = k[:, :, t, :, None] * counted[:, :, t, None, :]
        state = (kept - scale).exp()[..., None, None] * state + taken * entry
        answer = (q[:, :, t, None] * q.shape[-1] ** -0.5 @ state).squeeze(2)
        floor = (-scale).clamp(LEAST, MOST).exp()
        heard.append(answer[..., :-1] / torch.maximum(answer[..., -1].abs(), floor)[..., None])
    return torch.stack(heard, 2)
