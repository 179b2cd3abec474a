"""Text, numbers and times of untrusted log lines, within bounds."""

from __future__ import annotations

from datetime import UTC, datetime

MAX_NUMBER = 86_400_000.0
"""No invocation takes a day (in ms) or has that much memory (in MB): a larger number is no measurement."""
YEARS = range(1970, 2200)
"""Years that a data frame can hold and that a clock may plausibly show."""
_MAX_TEXT_CHARS = 256


def text(value: object) -> str:
    """Short, and of characters that can be written out: JSON may hold halves of some."""
    return value.strip()[:_MAX_TEXT_CHARS].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if 0 <= read <= MAX_NUMBER else None


def moment(written: str) -> datetime | None:
    """ISO 8601, or Logs Insights' ``2026-11-23 19:00:00.123``, which is UTC. None for a time out of all bounds."""
    try:
        read = datetime.fromisoformat(written)
        read = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        return None
    return read if read.year in YEARS else None
