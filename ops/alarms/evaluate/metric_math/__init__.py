"""Metric math as far as an alarm may use it: ``program`` reads the queries of an alarm and computes their series."""
