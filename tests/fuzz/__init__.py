"""Bad input, made up by the million: every reader gives a value, sets aside, or refuses."""
