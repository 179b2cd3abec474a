"""A template's alarms as PutMetricAlarm and PutCompositeAlarm take them, with parameters resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.doctor.settings import SettingOrigin, Unknown
from ops.doctor.template.resources import Resource, Resources, own_name

METRIC_ALARM, COMPOSITE_ALARM = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
NOTIFIED = ("AlarmActions", "OKActions", "InsufficientDataActions")
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}")


@dataclass(frozen=True)
class TemplateAlarms:
    """``unreadable``: why, by name, of alarms that depend on what is not known before the stack is deployed. ``origins``:
    where each is declared, by name."""

    definitions: tuple[Mapping[str, Any], ...]
    unreadable: Mapping[str, str]
    origins: Mapping[str, SettingOrigin]


def read(resources: Resources) -> TemplateAlarms:
    found = list(resources.of(METRIC_ALARM, COMPOSITE_ALARM))
    names = {resource.name: own_name(resource) or resource.name for resource in found}
    definitions, unreadable = [], {}
    for resource in found:
        definition = {**_plain(resource), "AlarmName": names[resource.name]}
        unknown = next(_unknown(definition), None)
        if unknown is None:
            definitions.append(_with_names(definition, names))
        else:
            unreadable[names[resource.name]] = f"{unknown[0]}: {unknown[1].why}"
    for name, condition in resources.absent.items():
        if resources.absent_kinds[name] in (METRIC_ALARM, COMPOSITE_ALARM):
            unreadable[name] = f"it is created only where {condition} holds"
    origins = {names[resource.name]: resource.origin() for resource in found}
    return TemplateAlarms(tuple(definitions), unreadable, origins)


def _plain(resource: Resource) -> dict[str, Any]:
    """An action that is not known is one all the same: where it leads decides nothing about the state."""
    definition: dict[str, Any] = dict(resource.properties)
    for key in NOTIFIED:
        value = definition.get(key)
        if isinstance(value, list):
            definition[key] = [item.symbol if isinstance(item, Unknown) else str(item) for item in value]
    return definition


def _unknown(value: Any, path: str = "") -> Iterator[tuple[str, Unknown]]:
    if isinstance(value, Unknown):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _unknown(item, f"{path}.{key}" if path else str(key))


def _with_names(definition: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """References to alarms of the template replaced by their names."""

    def named(reference: re.Match[str]) -> str:
        return names.get(reference[1], reference[0])

    return {
        key: _REFERENCE.sub(named, value)
        if key in ("AlarmRule", "ActionsSuppressor") and isinstance(value, str)
        else value
        for key, value in definition.items()
    }
