"""Features to logits."""
