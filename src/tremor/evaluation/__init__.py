"""Judging predictions: metrics with intervals, chance levels, leak alarms."""
