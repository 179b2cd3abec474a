"""Stack traces of every language: the root cause, its place in the code, and what wrapped it."""
