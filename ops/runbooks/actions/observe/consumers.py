"""What takes messages and events where no one looks: readers of the dead-letter queue, destinations of asynchronous
invocations, and the account's concurrency that other functions use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops import formatting
from ops.aws import lambda_, move_tasks, sqs
from ops.aws.call import ApiCall
from ops.errors import AwsError, NotFound, UsageError
from ops.runbooks.actions.action import ActionContext, Outputs
from ops.runbooks.actions.reads import Look

_LATEST = ("", "$LATEST")
"""What an invocation without a qualifier invokes; an alias has settings of its own."""
DEFAULT_EVENT_AGE_S = 21_600
"""Lambda's default of MaximumEventAgeInSeconds (Lambda developer guide, asynchronous invocation, 2026-11)."""


def _dlq_readers(context: ActionContext) -> Outputs:
    queue = context.open_dlq().queue
    mappings = lambda_.list_mappings(context.aws, source_arn=queue.arn)
    running = [task for task in move_tasks.list_tasks(context.aws, queue) if task.active]
    lines = [
        f"mapping {mapping.uuid} → {lambda_.qualified_name(mapping.function_arn)}: {mapping.state}"
        for mapping in mappings
    ]
    lines += [
        f"move task since {task.started:%H:%M:%S} UTC: {task.moved:,} of about {formatting.count(task.to_move, 'message')} moved"
        for task in running
    ]
    return {
        "mappings": [mapping.uuid for mapping in mappings],
        "enabled": sum(mapping.enabled is True for mapping in mappings),
        "move_tasks": len(running),
        "lines": lines or [f"no mapping of this account and no move task reads {queue.name}"],
    }


def async_destination(context: ActionContext) -> str | None:
    """ARN of where Lambda keeps the asynchronous events of the function that it gives up; None: nowhere."""
    return _async_settings(context)[1]


def _async_settings(context: ActionContext) -> tuple[Mapping[str, Any], str | None]:
    """The function's settings for asynchronous invocation, empty where it has the defaults; and its destination."""
    function = context.workload.function
    if function is None:
        raise UsageError(f"No function is known to read {context.workload.queue.name}.", "Name one: --function NAME.")
    configs = lambda_.event_invoke_configs(context.aws, function.name)
    found = next(
        (config for config in configs if _qualifier(config["FunctionArn"]) in _LATEST), configs[0] if configs else {}
    )
    return found, lambda_.failure_destination(found) or function.dead_letter_arn


def _asynchronous(context: ActionContext) -> Outputs:
    found, target = _async_settings(context)
    retries = int(found.get("MaximumRetryAttempts", lambda_.DEFAULT_ASYNC_RETRIES))
    age = int(found.get("MaximumEventAgeInSeconds", DEFAULT_EVENT_AGE_S))
    usable, state = _destination(context, target)
    return {
        "retries": retries,
        "maximum_age": age,
        "destination": target,
        "usable": usable,
        "lines": [
            f"an event is tried {formatting.count(retries + 1, 'time')} and is dropped after {formatting.duration(age)}",
            f"failures go to {sqs.name_of(target) if target else 'nothing: a dropped event is lost'}{state}",
        ],
    }


def _qualifier(function_arn: str) -> str:
    return lambda_.qualified_name(function_arn).partition(":")[2]


def _destination(context: ActionContext, target: str | None) -> tuple[bool | None, str]:
    """Whether a failed event can be kept there; None where it is not a queue, so that this cannot be told."""
    if target is None:
        return False, ""
    if ":sqs:" not in target:
        return None, " (not a queue: look there yourself)"
    try:
        depth = sqs.find_queue_and_depth(context.aws, target)[1]
    except NotFound:
        return False, ", which does not exist"
    except AwsError as error:
        return None, f", which cannot be read: {error}"
    return True, f", which has {formatting.count(depth.visible + depth.in_flight, 'message')}"


def _account(context: ActionContext) -> Outputs:
    with context.aws.translate_errors("lambda", "account settings of Lambda"):
        limits = context.aws.lambda_.get_account_settings()["AccountLimit"]
    return {
        "limit": limits["ConcurrentExecutions"],
        "unreserved": limits.get("UnreservedConcurrentExecutions"),
    }


_ARN = (
    "DLQ_ARN=$(aws sqs get-queue-attributes --queue-url $DLQ_URL --attribute-names QueueArn --query Attributes.QueueArn "
    "--output text)"
)
DLQ_READERS = Look(
    "dlq.readers",
    "Look for what reads the dead-letter queue: mappings and move tasks",
    ("mappings", "enabled", "move_tasks", "lines"),
    ("sqs:GetQueueUrl", "sqs:GetQueueAttributes", "lambda:ListEventSourceMappings", "sqs:ListMessageMoveTasks"),
    _dlq_readers,
    (
        _ARN,
        (
            ApiCall("lambda", "ListEventSourceMappings", {"EventSourceArn": "$DLQ_ARN"}),
            "EventSourceMappings[].[UUID,FunctionArn,State,LastModified]",
        ),
        (ApiCall("sqs", "ListMessageMoveTasks", {"SourceArn": "$DLQ_ARN"}), ""),
    ),
)
ASYNCHRONOUS = Look(
    "function.async-look",
    "Look at retries and destinations of asynchronous invocations",
    ("retries", "maximum_age", "destination", "usable", "lines"),
    ("lambda:ListFunctionEventInvokeConfigs", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    _asynchronous,
    (
        (ApiCall("lambda", "ListFunctionEventInvokeConfigs", {"FunctionName": "$FN"}), ""),
        (ApiCall("lambda", "GetFunctionConfiguration", {"FunctionName": "$FN"}), "[Role,DeadLetterConfig]"),
    ),
)
ACCOUNT = Look(
    "account.look",
    "Look at the account's concurrency",
    ("limit", "unreserved"),
    ("lambda:GetAccountSettings",),
    _account,
    ((ApiCall("lambda", "GetAccountSettings", {}), "AccountLimit"),),
)
