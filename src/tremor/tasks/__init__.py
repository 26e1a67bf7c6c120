"""LightningModules: network, loss, metrics and optimisation."""
