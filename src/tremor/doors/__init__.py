"""What the doors do: each takes a composed config and leaves a folder that explains itself."""
