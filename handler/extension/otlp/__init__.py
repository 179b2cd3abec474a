"""Export to an OpenTelemetry collector: FaaS metrics and spans as OTLP/JSON. Loaded only where it is switched on."""
