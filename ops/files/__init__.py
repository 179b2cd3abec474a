"""Files that hold what must not be lost or mixed up: written whole, locked, and read with their lines."""
