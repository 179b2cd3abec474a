"""A log alarm on failed invocations, as PutLogAlarm takes it: its notification has their log lines.

PutLogAlarm: botocore 1.43.106 and 1.44.5, read 2026-11. ⚠ Its price is in no source that we read: none is stated. What
CloudWatch makes of several aggregated values and of a query without a result is not published, so that neither the twin nor the
rehearsal evaluates log alarms: it stands beside the metric alarm and does not replace it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handler import contract
from ops.alarms.catalogue import RecommendedAlarm
from ops.errors import UsageError

BASED_ON = "function-errors"
LINES = 10
"""Of at most 50."""
QUERY = f'fields @timestamp, @message | filter record = "{contract.INVOCATION_RECORD}" and status != "success"'
"""The extension's records: a line for each invocation, also where the function was killed."""
EVERY_MINUTES, LATE_S = 5, 60
"""Each run reads five minutes that ended a minute before it: lines take a few seconds to become readable."""


@dataclass(frozen=True)
class LogAlarmPlace:
    """``group``: the function's log group. ``query_role``: ARN of the role that runs the query; ``lines_role``: of the one
    that reads the lines for the notification."""

    group: str
    query_role: str
    lines_role: str


def log_alarm(alarms: tuple[RecommendedAlarm, ...], place: LogAlarmPlace) -> dict[str, Any]:
    """Input of PutLogAlarm. Raises UsageError where the alarm that it goes with is not recommended, or the extension
    writes no records."""
    by_id = {each.id: each for each in alarms}
    if BASED_ON not in by_id:
        raise UsageError(f"The log alarm goes with {BASED_ON}, which is not recommended.", "Omit --alarm, or name it.")
    if not any(each.id == "extension-silent" for each in alarms):
        raise UsageError(
            "The log alarm reads the records of this project's extension, of which no metrics are known.",
            "If it writes them: --extension.",
        )
    return _definition(by_id[BASED_ON], place)


def as_json(definition: Mapping[str, Any]) -> str:
    """JSON for ``aws cloudwatch put-log-alarm --cli-input-json``."""
    return json.dumps(definition, indent=2, ensure_ascii=False) + "\n"


def name_of(errors: RecommendedAlarm) -> str:
    return f"{errors.name}-lines"


def place_of(definition: Mapping[str, Any]) -> LogAlarmPlace | None:
    """Log group and roles of an existing log alarm; None unless it has one log group and both roles, as those of this
    module have."""
    query = definition["ScheduledQueryConfiguration"]
    groups = query.get("LogGroupIdentifiers") or []
    roles = query.get("ScheduledQueryRoleARN"), definition.get("ActionLogLineRoleArn")
    if len(groups) != 1 or not all(roles):
        return None
    return LogAlarmPlace(str(groups[0]), str(roles[0]), str(roles[1]))


def _definition(errors: RecommendedAlarm, place: LogAlarmPlace) -> dict[str, Any]:
    known = errors.definition
    window_s = 60 * EVERY_MINUTES
    return {
        "AlarmName": name_of(errors),
        "AlarmDescription": known["AlarmDescription"],
        "ScheduledQueryConfiguration": {
            "QueryString": QUERY,
            "LogGroupIdentifiers": [place.group],
            "ScheduledQueryRoleARN": place.query_role,
            "ScheduleConfiguration": {
                "ScheduleExpression": f"rate({EVERY_MINUTES} minutes)",
                "StartTimeOffset": window_s + LATE_S,
                "EndTimeOffset": LATE_S,
            },
            "AggregationExpression": "count(*)",
        },
        "ActionLogLineCount": LINES,
        "ActionLogLineRoleArn": place.lines_role,
        **({"AlarmActions": list(known["AlarmActions"])} if known.get("AlarmActions") else {}),
        "QueryResultsToEvaluate": 1,
        "QueryResultsToAlarm": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
