"""The mLSTM's memory: what a matrix state, written and read at each step, gives back.

At each step the state forgets, takes in the outer product of key and value, and answers the query:
`C_t = f_t C_{t-1} + i_t k_t v_tᵀ`, `n_t = f_t n_{t-1} + i_t k_t`,
`h_t = C_tᵀ q_t / max(|n_tᵀ q_t|, 1)`, with `i = exp(input gate)` and `f = sigmoid(forget gate)`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

NEVER = -1e30  # a logarithm of nothing that stays finite when subtracted
FINITE = 60.0  # exponents beyond it leave float32
SHORTEST, LONGEST = 16, 64  # steps of a chunk


def mlstm(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """`q, k (batch, head, step, key)`, `v (…, value)`, gates `(batch, head, step)` to `v`'s shape.

    Chunk by chunk: within a chunk every step looks at every earlier one, between chunks only the
    state travels, so that time and memory grow with the number of steps.
    """
    steps = q.shape[2]
    size = min(steps, max(SHORTEST, min(LONGEST, v.shape[3])))
    b, i, parts = _chunked(q, k, v, input_gate, forget_gate, size)
    q, k, v = parts
    end = b[..., -1:]
    states, before = _states(k, v, end - b + i, end[..., 0])
    best = torch.maximum(before[..., None], (i - b).cummax(-1).values.detach()) + b.detach()
    inside = (b - best)[..., :, None] + (i - b)[..., None, :]
    later = torch.ones(size, size, dtype=torch.bool, device=q.device).triu(1)
    weight = inside.masked_fill(later, -torch.inf).exp() * (q @ k.transpose(-1, -2))
    heard = weight @ v + (b + before[..., None] - best).exp()[..., None] * (q @ states)
    floor = (-best).clamp(-FINITE, FINITE).exp()
    h = heard[..., :-1] / torch.maximum(heard[..., -1].abs(), floor)[..., None]
    return h.flatten(2, 3)[:, :, :steps]


def _chunked(
    q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor, size: int
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Summed log forget gates, log input gates, and (scaled) q, k, v with a one, all in chunks."""
    more = -q.shape[2] % size
    decay = pad(logsigmoid(forget_gate), (0, more)).unflatten(2, (-1, size)).cumsum(-1)
    i = pad(input_gate, (0, more), value=NEVER).unflatten(2, (-1, size))
    counted = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    whole = [pad(x, (0, 0, 0, more)) for x in (q * q.shape[-1] ** -0.5, k, counted)]
    return decay, i, [x.unflatten(2, (-1, size)) for x in whole]


def _states(k: Tensor, v: Tensor, arrive: Tensor, decay: Tensor) -> tuple[Tensor, Tensor]:
    """The state before each chunk `(…, chunk, key, value)`, and the logarithm of its scale.

    `arrive (…, chunk, step)` is the log weight of a step at its chunk's end, `decay (…, chunk)` the
    log of what is kept over a whole chunk.
    """
    top = arrive.detach().amax(-1)
    written = (k * (arrive - top[..., None]).exp()[..., None]).transpose(-1, -2) @ v
    total = decay.cumsum(-1)
    kept = (total - decay)[..., :, None] - total[..., None, :] + top[..., None, :]
    now = torch.ones(kept.shape[-2:], dtype=torch.bool, device=k.device).triu()
    kept = kept.masked_fill(now, -torch.inf)
    scale = kept.detach().amax(-1).clamp(min=NEVER)
    states = (kept - scale[..., None]).exp() @ written.flatten(-2)
    return states.unflatten(-1, written.shape[-2:]), scale


def recurrent(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """The same step by step, as it is defined: slow, and the measure of every other way."""
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
        floor = (-scale).clamp(-FINITE, FINITE).exp()
        heard.append(answer[..., :-1] / torch.maximum(answer[..., -1].abs(), floor)[..., None])
    return torch.stack(heard, 2)
