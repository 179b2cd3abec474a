"""Patches: composite alarms by the rules of ``ops.alarms.evaluate``, and in templates.

Stands for: PutCompositeAlarm validates the rule and the suppressor, and keeps them (API reference, read 2026-11);
``AWS::CloudWatch::CompositeAlarm`` (CloudFormation template reference, read 2026-11). MiniStack has no suppression, and no
composite alarm in a template. A child's change reaches the composite at once, as MiniStack does it.

Leaves out: changing the name of a composite alarm in a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch

from ops.alarms.evaluate import AlarmError, composite_alarm
from ops.alarms.evaluate.composite.alarm_rule import alarm_name, alarm_rule
from ops.twin.emulator.patch import Patch

Definition = dict[str, Any]
TYPE = "AWS::CloudWatch::CompositeAlarm"
SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def patches() -> list[Patch]:
    handlers = "_RESOURCE_HANDLERS"
    return [
        Patch("services.cloudwatch", "_put_composite_alarm", _put, "rules and suppressors are validated and kept"),
        Patch("services.cloudwatch", "_composite_rule_state", lambda _: _state, "one evaluator of rules"),
        Patch("services.cloudformation.provisioners", handlers, _with_composites, "composite alarms in a template"),
    ]


def _put(original: Any) -> Any:
    def put(params: Any, body: Definition, is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):  # the XML protocol, which no current SDK speaks to CloudWatch
            return original(params, body, is_cbor, is_json)
        try:
            alarm = composite_alarm(body)
            if alarm.suppressor and not _exists(alarm.suppressor):
                raise AlarmError(f"The suppressor alarm {alarm.suppressor} does not exist.")
        except AlarmError as error:
            return cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        answer = original(params, body, is_cbor, is_json)
        stored = cloudwatch._composite_alarms.get(alarm.name)
        if answer[0] == 200 and stored:
            stored.update({field: body[field] for field in SUPPRESSION if body.get(field) is not None})
        return answer

    return put


def _exists(name: str) -> bool:
    return name in cloudwatch._alarms or name in cloudwatch._composite_alarms


def _state(alarm: Mapping[str, Any]) -> str:
    rule = alarm_rule(alarm["AlarmRule"])
    return "ALARM" if rule.holds({name: state_of_alarm(name) for name in rule.alarms}) else "OK"


def state_of_alarm(reference: str) -> str:
    """The state of an alarm by name or ARN; empty for an alarm that does not exist."""
    name = alarm_name(reference)
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    return str(alarm["StateValue"]) if alarm else ""


def _with_composites(
    provisioners: dict[str, dict[str, Callable[..., Any]]],
) -> dict[str, dict[str, Callable[..., Any]]]:
    """The same table, which other modules hold, with an entry more."""
    provisioners[TYPE] = {"create": _create, "update": _update, "delete": _delete}
    return provisioners


def _create(logical_id: str, properties: Definition, stack: str) -> tuple[str, Definition]:
    return _provision(properties.get("AlarmName") or f"{stack}-{logical_id}", properties)


def _update(physical_id: str, old: Definition, properties: Definition, stack: str) -> tuple[str, Definition]:
    if properties.get("AlarmName", physical_id) != physical_id:
        raise ValueError(f"The twin does not rename the composite alarm {physical_id}.")
    return _provision(physical_id, properties)


def _provision(name: str, properties: Definition) -> tuple[str, Definition]:
    _asked(cloudwatch._put_composite_alarm, {**properties, "AlarmName": name})
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _delete(physical_id: str, properties: Definition) -> None:
    _asked(cloudwatch._delete_alarms, {"AlarmNames": [physical_id]})


def _asked(action: Callable[..., Any], body: Definition) -> None:
    status, _, answer = action({}, body, False, True)
    if status != 200:
        raise ValueError(json.loads(answer).get("message") or answer)
