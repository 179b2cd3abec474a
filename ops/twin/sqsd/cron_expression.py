"""Cron expressions of five fields: minute, hour, day of month, month, day of week; times are UTC.

The rules are those of cron(5): lists, ranges, steps and names of months and days; 0 and 7 are Sunday; where both days
are restricted, one of the two has to match.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)


@dataclass(frozen=True)
class CronExpression:
    """The values of each field that match."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 to 6, Sunday first."""
    any_day: bool
    any_weekday: bool

    def matches(self, at: datetime) -> bool:
        """Whether it is due in the minute of ``at``, which is aware UTC."""
        day = at.day in self.days
        weekday = at.isoweekday() % 7 in self.weekdays
        on_day = (day or weekday) if not (self.any_day or self.any_weekday) else (day and weekday)
        return at.minute in self.minutes and at.hour in self.hours and at.month in self.months and on_day


def parse(text: str) -> CronExpression:
    """Raises ValueError, with what is wrong as a clause."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"it has {len(parts)} fields, and needs 5: minute hour day-of-month month day-of-week")
    values = [_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    weekdays = frozenset(day % 7 for day in values[4])
    return CronExpression(
        values[0], values[1], values[2], values[3], weekdays, parts[2].startswith("*"), parts[4].startswith("*")
    )


def _field(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        span, slash, step_text = item.partition("/")
        step = _number(step_text, f"the step of the {name}", 1, high) if slash else 1
        if span == "*":
            start, end = low, high
        else:
            first, dash, last = span.partition("-")
            start = _value(first, name, low, high, names)
            # A step without a range runs to the end, as in Vixie cron.
            end = _value(last, name, low, high, names) if dash else high if slash else start
            if end < start:
                raise ValueError(f"the {name} {span} runs backward")
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _value(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return _number(text, f"the {name}", low, high)


def _number(text: str, what: str, low: int, high: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 4 and low <= int(text) <= high:
        return int(text)
    raise ValueError(f"{what} must be {low} to {high}, not {text[:20]!r}")
