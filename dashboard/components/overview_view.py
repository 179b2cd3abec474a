"""The overview's cards, pipeline and alarms as HTML, with every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from math import isnan

import pandas as pd

from dashboard import runbooks, theme
from dashboard.charts.series import late_start, since
from dashboard.formatting import escape, moment, number, quantity, rate, utc
from dashboard.markup.sparkline import data_uri
from ops.insight.report_types import Level
from ops.insight.reports.alarms import AlarmState
from ops.insight.reports.overview import PipelineRates
from ops.insight.reports.overview_cards import Card
from ops.insight.reports.pipeline import Pipeline, PipelineNode


def card(card: Card) -> str:
    colour, _, word = theme.LEVEL[card.level]
    value, unit = quantity(card.value, card.unit)
    values = [None if isnan(value) else value for _, value in card.spark]
    dot = f'<span class="so-dot so-{card.level}" style="--c:{colour}" title="{word}"></span>'
    points = pd.Series(dict(card.spark), dtype=float)
    first = late_start(points.notna(), points.index[0], points.index[-1]) if len(points) > 1 else None
    span = since(first, UTC) if first else "over the selected range"
    small = f"<small>{escape(unit)}</small>" if unit else ""
    return (
        f'<div class="so-card"><div class="so-label">{dot}{escape(card.title)}</div>'
        f'<div class="so-value">{escape(value)}{small}</div>'
        f'<img alt="{escape(card.title)}, {span}" title="{span}"'
        f' src="{data_uri(values, theme.CARD.get(card.key, theme.NEUTRAL))}">'
        f'<div class="so-note" title="{escape(card.note)}">{escape(card.note)}</div></div>'
    )


def path(rates: PipelineRates, stops: Pipeline) -> str:
    """Senders → queue → function → results, and down to the dead-letter queue, with the rate per minute on each arrow."""
    return (
        '<div class="so-path">'
        + (_node(stops.senders, "", "", theme.VISIBLE) if stops.senders else "<div></div>")
        + _flow(rates.accepted, "sent", theme.VISIBLE)
        + _node((stops.queue,), number(rates.waiting), "queued", theme.VISIBLE)
        + _flow(rates.started, "received", theme.IN_FLIGHT)
        + _node(stops.readers, number(rates.in_flight), "in flight" + _failures(rates.failed), theme.IN_FLIGHT)
        + _done(rates)
        + (_node(stops.results, "", "", theme.SUCCESS, " so-done") if stops.results else "")
        + f'<div class="so-down{_idle(rates.died)}" style="--c:{theme.DEAD}"><b>{_rate(rates.died)}</b>'
        "<span>moved to DLQ</span></div>"
        + f'<div class="so-grave">{_node((stops.dead,), number(rates.dead), "messages", theme.DEAD)}</div>'
        + "</div>"
    )


def _node(stops: Sequence[PipelineNode], figure: str, unit: str, colour: str, css_class: str = "") -> str:
    """One box for all resources at this place, by their AWS names."""
    value = f"<i>{escape(figure)}</i>" if figure else ""
    kinds = ", ".join(dict.fromkeys(stop.kind for stop in stops))
    names = ", ".join(stop.name for stop in stops if stop.name)
    details = dict.fromkeys((kinds if names else "", unit, *(stop.why for stop in stops)))
    return (
        f'<div class="so-node{css_class}" style="--c:{colour}" title="{escape(names)}"><b>{escape(names or kinds)}</b>'
        f"{value}<span>{escape(' · '.join(filter(None, details)))}</span></div>"
    )


def _flow(rate: float | None, verb: str, colour: str, css_class: str = "") -> str:
    return (
        f'<div class="so-flow{css_class}{_idle(rate)}" style="--c:{colour}">'
        f"<b>{_rate(rate)}</b><span>{escape(verb)}</span></div>"
    )


def _done(rates: PipelineRates) -> str:
    """Jobs that succeeded, where they are counted; else messages processed, which is no proof of success."""
    if rates.succeeded is not None:
        return _flow(rates.succeeded, "succeeded", theme.SUCCESS, " so-done")
    return _flow(rates.finished, "processed", theme.SUCCESS, " so-done")


def _rate(per_minute: float | None) -> str:
    return escape(rate(per_minute))


def _failures(per_minute: float | None) -> str:
    return f" · {rate(per_minute)} failed" if per_minute else ""


def _idle(rate: float | None) -> str:
    return "" if rate else " so-idle"


_STATE = {"ALARM": (Level.ACT, "In alarm"), "OK": (Level.OK, "OK")}


def alarms(states: Sequence[AlarmState], viewer: tzinfo, now: datetime | None = None) -> str:
    """Alarms in ALARM first, each with its reason, time and runbook; those in OK in one quiet line."""
    ok_names = sorted(alarm.name for alarm in states if alarm.state == "OK")
    others = sorted((alarm for alarm in states if alarm.state != "OK"), key=lambda a: (a.state != "ALARM", a.name))
    rows = [_alarm(alarm, viewer, now) for alarm in others]
    if ok_names:
        colour = theme.LEVEL[Level.OK][0]
        names = ", ".join(escape(name) for name in ok_names)
        rows.append(
            f'<div class="so-alarm so-fine"><span class="so-dot" style="--c:{colour}"></span>'
            f'<div>{"OK" if others else "No alarms firing"}</div><div class="so-quiet">{names}</div></div>'
        )
    return f"<div>{''.join(rows)}</div>"


def _alarm(alarm: AlarmState, viewer: tzinfo, now: datetime | None) -> str:
    level, word = _STATE.get(alarm.state, (Level.UNKNOWN, "No data"))
    since = f"since {moment(alarm.since, viewer, now)}" if alarm.since else ""
    runbook = f"<code>{runbooks.link(alarm.runbook)}</code>" if alarm.runbook else ""
    return (
        f'<div class="so-alarm"><span class="so-dot so-{level}" style="--c:{theme.LEVEL[level][0]}"></span>'
        f"<div><b>{escape(alarm.name)}</b>{runbook}</div>"
        f'<div class="so-quiet">{escape(alarm.reason)}</div>'
        f'<div class="so-quiet so-since" title="{escape(utc(alarm.since))}">{escape(word)} {escape(since)}</div></div>'
    )
