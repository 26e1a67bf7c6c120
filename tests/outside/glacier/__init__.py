"""A package of somebody else: a dataset, a model and an explainer for Tremor."""
