"""Actions on the function's configuration: memory, timeout."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops.aws import call as calls
from ops.aws import sqs
from ops.aws.call import ApiCall
from ops.errors import UsageError
from ops.runbooks.actions.action import ActionContext, Value
from ops.runbooks.actions.settings import Reading, SettingAction
from ops.runbooks.actions.workload_parts import function_of, qualifier_of

MAX_MEMORY_MB, MAX_TIMEOUT_S = 10_240, 900
"""Lambda developer guide, gettingstarted-limits; on Managed Instances 32,768 and 5,400, the API's own limits (botocore
1.43.106 model, 2026-11)."""
_READS = ("lambda:GetFunctionConfiguration",)


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``megabytes``: Lambda's range of MemorySize, which is up to 10,240 unless the function runs on Managed Instances."""

    megabytes: Annotated[int, Meta(ge=128, le=32_768)]


class Timeout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seconds``: Lambda's range of Timeout, which is up to 900 unless the function runs on Managed Instances."""

    seconds: Annotated[int, Meta(ge=1, le=5_400)]


def _latest(context: ActionContext) -> str:
    """The function whose unpublished version the mapping invokes. Raises UsageError where it invokes another one, which
    a change of the configuration does not reach."""
    function, qualifier = function_of(context), qualifier_of(context)
    if qualifier:
        raise UsageError(
            f"The mapping invokes {function.name}:{qualifier}, whose configuration is fixed.",
            "Change it in the template, and deploy.",
        )
    return function.name


def _get(function: str) -> ApiCall:
    return ApiCall("lambda", "GetFunctionConfiguration", {"FunctionName": function})


def _read(context: ActionContext, key: str) -> Reading:
    name = _latest(context)
    found = calls.make(context.aws, _get(name), f"function {name}")
    settled = found.get("LastUpdateStatus", "Successful") == "Successful"
    return Reading(int(found[key]), settled, revision=str(found.get("RevisionId") or ""))


def _configure(key: str, function: str, value: Any) -> ApiCall:
    return ApiCall("lambda", "UpdateFunctionConfiguration", {"FunctionName": function, key: value})


def _ensure_in_range(context: ActionContext, value: Value, most: int, what: str) -> None:
    """Raises UsageError above what Lambda allows a function that does not run on Managed Instances."""
    function = function_of(context)
    if isinstance(value, int) and value > most and not function.managed:
        raise UsageError(
            f"Lambda allows {function.name} {what} of {most:,} at most, not {value:,}: it does not run on Managed Instances.",
            f"Choose {most:,} or less.",
        )


def _memory_note(context: ActionContext, value: Value) -> str:
    _ensure_in_range(context, value, MAX_MEMORY_MB, "a memory size (MB)")
    return "The price per second and the CPU are in proportion to it. Every execution environment is replaced: cold starts."


def _timeout_note(context: ActionContext, value: Value) -> str:
    _ensure_in_range(context, value, MAX_TIMEOUT_S, "a timeout (s)")
    visible_s = sqs.find_queue(context.aws, context.workload.queue.arn).visibility_s
    if isinstance(value, int) and value > visible_s:
        raise UsageError(
            f"Lambda rejects a timeout of {value} s: the queue's visibility timeout is {visible_s} s.",
            f"Raise that first, to {6 * value} s or more.",
        )
    if isinstance(value, int) and 6 * value > visible_s:
        return f"AWS recommends a visibility timeout of six times as much; the queue's is {visible_s} s."
    return ""


MEMORY = SettingAction(
    name="function.set-memory",
    summary="Set the function's memory, and with it its CPU",
    what="memory (MB)",
    inputs=Memory,
    reads=_READS,
    variable="FN",
    owner=_latest,
    read=lambda context: _read(context, "MemorySize"),
    target=lambda inputs: int(inputs.megabytes),
    call=lambda function, value: _configure("MemorySize", function, value),
    earlier="EARLIER",
    look=lambda function: (_get(function), "[MemorySize,RevisionId]"),
    note=_memory_note,
)
TIMEOUT = SettingAction(
    name="function.set-timeout",
    summary="Set how long an invocation may take",
    what="timeout (s)",
    inputs=Timeout,
    reads=(*_READS, "sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    variable="FN",
    owner=_latest,
    read=lambda context: _read(context, "Timeout"),
    target=lambda inputs: int(inputs.seconds),
    call=lambda function, value: _configure("Timeout", function, value),
    earlier="EARLIER",
    look=lambda function: (_get(function), "[Timeout,RevisionId]"),
    note=_timeout_note,
)
