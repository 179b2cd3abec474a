"""Alarms as resources of a CloudFormation template, in YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from ops import formatting
from ops.alarms.catalogue import RecommendedAlarm
from ops.alarms.rendering.unique_names import unique_names
from ops.alarms.rendering.yaml_text import block, comment

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
_WORD = re.compile(r"[A-Za-z0-9]+")
_REFERENCE = re.compile(r"\$\{(?!AWS::)([A-Za-z0-9]+)")


def cloudformation(alarms: Iterable[RecommendedAlarm]) -> str:
    """A template of these alarms alone. Where they refer to resources of another template, a part of that one."""
    known = tuple(alarms)
    lines = list(resources(known))
    elsewhere = sorted({name for alarm in known for name in _REFERENCE.findall(json.dumps(alarm.definition))})
    if elsewhere:
        note = f"Add these to the template that declares {', '.join(elsewhere)}."
        head = [*comment(note, 0), "Resources:"]
    else:
        head = [
            'AWSTemplateFormatVersion: "2010-09-09"',
            "Description: Alarms of a queue and the function that reads it",
            "",
            "Resources:",
        ]
    return "\n".join([*head, *lines]) + "\n"


def logical_id(alarm: RecommendedAlarm) -> str:
    """``dead-letters`` is DeadLettersAlarm; one of several functions has the function's name in it."""
    words = _WORD.findall(alarm.name[alarm.name.index(alarm.id) :])
    return "".join(word[:1].upper() + word[1:] for word in words) + "Alarm"


def resources(alarms: Sequence[RecommendedAlarm]) -> Iterator[str]:
    """Their lines, indented as below ``Resources:``, with an empty line between two.

    A composite alarm is made after the alarms that its rule names: CloudFormation does not see them in a text.
    """
    ids = unique_names(alarms, logical_id, "")
    for number, alarm in enumerate(alarms):
        if number:
            yield ""
        yield from comment(f"{alarm.reason} About {formatting.usd(alarm.monthly_usd)} a month.", 2)
        yield f"  {ids[alarm.name]}:"
        yield f"    Type: {COMPOSITE if alarm.composite else METRIC}"
        if alarm.composite:
            rule = str(alarm.definition["AlarmRule"])
            named = [ids[each.name] for each in alarms if f'ALARM("{each.name}")' in rule]
            yield from block({"DependsOn": named}, 4)
        yield "    Properties:"
        yield from block(dict(alarm.definition), 6)
