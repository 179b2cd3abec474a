"""A stretch of a workload's metrics as an incident file, so that last night's incident becomes tomorrow's test."""

from __future__ import annotations

from ops.alarms.recording.incident_file import incident_text
from ops.alarms.recording.record import Recording, record

__all__ = ["Recording", "incident_text", "record"]
