"""Metrics and alarms, as CloudWatch publishes and evaluates them."""
