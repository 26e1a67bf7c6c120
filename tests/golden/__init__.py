"""Numbers that do not move: a tiny run of each system, kept and compared."""
