"""How much runs at once: the limits by name, how fast concurrency may ramp up, and what limits it now."""
