"""What the platform reports: telemetry events, log lines, traces, metrics."""
