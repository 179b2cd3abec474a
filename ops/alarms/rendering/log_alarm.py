"""A log alarm on failed invocations, as PutLogAlarm takes it: its notification has their log lines.

PutLogAlarm: botocore 1.43.106 and 1.44.5, read 2026-11. ⚠ Its price is in no source that we read: none is stated. Neither
the twin nor the rehearsal evaluates log alarms, so that it stands beside the metric alarm and does not replace it.
"""

from __future__ import annotations

import json
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


def log_alarm(alarms: tuple[RecommendedAlarm, ...], place: LogAlarmPlace) -> str:
    """JSON for ``aws cloudwatch put-log-alarm --cli-input-json``. Raises UsageError where the alarm that it goes with is not
    recommended, or the extension writes no records."""
    by_id = {each.id: each for each in alarms}
    if BASED_ON not in by_id:
        raise UsageError(f"The log alarm goes with {BASED_ON}, which is not recommended.", "Omit --alarm, or name it.")
    if not any(each.id == "extension-silent" for each in alarms):
        raise UsageError(
            "The log alarm reads the records of this project's extension, of which no metrics are known.",
            "If it writes them: --extension.",
        )
    return json.dumps(_definition(by_id[BASED_ON], place), indent=2, ensure_ascii=False) + "\n"


def _definition(errors: RecommendedAlarm, place: LogAlarmPlace) -> dict[str, Any]:
    known = errors.definition
    window_s = 60 * EVERY_MINUTES
    return {
        "AlarmName": f"{known['AlarmName']}-lines",
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
        "AlarmActions": list(known.get("AlarmActions") or ()),
        "QueryResultsToEvaluate": 1,
        "QueryResultsToAlarm": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
