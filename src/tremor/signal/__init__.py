"""Batched signal operations in torch, on any device."""
