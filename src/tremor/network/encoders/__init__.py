"""Signal to features: each says its output shape and coordinates."""
