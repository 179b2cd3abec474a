"""The APIs of an execution environment: Runtime, Extensions, Telemetry."""
