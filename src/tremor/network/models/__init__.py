"""Features to features."""
