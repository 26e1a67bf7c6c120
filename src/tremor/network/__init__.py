"""Encoder, model, decoder: the three parts of a network, which knows no task."""
