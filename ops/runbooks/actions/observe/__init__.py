"""Actions that only read: metrics, alarms, errors, logs, changes, destinations."""
