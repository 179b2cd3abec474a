"""Sources of figures: metrics, invocation records, queue depths."""
