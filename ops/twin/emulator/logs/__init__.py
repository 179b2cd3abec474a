"""Embedded metrics and filter patterns, as CloudWatch Logs reads them."""
