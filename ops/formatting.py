"""Numbers as text, for findings, the dashboard and the command line, so that all show them alike."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def count(number: float, thing: str = "", plural: str = "") -> str:
    """``1 dead letter``, ``1,204 dead letters``; below ten two significant digits: ``9.5``, ``0.04``."""
    figure = f"{number:,.0f}" if number >= 10 or number == int(number) else _significant(number, 2)
    if not thing:
        return figure
    return f"{figure} {thing if figure == '1' else plural or thing + 's'}"


def about(number: float, thing: str = "", plural: str = "") -> str:
    """``about 121,000 requests``: a count that follows from measurements, which have no more than three digits."""
    return f"about {count(float(f'{number:.3g}'), thing, plural)}"


def duration(seconds: float) -> str:
    """``0.4 s``, ``42 s``, ``2 min 15 s``, ``14 min``, ``3 h 20 min``, ``2 d 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if round(seconds) < 600:
        minutes, left = divmod(round(seconds), 60)
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def elapsed(start: datetime, end: datetime) -> str:
    """How long something took, or is ago, as ``duration``: 0 s where a clock that was set back gives less."""
    return duration(max(0.0, (end - start).total_seconds()))


def latency(ms: float) -> str:
    """``3.4 ms``, ``861 ms``, ``1.23 s``, ``14 min``: more digits than ``duration`` has below ten seconds."""
    if ms < 999.5:  # what rounds to 1,000 ms is 1 s
        return f"{_significant(ms, 3)} ms"
    return f"{_significant(ms / 1000, 3)} s" if ms < 10_000 else duration(ms / 1000)


def _significant(value: float, digits: int) -> str:
    """At most this many significant digits, without trailing zeros."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def stretch(seconds: float) -> str:
    """A duration rounded to the minute, such as a range that starts with a period: ``10 min`` for 9 min 50 s."""
    return duration(max(1, round(seconds / 60)) * 60)


def usd(amount: float) -> str:
    """``$1,234.50``; below a dollar two significant digits: ``$0.42``, ``$0.0089``."""
    if amount == 0 or abs(amount) >= 0.995:
        return f"${amount:,.2f}"
    magnitude = int(f"{abs(amount):.1e}".rpartition("e")[2])  # of the rounded amount: 0.0996 is 0.10
    return f"${amount:.{min(1 - magnitude, 12)}f}"


def price(amount: float) -> str:
    """A cost: as ``usd``, but ``less than $0.0001`` for negligible amounts."""
    return "less than $0.0001" if 0 < amount < 0.0001 else usd(amount)


def byte_size(count: int) -> str:
    """``1 byte``, ``512 bytes``, ``4.2 kB``, ``37 kB``, ``1.5 GB``, in decimal units."""
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    amount, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:,.0f} {unit}" if amount >= 9.95 else f"{amount:.1f} {unit}"


def percent(share: float) -> str:
    """``0.4%``, ``12%``, of a share from 0 to 1. What is there is not none, and what is less than all is not all: ``<0.1%``,
    ``99.6%``, ``>99.9%``."""
    value = share * 100
    if 0 < value < 0.05:
        return "<0.1%"
    if 99.95 <= value < 100:
        return ">99.9%"
    return f"{value:.1f}%" if 0 < value < 9.95 or 99.5 <= value < 100 else f"{value:.0f}%"


def rate(per_minute: float) -> str:
    """``12/min``, ``2,580/min``: always per minute, as on the charts, so that any two rates can be compared."""
    return f"{count(per_minute)}/min"


def mean_of(span: tuple[datetime, datetime]) -> str:
    """The time that a rate is the mean of: ``mean of 5 min to 13:05 UTC``."""
    start, end = span
    return f"mean of {duration((end - start).total_seconds())} to {clock(end, end)}"


def clock(moment: datetime, now: datetime, *, seconds: bool = False) -> str:
    """``02:10 UTC``, or with the date when it is more than a day away; ``seconds``: ``02:10:30 UTC``."""
    moment = moment.astimezone(UTC)
    recent = abs((now - moment).total_seconds()) < 86_400
    time = "%H:%M:%S" if seconds else "%H:%M"
    return moment.strftime(f"{time} UTC" if recent else f"%Y-%m-%d {time} UTC")


def clock_range(start: datetime, end: datetime, now: datetime) -> str:
    """``01:10 UTC to 02:10 UTC``; both with their dates where one needs it, or where they are not of one day."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    texts = clock(start, now), clock(end, now)
    if start.date() != end.date() or len(texts[0]) != len(texts[1]):
        texts = f"{start:%Y-%m-%d %H:%M} UTC", f"{end:%Y-%m-%d %H:%M} UTC"
    return " to ".join(texts)


def sentence(clause: str) -> str:
    """A clause as a sentence: starting with a capital, unless its first word is a name."""
    return f"{capitalized(clause)}."


def capitalized(clause: str) -> str:
    """The clause with a capital first letter, unless its first word is a name: ``orders-jobs has no dead-letter
    queue``."""
    first = clause.partition(" ")[0]
    is_name = any(character.isupper() or character in "-_.0123456789" for character in first)
    return clause if is_name else clause[:1].upper() + clause[1:]
