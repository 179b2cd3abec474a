"""Numbers as text, for findings, the dashboard and the command line, so that all show them alike."""

from __future__ import annotations

from datetime import UTC, datetime

PER_SECOND_FROM = 600.0
"""Rates of at least this many per minute are shown per second."""


def count(number: float, thing: str = "", plural: str = "") -> str:
    """``1 dead letter``, ``1,204 dead letters``."""
    figure = f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
    if not thing:
        return figure
    return f"{figure} {thing if figure == '1' else plural or thing + 's'}"


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


def stretch(seconds: float) -> str:
    """A duration rounded to the minute, such as a range that starts with a period: ``10 min`` for 9 min 50 s."""
    return duration(max(1, round(seconds / 60)) * 60)


def usd(amount: float) -> str:
    """``$12.30``, ``$0.042``, ``$0.0000125``: three significant digits, and never zero for a small amount."""
    if amount == 0 or abs(amount) >= 1:
        return f"${amount:,.2f}"
    decimals = 2
    while decimals < 12 and abs(amount) < 10 ** (2 - decimals):
        decimals += 1
    return f"${amount:.{decimals}f}"


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
    return f"{amount:.0f} {unit}" if amount >= 9.95 else f"{amount:.1f} {unit}"


def percent(share: float) -> str:
    """``0.4%``, ``12%`` of a share from 0 to 1."""
    value = share * 100
    return f"{value:.1f}%" if 0 < value < 10 else f"{value:.0f}%"


def rate(per_minute: float) -> str:
    """``12/min``, or ``3.4/s`` when it is fast. For rates that are compared, use ``rates``."""
    return rates(per_minute)[0]


def rates(*per_minute: float) -> list[str]:
    """Rates shown side by side, all in the unit of the fastest: ``25/s`` and ``8.8/s``."""
    if max(per_minute) < PER_SECOND_FROM:
        return [_figure(value, 0 if value >= 10 else 1) + "/min" for value in per_minute]
    return [_figure(value / 60, 0 if value >= PER_SECOND_FROM else 1) + "/s" for value in per_minute]


def _figure(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.removesuffix(".0")


def clock(moment: datetime, now: datetime) -> str:
    """``02:10 UTC``, or with the date when it is more than a day away."""
    moment = moment.astimezone(UTC)
    recent = abs((now - moment).total_seconds()) < 86_400
    return moment.strftime("%H:%M UTC" if recent else "%Y-%m-%d %H:%M UTC")
