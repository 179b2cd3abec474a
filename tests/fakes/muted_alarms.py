"""Alarms on a queue, with mute rules, or without where the endpoint has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.alarm_account import alarm
from tests.fakes.aws import Refusal


@dataclass
class MutedAlarms:
    """``enabled``: whether its actions are, by alarm; ``rules``: alarms by the name of their mute rule."""

    enabled: dict[str, bool] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)
    firing: set[str] = field(default_factory=set)
    status: str = "ACTIVE"
    has_rules: bool = True

    def answer(self, operation: str, asked: dict[str, Any]) -> Any:
        """None for what is not about alarms."""
        if operation == "DescribeAlarms" and self.enabled:
            named = asked.get("AlarmNames", list(self.enabled))
            states = {True: "ALARM", False: "OK"}
            items = [
                alarm(name, ActionsEnabled=on, StateValue=states[name in self.firing])
                for name, on in self.enabled.items()
                if name in named
            ]
            return {"MetricAlarms": items, "CompositeAlarms": []}
        if operation in ("EnableAlarmActions", "DisableAlarmActions"):
            self.enabled |= dict.fromkeys(asked["AlarmNames"], operation.startswith("Enable"))
            return {}
        if "AlarmMuteRule" not in operation:
            return None
        if not self.has_rules:
            raise Refusal("InvalidAction", f"Unknown action: {operation}")
        name = asked.get("AlarmMuteRuleName") or asked["Name"]
        if operation == "PutAlarmMuteRule":
            self.rules[name] = asked["MuteTargets"]["AlarmNames"]
        elif operation == "DeleteAlarmMuteRule":
            self.rules.pop(name, None)
        elif name not in self.rules:
            raise Refusal("ResourceNotFoundException", status=404)
        else:
            return {"Name": name, "Status": self.status, "MuteTargets": {"AlarmNames": self.rules[name]}}
        return {}
