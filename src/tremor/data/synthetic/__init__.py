"""Worlds whose class evidence is known and adjustable, zero included."""
