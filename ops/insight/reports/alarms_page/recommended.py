"""The workload's alarms beside those of the catalogue: why a threshold is what it is, and which alarms are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.alarms.catalogue import Recommendation, RecommendedAlarm
from ops.aws.cloudwatch import alarm_of
from ops.insight.rules.alarm_rules import alarm_words

_WATCHED = ("Namespace", "MetricName")


@dataclass(frozen=True)
class CatalogueMatch:
    """``same``: whether the alarm fires when the catalogue's does. ``condition``: of the catalogue's."""

    recommended: RecommendedAlarm
    same: bool
    condition: str


def match(definitions: Sequence[Mapping[str, Any]], recommendation: Recommendation) -> dict[str, CatalogueMatch]:
    """Matches with the catalogue by the alarm's name. An alarm matches by its name, else by its metric if a single row
    has it."""
    matches = {}
    names = {str(each["AlarmName"]) for each in definitions}
    for definition in definitions:
        name = str(definition["AlarmName"])
        own = [each for each in recommendation.alarms if each.name == name]
        if not own and (watched := _watched(definition)):
            own = [
                each
                for each in recommendation.alarms
                if each.name not in names and _watched(each.definition) == watched
            ]
        if len(own) == 1:
            matches[name] = _compared(definition, own[0])
    return matches


def missing(recommendation: Recommendation, matches: Mapping[str, CatalogueMatch]) -> tuple[RecommendedAlarm, ...]:
    """The catalogue's alarms that none of the workload's stands for."""
    there = {each.recommended.id for each in matches.values()}
    return tuple(each for each in recommendation.alarms if each.id not in there)


def _compared(definition: Mapping[str, Any], recommended: RecommendedAlarm) -> CatalogueMatch:
    if recommended.composite:
        return CatalogueMatch(recommended, definition.get("AlarmRule") == recommended.definition.get("AlarmRule"), "")
    own, theirs = (alarm_words.condition(alarm_of(each)) for each in (definition, recommended.definition))
    return CatalogueMatch(recommended, own == theirs, theirs)


def _watched(definition: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The metric that an alarm reads; None for metric math and composite alarms."""
    if definition.get("Metrics") or definition.get("AlarmRule"):
        return None
    dimensions = sorted((each["Name"], each["Value"]) for each in definition.get("Dimensions") or ())
    return (*(definition.get(name) for name in _WATCHED), tuple(dimensions))
