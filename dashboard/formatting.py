"""Numbers, durations, money and times as text, and untrusted text made harmless.

The formats are those of ``ops.formatting``: a number on a page reads as it does in the finding above it.
"""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops import formatting

NONE = "–"
"""Shown where there is no value: never a zero that was not measured."""


def number(value: float | None) -> str:
    """``1,234``, ``3.4``, ``0.12``."""
    return NONE if value is None or math.isnan(value) else formatting.count(value)


def principal(arn: str) -> str:
    """The role or user of an IAM or STS ARN, such as ``role Admin (alice)``."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        return f"role {role} ({session})" if session else f"role {role}"
    return f"{kind} {name}".strip()


_PRINCIPAL = re.compile(
    r"arn:[\w-]+:(?:iam|sts)::\d*:(?:root|(?:user|role|assumed-role|federated-user)/[\w+=,.@/-]*[\w+=@/-])"
)
"""Matches a principal in a sentence, whose last character is not part of it."""


def with_principals(text: str) -> str:
    """A recorded sentence with people named as ``principal`` does: a record keeps their ARNs."""
    return _PRINCIPAL.sub(lambda found: principal(found[0]), text)


def message_count(count: float) -> str:
    """``1 message``, ``54 messages``."""
    return f"{number(count)} message{'' if count == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """``42 s``, ``14 min``, ``3 h 20 min``: as in the findings."""
    return NONE if seconds is None or math.isnan(seconds) else formatting.duration(seconds)


def millis(ms: float | None) -> str:
    """Latencies need more digits than ``duration`` has: ``3.4 ms``, ``861 ms``, ``1.23 s``."""
    return NONE if ms is None or math.isnan(ms) else formatting.latency(ms)


def usd(value: float | None) -> str:
    """``$12.30``, ``$0.042``."""
    return NONE if value is None or math.isnan(value) else formatting.usd(value)


def rate(per_minute: float | None) -> str:
    """``12/min``."""
    return NONE if per_minute is None or math.isnan(per_minute) else formatting.rate(per_minute)


def percent(share: float | None) -> str:
    """A share from 0 to 1 as ``12%``, ``0.4%``."""
    return NONE if share is None or math.isnan(share) else formatting.percent(share)


def quantity(value: float | None, unit: str) -> tuple[str, str]:
    """A value in its unit as (text, unit): the text of seconds, percent and dollars includes the unit."""
    if value is None or math.isnan(value):
        return NONE, ""
    if unit in ("s", "seconds"):
        return duration(value), ""
    if unit in ("%", "percent"):
        return percent(value / 100), ""
    if unit.startswith("USD"):
        return usd(value), unit.removeprefix("USD").strip()
    return number(value), unit.removesuffix("s") if value == 1 else unit


# --- times -----------------------------------------------------------------------------------------------------------


def zone(name: str | None) -> tzinfo:
    """The viewer's time zone by its IANA name; UTC when the browser sends none, or one that is unknown here."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def zone_name(zone: tzinfo) -> str:
    """``Europe/Berlin``, ``UTC``."""
    return getattr(zone, "key", None) or "UTC"


def moment(time: datetime | None, viewer: tzinfo, now: datetime | None = None) -> str:
    """``14:03:20`` today, ``22 Nov 14:03`` before, in the viewer's zone."""
    if time is None:
        return NONE
    local = time.astimezone(viewer)
    today = (now or datetime.now(UTC)).astimezone(viewer).date()
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    return f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y %H:%M}"


def first_to_last(first: datetime | None, last: datetime | None, viewer: tzinfo, now: datetime | None = None) -> str:
    """``14:03:20 – 14:05:02``; the day once where it is the same, and one moment where both are."""
    begin, end = moment(first, viewer, now), moment(last, viewer, now)
    day = begin.rpartition(" ")[0]
    return begin if begin == end else f"{begin} – {end.removeprefix(f'{day} ') if day else end}"


def local_range(start: datetime | None, end: datetime | None, viewer: tzinfo) -> str:
    """``22 Nov 23:30 to 23 Nov 02:30, Europe/Berlin``; with the names of the offsets where they differ, since a clock that
    is set back shows an hour twice."""
    if start is None or end is None:
        return ""
    times = [time.astimezone(viewer) for time in (start, end)]
    name = "" if times[0].utcoffset() == times[1].utcoffset() else " %Z"
    first, last = (f"{time.day} {time:%b %H:%M}{time.strftime(name)}" for time in times)
    return f"{first} to {last}, {zone_name(viewer)}"


def utc(time: datetime | None) -> str:
    return NONE if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


# --- untrusted text --------------------------------------------------------------------------------------------------


_MARKS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_DIRECTIONS = {code: f"\\u{code:04x}" for code in _MARKS}
"""Marks that reverse the text around them: ``exe.png`` for ``gnp.exe``. The command line shows their codes, too."""
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: "␡"}
"""Escape sequences would act when a reader copies the text into a terminal: their characters are shown as pictures."""
_SHOWN = {**_DIRECTIONS, **_CONTROLS}


def sendable(text: str) -> str:
    """The text with codes for lone surrogates, which cannot be sent to a browser, and for direction marks, which
    mislead; and with control characters made visible."""
    return text.translate(_SHOWN).encode(errors="backslashreplace").decode()


def escape(text: object) -> str:
    """Escapes text and attribute values for our own HTML."""
    return html.escape(sendable(str(text)), quote=True)


def plain(text: object, limit: int = 120) -> str:
    """Text for chart labels: Plotly interprets some HTML in every label, so it is escaped."""
    one_line = " ".join(sendable(str(text)).split())
    cut = one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
