"""Times of telemetry events: ISO 8601 in UTC to epoch milliseconds and back, without importing datetime."""

from __future__ import annotations

import time


def epoch_ms(text: str) -> int | None:
    """Milliseconds since 1970 of ``2025-01-29T12:00:15.064Z`` (any fraction), or None if it is not a time."""
    try:
        year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
        hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
        fraction = text[20:].rstrip("Z")[:3] if text[19:20] == "." else ""
        millis = int(fraction.ljust(3, "0")) if fraction else 0
    except ValueError:
        return None
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):
        return None
    # Days by the Gregorian rule, counting years from March so that the leap day comes last.
    shifted_year, shifted_month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * shifted_year + shifted_year // 4 - shifted_year // 100 + shifted_year // 400
    days += (153 * shifted_month + 2) // 5 + day - 719_469
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millis


def iso(ms: int) -> str:
    """Epoch milliseconds as ``2025-01-29T12:00:15.064Z``."""
    whole, millis = divmod(ms, 1000)
    year, month, day, hour, minute, second = time.gmtime(whole)[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{millis:03d}Z"


def now_ms() -> int:
    """The wall clock, in epoch milliseconds. It jumps when a frozen environment thaws."""
    return time.time_ns() // 1_000_000
