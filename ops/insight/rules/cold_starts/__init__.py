"""Cold starts: their share, the reason of each, and versions that start slower."""
