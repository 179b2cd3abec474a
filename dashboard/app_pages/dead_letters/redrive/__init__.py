"""A redrive, step by step: plan, run, result."""
