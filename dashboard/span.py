"""The stretch of time that a reader chose, and how it is written in the address so that a view can be sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.insight.window import usual_minutes

RANGES: Mapping[str, int] = {"15m": 15, "1h": 60, "6h": 360, "1d": 1_440, "7d": 10_080}
"""Name in the address → minutes, ending now."""
CUSTOM = "custom"
DEFAULT, TWIN_DEFAULT = (
    next(name for name, minutes in RANGES.items() if minutes == usual_minutes(is_twin)) for is_twin in (False, True)
)
"""The command line looks as far back, so that both say the same about one moment."""


@dataclass(frozen=True)
class Span:
    """Either the last ``minutes``, or from ``start`` to ``end`` (aware)."""

    minutes: int | None = RANGES[DEFAULT]
    start: datetime | None = None
    end: datetime | None = None

    @property
    def moves(self) -> bool:
        """It ends now, so that refreshing it shows something new."""
        return self.minutes is not None


class BadSpan(ValueError):
    """The reader's own words for what is wrong with a custom range."""


def custom(start: datetime | None, end: datetime | None, now: datetime | None = None) -> Span:
    """A custom range from two naive moments in UTC. Raises BadSpan.

    UTC, because the address carries the digits as they are typed, to colleagues in other zones.
    """
    if start is None or end is None:
        raise BadSpan("Choose a start and an end.")
    first, last = (time.replace(tzinfo=UTC) for time in (start, end))
    if first >= last:
        raise BadSpan("The start is not before the end.")
    if first > (now or datetime.now(UTC)):
        raise BadSpan("The start lies in the future.")
    if last - first > timedelta(days=455):
        raise BadSpan("CloudWatch keeps metrics for 455 days at most.")
    return Span(None, first, last)


def written(text: str) -> datetime | None:
    """A moment as the address has it, ``2026-11-28T13:07``: naive, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        return None
