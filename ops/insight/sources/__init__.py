"""Where the figures come from: metrics, invocation records, queue depths."""
