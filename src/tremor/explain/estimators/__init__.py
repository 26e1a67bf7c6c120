"""Ways to share a game's worth out among its players, each a dataclass of its settings.

Called with a game, each gives an `Estimate`. Budgets count coalitions, the empty and the full one
included; a coalition costs as many model evaluations as there are backgrounds.
"""
