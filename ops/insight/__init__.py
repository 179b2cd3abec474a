"""Reports from telemetry: one call per page returns one report."""
