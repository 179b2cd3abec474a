"""Alarms: what fires, who is notified, and whether the alarms would have paged."""
