"""Log lines as columns: ``reader`` parses those of the usual ``forms``, and leaves every other line as it is."""
