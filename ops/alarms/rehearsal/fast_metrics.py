"""Alarms on metrics that come more often than by the minute, as on the twin: incidents have theirs by the minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MINUTE_S = 60


def by_minute(definitions: Sequence[Mapping[str, Any]], own: int) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """The alarms as they would be where metrics come by the minute, and not every ``own`` seconds; and a sentence that says
    so, empty where they do. Periods of a minute or more are those of the work (a retry, a day), and stay."""
    if own >= MINUTE_S:
        return tuple(definitions), ""
    note = f"Metrics come every {own} s here: periods below a minute were rehearsed with a minute for each {own} s."
    return tuple(_one(each, own) for each in definitions), note


def _one(definition: Mapping[str, Any], own: int) -> Mapping[str, Any]:
    made = dict(definition)
    if made.get("Period"):
        made["Period"] = _period(int(made["Period"]), own)
    if made.get("Metrics"):
        made["Metrics"] = [
            {**query, "MetricStat": {**stat, "Period": _period(int(stat["Period"]), own)}}
            if (stat := query.get("MetricStat"))
            else query
            for query in made["Metrics"]
        ]
    return made


def _period(period: int, own: int) -> int:
    return period if period >= MINUTE_S else period * MINUTE_S // own
