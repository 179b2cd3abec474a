"""A workload's settings from an account."""
