"""CloudWatch's alarms in memory: put, described, tagged, deleted, refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from tests.fakes.alarm_account import alarm_arn
from tests.fakes.aws import Refusal

KINDS = {"AlarmRule": "CompositeAlarm", "ScheduledQueryConfiguration": "LogAlarm"}


def kind_of(definition: Mapping[str, Any]) -> str:
    return next((kind for field, kind in KINDS.items() if field in definition), "MetricAlarm")


@dataclass
class AlarmWorld:
    """``refusals``: by the name of the alarm that is put or deleted. ``calls``: those that change something."""

    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        return getattr(self, f"_{operation}")(asked)

    def add(self, definition: Mapping[str, Any], **tags: str) -> None:
        name = str(definition["AlarmName"])
        self.alarms[name] = {"ActionsEnabled": True, "StateValue": "OK", **definition, "AlarmArn": alarm_arn(name)}
        self.tags[alarm_arn(name)] = {key.replace("__", ":").replace("_", "-"): value for key, value in tags.items()}

    def _DescribeAlarms(self, asked: dict[str, Any]) -> Any:
        assert len(asked.get("AlarmNames", ())) <= 100
        names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix", "")
        found = [
            alarm for name, alarm in self.alarms.items() if (names is None or name in names) and name.startswith(prefix)
        ]
        asked_for = asked.get("AlarmTypes", ["MetricAlarm"])
        return {f"{kind}s": [one for one in found if kind_of(one) == kind] for kind in asked_for}

    def _ListTagsForResource(self, asked: dict[str, Any]) -> Any:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags[asked["ResourceARN"]].items()]}

    def _put(self, asked: dict[str, Any]) -> Any:
        name = asked["AlarmName"]
        self._allow(name)
        for other in alarm_rule(asked["AlarmRule"]).alarms if "AlarmRule" in asked else ():
            if other not in self.alarms:
                raise Refusal("ValidationError", f"{other} does not exist")
        self.calls.append(f"put {name}")
        tags = {tag["Key"]: tag["Value"] for tag in asked.pop("Tags", [])}
        kept = self.tags.get(alarm_arn(name), tags)  # tags of an alarm that is there are not changed
        self.add(asked)
        self.tags[alarm_arn(name)] = kept
        return {}

    _PutMetricAlarm = _PutCompositeAlarm = _put

    def _PutLogAlarm(self, asked: dict[str, Any]) -> Any:
        answer = self._put(asked)
        self.alarms[asked["AlarmName"]]["ScheduledQueryConfiguration"]["QueryARN"] = "arn:aws:logs:query"
        return answer

    def _TagResource(self, asked: dict[str, Any]) -> Any:
        self.calls.append(f"tag {asked['ResourceARN'].partition(':alarm:')[2]}")
        self.tags[asked["ResourceARN"]] |= {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
        return {}

    def _UntagResource(self, asked: dict[str, Any]) -> Any:
        for key in asked["TagKeys"]:
            del self.tags[asked["ResourceARN"]][key]
        return {}

    def _DeleteAlarms(self, asked: dict[str, Any]) -> Any:
        names = asked["AlarmNames"]
        composites = [name for name in names if "AlarmRule" in self.alarms[name]]
        logs = [name for name in names if kind_of(self.alarms[name]) == "LogAlarm"]
        assert len(names) <= (1 if composites or logs else 100)
        for name in names:
            self._allow(name)
            if any(
                name in alarm_rule(alarm["AlarmRule"]).alarms for alarm in self.alarms.values() if "AlarmRule" in alarm
            ):
                raise Refusal(
                    "ValidationError", f"Cannot delete {name} as there are composite alarm(s) depending on it."
                )
        for name in names:
            self.calls.append(f"delete {name}")
            del self.alarms[name], self.tags[alarm_arn(name)]
        return {}

    def _allow(self, name: str) -> None:
        if name in self.refusals:
            raise self.refusals[name]
