"""Actions that only read: the queue, the dead-letter queue, the mapping, the function, the alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ops import formatting
from ops.aws import lambda_, sqs
from ops.aws.call import ApiCall
from ops.aws.cloudwatch import alarms as cloudwatch_alarms
from ops.errors import OpsError, UsageError
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    Outputs,
    Paper,
    PlannedChange,
    Reconciliation,
    StepPreview,
    StepVerdict,
    StepVerification,
)


class NoInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The inputs of an action that takes none."""


class Repeatable:
    """What actions share that change no setting: there is nothing to preview or undo, and a repetition does no harm."""

    effect = Effect.READ
    sets: tuple[str, ...] = ()
    deadline_s = 0.0

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return StepPreview()

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        return StepVerification(StepVerdict.HOLDS)

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        return Reconciliation.NOT_DONE

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        return StepPreview()

    def undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> None:
        raise OpsError("This step changed no setting.")

    def verify_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepVerification:
        return StepVerification(StepVerdict.HOLDS)


@dataclass(frozen=True)
class Look(Repeatable):
    """``commands``: on paper, as calls with an optional query, or as shell text."""

    name: str
    summary: str
    outputs: tuple[str, ...]
    permissions: tuple[str, ...]
    read: Callable[[ActionContext], Outputs]
    commands: tuple[tuple[ApiCall, str] | str, ...]
    sets: tuple[str, ...] = ()
    inputs: type[msgspec.Struct] = NoInputs

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper(tuple(each if isinstance(each, str) else each[0].command(each[1]) for each in self.commands))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        return self.read(context)


def _queue(context: ActionContext) -> Outputs:
    queue, depth = sqs.find_queue_and_depth(context.aws, context.workload.queue.arn)
    return {**_depth(depth), "visibility_timeout": queue.visibility_s, "retention": queue.retention_s}


def _dlq(context: ActionContext) -> Outputs:
    return _depth(sqs.queue_depth(context.aws, context.open_dlq().queue))


def _depth(depth: sqs.Depth) -> dict[str, Any]:
    total = depth.visible + depth.in_flight + depth.delayed
    return {"visible": depth.visible, "in_flight": depth.in_flight, "delayed": depth.delayed, "messages": total}


def _mapping(context: ActionContext) -> Outputs:
    if context.workload.mapping is None:
        raise UsageError(f"No event source mapping reads {context.workload.queue.name}.")
    mapping = lambda_.get_mapping(context.aws, context.workload.mapping.uuid)
    return {
        "uuid": mapping.uuid,
        "state": mapping.state,
        "reason": mapping.reason,
        "batch_size": mapping.batch_size,
        "maximum_concurrency": mapping.maximum_concurrency,
    }


def _function(context: ActionContext) -> Outputs:
    if context.workload.function is None:
        raise UsageError(f"No function is known to read {context.workload.queue.name}.")
    function = lambda_.with_reserved_concurrency(
        context.aws, lambda_.get_function(context.aws, context.workload.function.name)
    )
    return {
        "name": function.name,
        "timeout": function.timeout_s,
        "memory": function.memory_mb,
        "reserved_concurrency": function.reserved,
        "deployed_at": function.deployed_at.isoformat() if function.deployed_at else None,
    }


def _alarms(context: ActionContext) -> Outputs:
    alarms = cloudwatch_alarms.describe_alarms(context.aws, context.workload.alarms)
    in_alarm, ok, no_data = (
        [alarm.name for alarm in alarms if alarm.state == state] for state in ("ALARM", "OK", "INSUFFICIENT_DATA")
    )
    lines = [f"in ALARM: {', '.join(in_alarm) or 'none'}", f"OK: {formatting.count(len(ok), 'alarm')}"]
    lines += [f"no data: {', '.join(no_data)}"] if no_data else []
    return {"in_alarm": in_alarm, "ok": ok, "no_data": no_data, "lines": lines}


DEPTH = ("visible", "in_flight", "delayed", "messages")
_COUNTS = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
FIND_WORKLOAD = Look(
    "workload.find",
    "Find the parts of the workload",
    ("name", "queue", "dlq", "function", "mapping"),
    (
        *("cloudformation:DescribeStacks", "cloudformation:DescribeStackResources", "sqs:GetQueueUrl"),
        *("sqs:GetQueueAttributes", "lambda:ListEventSourceMappings", "lambda:GetFunctionConfiguration"),
        *("lambda:GetFunctionConcurrency", "lambda:GetAccountSettings", "cloudwatch:DescribeAlarms"),
    ),
    lambda context: workload_fields(context.workload),
    (
        "STACK=scilearn; FN=$STACK-worker",
        "URL=$(aws sqs get-queue-url --queue-name $STACK-jobs --query QueueUrl --output text)",
        "DLQ_URL=$(aws sqs get-queue-url --queue-name $STACK-jobs-dead --query QueueUrl --output text)",
        "UUID=$(aws lambda list-event-source-mappings --function-name $FN --query 'EventSourceMappings[0].UUID' "
        "--output text)",
    ),
    ("STACK", "FN", "URL", "DLQ_URL", "UUID"),
)
QUEUE = Look(
    "queue.look",
    "Look at the queue",
    (*DEPTH, "visibility_timeout", "retention"),
    ("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    _queue,
    ((ApiCall("sqs", "GetQueueAttributes", {"QueueUrl": "$URL", "AttributeNames": _COUNTS}), ""),),
)
DLQ = Look(
    "dlq.look",
    "Look at the dead-letter queue",
    DEPTH,
    ("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    _dlq,
    ((ApiCall("sqs", "GetQueueAttributes", {"QueueUrl": "$DLQ_URL", "AttributeNames": _COUNTS}), ""),),
)
MAPPING = Look(
    "mapping.look",
    "Look at the event source mapping",
    ("uuid", "state", "reason", "batch_size", "maximum_concurrency"),
    ("lambda:GetEventSourceMapping",),
    _mapping,
    (
        (
            ApiCall("lambda", "GetEventSourceMapping", {"UUID": "$UUID"}),
            "[State,StateTransitionReason,BatchSize,ScalingConfig]",
        ),
    ),
)
FUNCTION = Look(
    "function.look",
    "Look at the function",
    ("name", "timeout", "memory", "reserved_concurrency", "deployed_at"),
    ("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"),
    _function,
    (
        (
            ApiCall("lambda", "GetFunctionConfiguration", {"FunctionName": "$FN"}),
            "[Timeout,MemorySize,LastModified,LastUpdateStatus]",
        ),
        (ApiCall("lambda", "GetFunctionConcurrency", {"FunctionName": "$FN"}), ""),
    ),
)
ALARMS = Look(
    "alarms.look",
    "Look at the alarms of the workload",
    ("in_alarm", "ok", "no_data", "lines"),
    ("cloudwatch:DescribeAlarms",),
    _alarms,
    (
        (
            ApiCall("cloudwatch", "DescribeAlarms", {"AlarmNamePrefix": "$STACK"}),
            "MetricAlarms[].[AlarmName,StateValue,StateReason]",
        ),
    ),
)


def workload_fields(workload: Any) -> dict[str, Any]:
    """What expressions see as ``workload``."""
    return {
        "name": workload.name,
        "queue": workload.queue.name,
        "dlq": workload.dlq.name if workload.dlq else None,
        "function": workload.function.name if workload.function else None,
        "mapping": workload.mapping.uuid if workload.mapping else None,
        "stack": workload.stack,
    }
