"""Files that must not be lost or corrupted: written atomically, locked, and parsed with line numbers."""
