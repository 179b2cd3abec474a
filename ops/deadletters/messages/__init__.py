"""A dead-letter message: its model, how it is parsed, and what its body holds."""
