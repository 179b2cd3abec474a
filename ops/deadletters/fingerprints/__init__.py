"""Which failures are the same: causes, their fingerprints, and the parts of a message that vary."""
