"""The selected time range, and its form in the address, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ops.insight.time_window import usual_minutes

RANGES: Mapping[str, int] = {"15m": 15, "1h": 60, "6h": 360, "1d": 1_440, "7d": 10_080}
"""Name in the address → minutes, ending now."""
CUSTOM = "custom"
DEFAULT, TWIN_DEFAULT = (
    next(name for name, minutes in RANGES.items() if minutes == usual_minutes(is_twin)) for is_twin in (False, True)
)
"""The same as the command line's, so that both report the same numbers."""


@dataclass(frozen=True)
class TimeRange:
    """Either the last ``minutes``, or from ``start`` to ``end`` (aware)."""

    minutes: int | None = RANGES[DEFAULT]
    start: datetime | None = None
    end: datetime | None = None

    @property
    def moves(self) -> bool:
        """Whether it ends now, so that a refresh shows something new."""
        return self.minutes is not None


class BadSpan(ValueError):
    """A custom range that is not valid; the message is shown to the reader."""


def custom(start: datetime | None, end: datetime | None, now: datetime | None = None) -> TimeRange:
    """A custom range from two naive times in UTC. Raises BadSpan.

    UTC, because the address carries the digits as they are typed, to colleagues in other zones.
    """
    if start is None or end is None:
        raise BadSpan("Select a start and an end.")
    first, last = (time.replace(tzinfo=UTC) for time in (start, end))
    if first >= last:
        raise BadSpan("Start must be before end.")
    if first > (now or datetime.now(UTC)):
        raise BadSpan("Start must not be in the future.")
    if last - first > timedelta(days=455):
        raise BadSpan("CloudWatch keeps metrics for at most 455 days.")
    return TimeRange(None, first, last)


def written(text: str) -> datetime | None:
    """A time as written in the address, ``2026-11-28T13:07``: naive, in UTC; None for anything else."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        return None


def whole_minute(time: datetime, up: bool) -> datetime:
    """The minute that ``time`` is in, as the address has it; ``up``: the next one, unless it is on the minute."""
    minute = time.replace(second=0, microsecond=0)
    return minute + timedelta(minutes=1) if up and minute < time else minute


def dragged(edges: Sequence[object], zone: tzinfo, now: datetime | None = None) -> TimeRange | None:
    """The range between the two edges of a drag on a time axis in ``zone``, widened to whole minutes, as in the address.

    None for edges that are not a valid range: text that is not a time, or a start in the future.
    """
    minute = timedelta(minutes=1)
    times = [written(str(edge)) for edge in edges]
    try:
        first, last = sorted(time.replace(tzinfo=zone).astimezone(UTC) for time in times if time is not None)
        start = first.replace(second=0, microsecond=0)
        end = max(last + minute - timedelta(microseconds=1), start + minute).replace(second=0, microsecond=0)
        return custom(start.replace(tzinfo=None), end.replace(tzinfo=None), now)
    except (ValueError, OverflowError):  # not two times, a BadSpan, or beyond the calendar
        return None


def unknown_note(text: str, shown: str) -> str:
    """A note for an unknown time range in the address, in place of which ``shown`` is drawn."""
    return (
        f"The address has the time range {text}, which is not one of {', '.join(RANGES)} or {CUSTOM}: {shown} is shown."
    )


def address(name: str, start: datetime | None, end: datetime | None) -> str:
    """A range as one word: ``1h``, or ``2026-11-28T13:07/2026-11-28T14:07`` (naive, UTC); "" for neither."""
    if name != CUSTOM:
        return name
    if start is None or end is None:
        return ""
    return f"{start.isoformat(timespec='minutes')}/{end.isoformat(timespec='minutes')}"


def from_address(text: str) -> tuple[str, datetime | None, datetime | None] | None:
    """The inverse of ``address``: the range's name, start and end. None for any other text."""
    if text in RANGES:
        return text, None, None
    start, end = (written(part) for part in text.split("/", 1)) if "/" in text else (None, None)
    return (CUSTOM, start, end) if start and end and start < end else None
