"""Concurrency: the limits by name, the allowed ramp-up, and the limiting factor."""
