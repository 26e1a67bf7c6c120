"""Folders of pictures: what lies where in them, how they are written and read."""
