"""Tremor: train, judge and explain classifiers of Earth and heart signals from one config tree."""

__version__ = "0.1.0"
