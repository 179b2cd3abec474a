"""Invocation records: telemetry events joined by attempt and written as EMF."""
