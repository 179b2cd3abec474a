"""One thing that happened to a workload, as a mark or a band on a time axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DEPLOY, CONFIG, MEASUREMENT = "deploy", "config", "measurement"
ALARM, REDRIVE, PURGE = "alarm", "redrive", "purge"


@dataclass(frozen=True)
class Event:
    """``kind``: deploy | config | measurement (of ``ops rightsize``) | alarm | redrive | purge.

    ``start`` and ``end`` lie within the window; ``ongoing`` at its end."""

    kind: str
    name: str
    start: datetime
    end: datetime
    ongoing: bool = False
