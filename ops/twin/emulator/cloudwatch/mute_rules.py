"""Patch: alarm mute rules.

Stands for: PutAlarmMuteRule, GetAlarmMuteRule, ListAlarmMuteRules, DeleteAlarmMuteRule (botocore 1.44.5), by the rules of
``ops.alarms.evaluate``: while a rule is active, the states of its alarms go on and their actions are muted; when the last
of its windows ends, or the rule is deleted, the action of the state that the alarm is still in is made up for (CloudWatch
user guide, alarm-mute-rules-behaviour, read 2026-11). MiniStack has no mute rules.

Leaves out: protocols but JSON, MuteType, tags, permissions on the single alarms.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch

from ops.alarms.evaluate import AlarmError
from ops.alarms.evaluate.mute_rules import MuteRule, mute_rule
from ops.twin.emulator import account_context
from ops.twin.emulator.patch import Patch

Scope = tuple[str, str]  # account, region
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], dict[str, Any]]
FAR_S = 366 * 86_400.0


class NoSuchRule(Exception):
    pass


class MuteRules:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[Scope, dict[str, dict[str, Any]]] = {}
        self._handlers: dict[str, Handler] = {
            "PutAlarmMuteRule": self._put,
            "GetAlarmMuteRule": self._get,
            "ListAlarmMuteRules": self._list,
            "DeleteAlarmMuteRule": self._delete,
        }

    def patches(self) -> list[Patch]:
        return [Patch("services.cloudwatch", "handle_request", self._handling, "alarm mute rules")]

    def muted(self, alarm: str) -> bool:
        """Whether the alarm is muted now, in the caller's account and region."""
        with self._lock:
            rules = list(self._own().values())
        return any(alarm in rule.alarms and _status(rule) == "ACTIVE" for rule in map(mute_rule, rules))

    def _own(self) -> dict[str, dict[str, Any]]:
        return self._rules.setdefault(account_context.current(), {})

    def _handling(self, original: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
        async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
            handler = self._handlers.get(headers.get("x-amz-target", "").rpartition(".")[2])
            if handler is None:
                return await original(method, path, headers, body, query)
            try:
                answer: Answer = cloudwatch._json_ok(handler(json.loads(body or b"{}")))
            except AlarmError as error:
                return _refused("ValidationError", str(error), 400)
            except NoSuchRule as error:
                return _refused("ResourceNotFoundException", f"There is no alarm mute rule {error}.", 404)
            return answer

        return handle

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        rule = mute_rule(asked)
        with self._lock:
            self._own()[rule.name] = {**asked, "LastUpdatedTimestamp": _iso(time.time())}
        return {}

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = str(asked.get("AlarmMuteRuleName"))
        with self._lock:
            stored = self._own().get(name)
        if stored is None:
            raise NoSuchRule(name)
        kept: dict[str, Any] = {
            key: stored[key] for key in ("Name", "Description", "Rule", "MuteTargets") if key in stored
        }
        return {**kept, **_summary(stored)}

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            rules = list(self._own().values())
        statuses, alarm = asked.get("Statuses"), asked.get("AlarmName")
        chosen = [rule for rule in rules if alarm is None or alarm in mute_rule(rule).alarms]
        summaries = [_summary(rule) for rule in chosen]
        return {
            "AlarmMuteRuleSummaries": [
                summary for summary in summaries if not statuses or summary["Status"] in statuses
            ]
        }

    def _delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._own().pop(str(asked.get("AlarmMuteRuleName")), None)
        return {}


def _status(rule: MuteRule) -> str:
    now = time.time()
    windows = list(rule.windows(now, now + FAR_S))
    if any(opens <= now < closes for opens, closes in windows):
        return "ACTIVE"
    return "SCHEDULED" if any(opens > now for opens, _ in windows) else "EXPIRED"


def _summary(stored: dict[str, Any]) -> dict[str, Any]:
    account, region = account_context.current()
    return {
        "AlarmMuteRuleArn": f"arn:aws:cloudwatch:{region}:{account}:alarm-mute-rule:{stored['Name']}",
        "Status": _status(mute_rule(stored)),
        "LastUpdatedTimestamp": stored["LastUpdatedTimestamp"],
    }


def _refused(code: str, message: str, status: int) -> Answer:
    answer: Answer = cloudwatch._error(code, message, status, use_json=True)
    return answer


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
