"""Incidents as data: published ones, a quiet day, and a team's own, to rehearse alarms against.

``shipped`` has those of this folder, in the order of their numbers; ``read`` one of a file. The form is described in
``ops/alarms/README.md``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ops.alarms.incidents.incident_parser import parse, read
from ops.alarms.incidents.model import Incident, IncidentError, IncidentFinding
from ops.alarms.incidents.points import points_of

FOLDER = Path(__file__).parent
HEALTHY = "healthy"
"""Not an incident: the series of metrics that an incident does not give, where it says ``healthy_otherwise``."""

__all__ = ["Incident", "IncidentError", "IncidentFinding", "healthy", "parse", "points_of", "read", "shipped"]


@cache
def shipped() -> tuple[Incident, ...]:
    return tuple(read(path) for path in sorted(FOLDER.glob("*.toml")) if path.stem != HEALTHY)


@cache
def healthy() -> Incident:
    return read(FOLDER / f"{HEALTHY}.toml")
