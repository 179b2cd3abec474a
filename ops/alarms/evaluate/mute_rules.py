"""Alarm mute rules: the windows in which an alarm's actions are muted.

PutAlarmMuteRule (botocore 1.44.5): ``cron(Minutes Hours Day-of-month Month Day-of-week)`` with ``*``, ``-``, ``,`` and
English names, or ``at(yyyy-MM-ddThh:mm)``; a duration from PT1M to P15D; a time zone, UTC without one; a start and an
expiry. ⚠ Not published: the numbers of weekdays (here 0 and 7 are Sunday, as in cron), and what both a day of the month
and a weekday mean (here either, as in cron).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops.alarms.evaluate.errors import AlarmError

MAX_TARGETS = 100
MAX_DURATION = timedelta(days=15)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_MONTHS = dict(
    zip(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], range(1, 13), strict=True)
)
_WEEKDAYS = dict(zip(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], range(7), strict=True))
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("days of the month", 1, 31, {}),
    ("months", 1, 12, _MONTHS),
    ("days of the week", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    every_day: bool  # the day of the month is *
    every_weekday: bool

    def on(self, day: date) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        either = not self.every_day and not self.every_weekday
        return day.month in self.months and (in_month or in_week if either else in_month and in_week)


@dataclass(frozen=True)
class MuteRule:
    name: str
    alarms: frozenset[str]
    schedule: Cron | datetime  # local to the zone
    duration: timedelta
    zone: ZoneInfo
    start: float | None = None  # epoch seconds
    expiry: float | None = None

    def windows(self, begin: float, end: float) -> Iterator[tuple[float, float]]:
        """Mute windows that overlap a time range, epoch seconds."""
        for local in self._activations(begin, end):
            opens = local.timestamp()
            closes = opens + self.duration.total_seconds()
            opens = max(opens, self.start if self.start is not None else opens)
            closes = min(closes, self.expiry if self.expiry is not None else closes)
            if opens < closes and closes > begin and opens <= end:
                yield opens, closes

    def _activations(self, begin: float, end: float) -> Iterator[datetime]:
        if isinstance(self.schedule, datetime):
            yield self.schedule.replace(tzinfo=self.zone)
            return
        day = (datetime.fromtimestamp(begin, UTC) - MAX_DURATION - timedelta(days=1)).date()
        while day <= (datetime.fromtimestamp(end, UTC) + timedelta(days=1)).date():
            if self.schedule.on(day):
                for hour in sorted(self.schedule.hours):
                    for minute in sorted(self.schedule.minutes):
                        yield datetime.combine(day, time(hour, minute), self.zone)
            day += timedelta(days=1)


def mute_rule(definition: Mapping[str, Any]) -> MuteRule:
    """Parses the parameters of PutAlarmMuteRule."""
    name = str(definition.get("Name") or "(no name)")
    try:
        schedule = (definition.get("Rule") or {}).get("Schedule") or {}
        names = [str(each) for each in (definition.get("MuteTargets") or {}).get("AlarmNames") or []]
        if len(names) > MAX_TARGETS:
            raise AlarmError(f"it mutes {len(names)} alarms; at most {MAX_TARGETS} are allowed.")
        return MuteRule(
            name,
            frozenset(names),
            _schedule(str(schedule.get("Expression") or "")),
            _duration(str(schedule.get("Duration") or "")),
            _zone(str(schedule.get("Timezone") or "UTC")),
            _seconds(definition.get("StartDate")),
            _seconds(definition.get("ExpireDate")),
        )
    except AlarmError as error:
        raise AlarmError(f'Mute rule "{name}": {error}') from error


def muted_windows(rules: Iterable[MuteRule], alarm: str, begin: float, end: float) -> list[tuple[float, float]]:
    """The windows of all rules that mute the alarm, joined where they overlap or touch."""
    joined: list[tuple[float, float]] = []
    for opens, closes in sorted(each for rule in rules if alarm in rule.alarms for each in rule.windows(begin, end)):
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], closes)
        else:
            joined.append((opens, closes))
    return joined


def _schedule(expression: str) -> Cron | datetime:
    once = re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)", expression)
    if once:
        try:
            return datetime.fromisoformat(once[1])
        except ValueError as error:
            raise AlarmError(f"{expression} is not a time.") from error
    repeated = re.fullmatch(r"cron\((.*)\)", expression)
    fields = repeated[1].split() if repeated else []
    if len(fields) != len(_FIELDS):
        raise AlarmError(f'"{expression}" is neither cron(minutes hours day month weekday) nor at(yyyy-MM-ddThh:mm).')
    minutes, hours, days, months, weekdays = map(_field, fields, _FIELDS)
    weekdays = frozenset(each % 7 for each in weekdays)
    return Cron(minutes, hours, days, months, weekdays, fields[2] == "*", fields[4] == "*")


def _field(text: str, field: tuple[str, int, int, dict[str, int]]) -> frozenset[int]:
    called, lowest, highest, names = field
    values: set[int] = set()
    for part in text.split(","):
        ends: Sequence[str] = (str(lowest), str(highest)) if part == "*" else part.split("-")
        numbers = [names.get(each.upper(), int(each) if each.isascii() and each.isdigit() else -1) for each in ends]
        if len(numbers) > 2 or not lowest <= numbers[0] <= numbers[-1] <= highest:
            raise AlarmError(f"{part} is not one of the {called} of a schedule.")
        values.update(range(numbers[0], numbers[-1] + 1))
    return frozenset(values)


def _duration(text: str) -> timedelta:
    parts = _DURATION.fullmatch(text)
    days, hours, minutes = (int(each or 0) for each in parts.groups()) if parts else (0, 0, 0)
    try:
        duration = timedelta(days=days, hours=hours, minutes=minutes)
    except OverflowError:
        duration = timedelta.max
    if not timedelta(minutes=1) <= duration <= MAX_DURATION:
        raise AlarmError(f'"{text}" is not a duration from a minute (PT1M) to 15 days (P15D).')
    return duration


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AlarmError(f"{name} is not a time zone that this machine knows.") from error


def _seconds(when: Any) -> float | None:
    if when is None:
        return None
    try:
        at = when if isinstance(when, datetime) else datetime.fromisoformat(str(when))
    except ValueError as error:
        raise AlarmError(f"{when} is not a time in ISO 8601.") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
