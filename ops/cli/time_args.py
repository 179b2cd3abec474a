"""Points in time and durations as people type them: ``2h`` ago, ``02:10``, ``2026-11-24T02:10``, ``15m``, ``90``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ops.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def moment(text: str, now: datetime) -> datetime:
    """A time in UTC: a duration with its unit is that long before ``now``; a clock time is its latest occurrence; a
    date or time without a zone is in UTC. Raises UsageError."""
    text = text.strip()
    if (ago := _seconds(text, unit_needed=True)) is not None:
        return now - timedelta(seconds=ago)
    try:
        if clock := _CLOCK.fullmatch(text.removesuffix("UTC").strip()):
            moment = now.astimezone(UTC).replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            return moment if moment <= now else moment - timedelta(days=1)
        moment = datetime.fromisoformat(text.removesuffix("UTC").strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is not a valid time.",
            "Use a format like 2h (ago), 02:10 (UTC), 2026-11-24T02:10 (UTC) or 2026-11-24T07:40+05:30.",
        ) from error


def time_range(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The range between two times as ``moment`` reads them, either of which may be missing. Raises UsageError, too, for
    a range that ends before it starts, or that is in the future."""
    start, end = (moment(text, now) if text else None for text in (since, until))
    if start and start > now:
        raise UsageError(
            "The time range starts in the future.",
            f"It is from {start:%Y-%m-%d %H:%M:%S} UTC: choose an earlier start.",
        )
    if start and end and start >= end:
        raise UsageError(
            "The time range ends before it starts.",
            f"It is from {start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC: choose an earlier start, or a later end.",
        )
    return start, end


def seconds(text: str) -> float:
    """A duration in seconds: ``90`` (seconds), ``15m``, ``2h``. Raises UsageError."""
    seconds = _seconds(text.strip(), unit_needed=False)
    if seconds is None:
        raise UsageError(f"{text!r} is not a valid duration.", "Use a format like 90s, 15m or 2h.")
    return seconds


def _seconds(text: str, unit_needed: bool) -> float | None:
    parts = _DURATION.fullmatch(text)
    if parts is None or (unit_needed and not parts[2]):
        return None
    length = float(parts[1]) * _SECONDS[parts[2] or "s"]
    return length if length < 100 * 366 * 86_400 else None


def share(text: str) -> float:
    """A share from 0 to 1: ``20%`` or ``0.2``. Raises UsageError."""
    try:
        share = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"{text!r} is not a valid share.", "Use a format like 20% or 0.2.")
    return share
