"""The config tree: checked before anything is built, and built in one place."""
