"""The actions that a runbook's steps may name."""

from __future__ import annotations

from collections.abc import Mapping

from ops.runbooks.actions import (
    alarm_muting,
    dead_letters,
    deployment,
    function,
    limits,
    mapping,
    reads,
    waiting,
)
from ops.runbooks.actions.action import RunbookAction
from ops.runbooks.actions.observe import alarm_look, consumers, logs_and_changes, metric_look, page_reports

_ALL: tuple[RunbookAction, ...] = (
    reads.FIND_WORKLOAD,
    reads.QUEUE,
    reads.DLQ,
    reads.MAPPING,
    reads.FUNCTION,
    reads.ALARMS,
    alarm_muting.Mute(),
    alarm_muting.Unmute(),
    alarm_look.LookAtAlarm(),
    metric_look.LookAtMetrics(),
    page_reports.ERRORS,
    page_reports.STARTS,
    page_reports.COSTS,
    logs_and_changes.LookAtLogs(),
    logs_and_changes.LookAtChanges(),
    consumers.DLQ_READERS,
    consumers.ASYNCHRONOUS,
    consumers.ACCOUNT,
    mapping.PAUSE,
    mapping.RESUME,
    mapping.MAXIMUM_CONCURRENCY,
    mapping.BATCH_SIZE,
    function.MEMORY,
    function.TIMEOUT,
    deployment.VERSIONS,
    deployment.ALIAS_VERSION,
    deployment.IMAGE,
    limits.RESERVED_CONCURRENCY,
    limits.VISIBILITY_TIMEOUT,
    limits.RETENTION,
    dead_letters.Scan(),
    dead_letters.Explain(),
    dead_letters.ScanAndExplain(),
    dead_letters.MakePlan(),
    dead_letters.Redrive(),
    dead_letters.Cancel(),
    dead_letters.Export(),
    dead_letters.Purge(),
    dead_letters.PlanQuarantine(),
    dead_letters.Quarantine(),
    dead_letters.ScanUndelivered(),
    dead_letters.PlanUndelivered(),
    dead_letters.RedriveUndelivered(),
    waiting.WaitUntil(),
    waiting.WaitForAlarm(),
    waiting.WaitForTime(),
    waiting.Ask(),
)
ACTIONS: Mapping[str, RunbookAction] = {action.name: action for action in _ALL}
