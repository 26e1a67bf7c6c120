"""Explanations of 12-lead ECGs held to account: where they point, what they move, how they last.

Everything here takes `values (lead, time)`, whichever method made them, and touches no model but
through a function of inputs `(batch, lead, time)`.
"""
