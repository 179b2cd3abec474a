"""Actions that only look: metrics, alarms, errors, logs, changes, destinations."""
