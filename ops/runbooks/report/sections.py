"""The sections of a report that may lack a source, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ops.errors import OpsError

ALARMS, CHANGES, REDRIVES, METRICS, COST, DLQ = "alarms", "changes", "redrives", "metrics", "cost", "dlq"
"""The sections in which a source may be missing."""
ACCOUNT_SECTIONS = (ALARMS, CHANGES, METRICS, COST, DLQ)
_Found = TypeVar("_Found")


@dataclass
class Unread:
    """Why sources could not be read, by section."""

    why: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, section: str, *texts: str) -> None:
        if texts:
            self.why[section] = (*self.why.get(section, ()), *texts)

    def attempt(self, section: str, read: Callable[[], _Found], otherwise: _Found) -> _Found:
        try:
            return read()
        except OpsError as error:
            self.add(section, f"{error} {error.next_step}".strip())
            return otherwise
