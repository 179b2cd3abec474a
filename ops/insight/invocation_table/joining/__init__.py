"""The lines of one attempt of an invocation, joined into one row."""
