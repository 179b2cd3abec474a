"""Which failures are the same: their fingerprints, and the parts of a message that vary."""
