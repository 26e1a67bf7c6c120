"""The mLSTM's memory: what a matrix state, written and read at each step, gives back.

At each step the state forgets, takes in the outer product of key and value, and answers the query:
`C_t = f_t C_{t-1} + i_t k_t v_tᵀ`, `n_t = f_t n_{t-1} + i_t k_t`,
`h_t = C_tᵀ q_t / max(|n_tᵀ q_t|, 1)`, with `i = exp(input gate)`, `f = sigmoid(forget gate)` and
`q` over the root of its size. Every way of computing it has one signature:
`q, k (batch, head, step, key)`, `v (…, value)`, gates `(batch, head, step)` to `v`'s shape.
"""
