"""Questions answered from telemetry: one call a page, one report back."""
