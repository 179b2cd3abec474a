"""Actions on limits of the function and the queue: reserved concurrency, visibility timeout, retention."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import lambda_, sqs
from ops.aws.call import ApiCall
from ops.errors import UsageError
from ops.runbooks.actions.action import ActionContext, Value
from ops.runbooks.actions.settings import Reading, SettingAction
from ops.runbooks.actions.workload_parts import function_of


class ReservedConcurrencyInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reserved``: 0 turns the function off; null removes the reservation."""

    reserved: Annotated[int, Meta(ge=0, le=100_000)] | None


class VisibilityTimeout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seconds``: at most 12 hours (SQS's range of VisibilityTimeout)."""

    seconds: Annotated[int, Meta(ge=0, le=43_200)]


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seconds``: 1 minute to 14 days (SQS's range of MessageRetentionPeriod)."""

    seconds: Annotated[int, Meta(ge=60, le=1_209_600)]


def _reserve(function: str, value: Any) -> ApiCall:
    if value is None:
        return ApiCall("lambda", "DeleteFunctionConcurrency", {"FunctionName": function})
    parameters = {"FunctionName": function, "ReservedConcurrentExecutions": value}
    return ApiCall("lambda", "PutFunctionConcurrency", parameters)


def _hide(url: str, value: Any) -> ApiCall:
    return ApiCall("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"VisibilityTimeout": str(value)}})


def _retain(url: str, value: Any) -> ApiCall:
    attributes = {"MessageRetentionPeriod": str(value)}
    return ApiCall("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": attributes})


def _retention_note(context: ActionContext, value: Value) -> str:
    """Shortened, SQS deletes the messages that are older (SetQueueAttributes, botocore 1.44.5 model, 2026-11)."""
    queue, depth = sqs.find_queue_and_depth(context.aws, context.workload.queue.arn)
    waiting = depth.visible + depth.in_flight + depth.delayed
    if isinstance(value, int) and value < queue.retention_s and waiting:
        raise UsageError(
            f"{queue.name} holds {formatting.count(waiting, 'message')}, and SQS deletes those that are older than "
            f"{formatting.duration(value)}.",
            "Shorten it when the queue is empty.",
        )
    dlq = context.workload.dlq
    if dlq is not None and isinstance(value, int) and value >= dlq.retention_s:
        kept = formatting.duration(dlq.retention_s)
        return (
            f"{dlq.name} keeps messages for {kept} from the first send: one that fails late may expire there at once."
        )
    return ""


def _reserved_note(_context: ActionContext, value: Value) -> str:
    if value == 0:
        return "0 turns the function off: every invocation is throttled, and messages go to the dead-letter queue."
    return "A reservation takes concurrency away from other functions of the account." if value is not None else ""


def _visibility_note(context: ActionContext, value: Value) -> str:
    function = context.workload.function
    if function is None or not isinstance(value, int) or value >= 6 * function.timeout_s:
        return ""
    return f"AWS recommends six times the function's timeout ({function.timeout_s} s) or more."


RESERVED_CONCURRENCY = SettingAction(
    name="function.set-reserved-concurrency",
    summary="Reserve concurrency for the function, or remove the reservation",
    what="reserved concurrency",
    inputs=ReservedConcurrencyInputs,
    reads=("lambda:GetFunctionConcurrency", "lambda:DeleteFunctionConcurrency"),
    variable="FN",
    owner=lambda context: function_of(context).name,
    read=lambda context: Reading(lambda_.with_reserved_concurrency(context.aws, function_of(context)).reserved),
    target=lambda inputs: None if inputs.reserved is None else int(inputs.reserved),
    call=_reserve,
    earlier="EARLIER",
    note=_reserved_note,
)
VISIBILITY_TIMEOUT = SettingAction(
    name="queue.set-visibility-timeout",
    summary="Set how long a received message stays hidden",
    what="visibility timeout",
    inputs=VisibilityTimeout,
    reads=("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    variable="URL",
    owner=lambda context: context.workload.queue.url,
    read=lambda context: Reading(sqs.find_queue(context.aws, context.workload.queue.arn).visibility_s),
    target=lambda inputs: int(inputs.seconds),
    call=_hide,
    earlier="EARLIER",
    note=_visibility_note,
)
RETENTION = SettingAction(
    name="queue.set-retention",
    summary="Set how long the queue keeps a message that nothing deletes",
    what="retention (s)",
    inputs=Retention,
    reads=("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    variable="URL",
    owner=lambda context: context.workload.queue.url,
    read=lambda context: Reading(sqs.find_queue(context.aws, context.workload.queue.arn).retention_s),
    target=lambda inputs: int(inputs.seconds),
    call=_retain,
    earlier="EARLIER",
    note=_retention_note,
)
