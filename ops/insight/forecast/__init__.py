"""Forecasts of a backlog: drain time, age of the oldest message, first limit reached, and cost. A fluid model in
NumPy."""
