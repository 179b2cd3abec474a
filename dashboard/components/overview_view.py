"""The overview's cards, pipeline and alarms as HTML, with every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from math import isnan

import pandas as pd

from dashboard import runbooks, theme
from dashboard.charts.drawing.series import late_start, since
from dashboard.components.queries import runbook_queries
from dashboard.formatting import escape, moment, quantity, utc
from dashboard.markup.sparkline import data_uri
from ops.insight.report_types import Level
from ops.insight.reports.alarms import AlarmState, count_ok
from ops.insight.reports.overview_parts.overview_cards import Card


def card(card: Card) -> str:
    colour, word = theme.LEVEL_COLOUR[card.level], card.level.label
    value, unit = quantity(card.value, card.unit)
    values = [None if isnan(value) else value for _, value in card.spark]
    dot = f'<span class="so-dot so-{card.level}" style="--c:{colour}" title="{word}"></span>'
    points = pd.Series(dict(card.spark), dtype=float)
    first = late_start(points.notna(), points.index[0], points.index[-1]) if len(points) > 1 else None
    span = since(first, UTC) if first else "over the selected range"
    small = f" <small>{escape(unit)}</small>" if unit else ""
    return (
        f'<div class="so-card"><div class="so-label">{dot}{escape(card.title)}</div>'
        f'<div class="so-value"><span>{escape(value)}</span>{small}</div>'
        f'<img alt="{escape(card.title)}, {span}" title="{span}"'
        f' src="{data_uri(values, _spark_colour(card.level))}">'
        f'<div class="so-note" title="{escape(card.note)}">{escape(card.note)}</div></div>'
    )


def _spark_colour(level: Level) -> str:
    """A state's colour where there is something to do; else none has a meaning."""
    return theme.LEVEL_COLOUR[level] if level in (Level.CRITICAL, Level.WARNING) else theme.VISIBLE


_STATE = {"ALARM": (Level.CRITICAL, "In alarm"), "OK": (Level.OK, "OK")}


def alarms(states: Sequence[AlarmState], viewer: tzinfo, now: datetime | None = None) -> str:
    """Alarms in ALARM first, each with its reason, time and runbook; of those in OK their number."""
    others = sorted((alarm for alarm in states if alarm.state != "OK"), key=lambda a: (a.state != "ALARM", a.name))
    rows = [_alarm(alarm, viewer, now) for alarm in others]
    if fine := count_ok(states):
        colour = theme.LEVEL_COLOUR[Level.OK]
        rows.append(
            f'<div class="so-alarm so-fine"><span class="so-dot" style="--c:{colour}"></span><div>{escape(fine)}</div></div>'
        )
    return f"<div>{''.join(rows)}</div>"


def _alarm(alarm: AlarmState, viewer: tzinfo, now: datetime | None) -> str:
    level, word = _STATE.get(alarm.state, (Level.NO_DATA, "No data"))
    since = f"since {moment(alarm.since, viewer, now)}" if alarm.since else ""
    runbook = (
        f"<code>{runbooks.link(runbook_queries.path(alarm.name, alarm.runbook), alarm.name)}</code>"
        if alarm.runbook
        else ""
    )
    return (
        f'<div class="so-alarm"><span class="so-dot so-{level}" style="--c:{theme.LEVEL_COLOUR[level]}"></span>'
        f"<div><b>{escape(alarm.name)}</b>{runbook}</div>"
        f'<div class="so-quiet">{escape(alarm.reason)}</div>'
        f'<div class="so-quiet so-since" title="{escape(utc(alarm.since))}">{escape(word)} {escape(since)}</div></div>'
    )
