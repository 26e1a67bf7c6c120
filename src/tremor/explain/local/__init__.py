"""Coalitions of networks that see a bounded piece of time: only what a mask changes is run again.

Features of bounded reach and a head that is linear in them (pooling over time, one linear layer)
make the score a constant and a sum over steps, each of which sees its neighbourhood alone:
`trunk` finds the reach, `pieces` the sum, both by trying; `worth` plays games with it, `shapley`
solves them exactly.
"""
