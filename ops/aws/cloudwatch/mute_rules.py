"""Alarm mute rules: windows in which the actions of alarms are muted, while their states go on (botocore 1.44.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_TARGETS = 100
"""Alarms that one rule can mute."""
UNSUPPORTED = ("InvalidAction", "UnknownOperationException", "InvalidActionException")
"""Codes of an endpoint that does not have mute rules."""


@dataclass(frozen=True)
class AlarmMuteRule:
    """``status``: SCHEDULED | ACTIVE | EXPIRED. ``expression`` and ``duration``: ``at(2026-11-29T14:00)``, ``PT20M``."""

    name: str
    status: str
    alarms: tuple[str, ...]
    expression: str
    duration: str
    timezone: str = "UTC"
    description: str = ""


def put_mute_rule(
    aws: Aws,
    name: str,
    alarms: Sequence[str],
    *,
    expression: str,
    duration: str,
    description: str,
    tags: Mapping[str, str],
) -> None:
    """Makes or changes it. Needs cloudwatch:PutAlarmMuteRule on the rule and on each alarm."""
    more: Any = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}
    with aws.translate_errors("cloudwatch", f"alarm mute rule {name}"):
        aws.cloudwatch.put_alarm_mute_rule(
            Name=name,
            Description=description,
            Rule={"Schedule": {"Expression": expression, "Duration": duration, "Timezone": "UTC"}},
            MuteTargets={"AlarmNames": list(alarms)},
            **more,
        )


def get_mute_rule(aws: Aws, name: str) -> AlarmMuteRule:
    """Raises NotFound."""
    with aws.translate_errors("cloudwatch", f"alarm mute rule {name}"):
        found: Any = aws.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)
    schedule = found.get("Rule", {}).get("Schedule", {})
    return AlarmMuteRule(
        name=found.get("Name", name),
        status=found.get("Status", ""),
        alarms=tuple(found.get("MuteTargets", {}).get("AlarmNames", ())),
        expression=schedule.get("Expression", ""),
        duration=schedule.get("Duration", ""),
        timezone=schedule.get("Timezone", "UTC"),
        description=found.get("Description", ""),
    )


def active_mute_rules(aws: Aws) -> tuple[str, ...]:
    """Names of the rules that mute something now."""
    names: list[str] = []
    token = ""
    with aws.translate_errors("cloudwatch", "alarm mute rules"):
        while True:
            more: Any = {"NextToken": token} if token else {}
            page: Any = aws.cloudwatch.list_alarm_mute_rules(Statuses=["ACTIVE"], **more)
            names += [item["AlarmMuteRuleArn"].rpartition(":")[2] for item in page.get("AlarmMuteRuleSummaries", [])]
            token = page.get("NextToken") or ""
            if not token:
                break
    return tuple(names)


def delete_mute_rule(aws: Aws, name: str) -> None:
    """One that does not exist is no error. The actions of alarms that are still in ALARM are carried out then."""
    with aws.translate_errors("cloudwatch", f"alarm mute rule {name}"):
        aws.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
