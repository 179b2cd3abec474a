"""The queue that keeps a function's failed asynchronous invocations, as a template has it. Properties are CloudFormation's and
SAM's, of November 2026."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ops.doctor.settings import Unknown
from ops.doctor.template.resources import Resource, Resources

QUEUE, EVENT_INVOKE_CONFIG = "AWS::SQS::Queue", "AWS::Lambda::EventInvokeConfig"
MADE_BY_SAM = Unknown("SAM makes the queue of failed asynchronous invocations, under a name of its own")


def undelivered_queue(function: Resource, resources: Resources) -> str | Unknown | None:
    """Its name as an alarm's dimension has it; None where there is none, or what keeps them is no queue."""
    found: list[str] = []
    for target in _targets(function, resources):
        if isinstance(target, Unknown):
            return target
        queue = resources.find(target, QUEUE)
        if queue is not None:
            found.append(f"${{{queue.name}.QueueName}}")
        elif ":sqs:" in target:
            found.append(target.rpartition(":")[2])
    names = list(dict.fromkeys(found))
    if len(names) > 1:
        return Unknown(f"several queues keep failed asynchronous invocations: {', '.join(names)}")
    return names[0] if names else None


def _targets(function: Resource, resources: Resources) -> Iterator[str | Unknown]:
    for config in resources.of(EVENT_INVOKE_CONFIG):
        named = config.get("FunctionName")
        if isinstance(named, Unknown):
            yield named
        elif resources.find(named, function.kind) is function:
            yield from _destination(config.inner("DestinationConfig"), "Destination")
    own = function.inner("EventInvokeConfig")
    yield from _destination(own if isinstance(own, Unknown) else own.get("DestinationConfig"), "Destination")
    for name in ("DeadLetterConfig", "DeadLetterQueue"):
        yield from _arn(function.inner(name), "TargetArn")


def _destination(config: Any, key: str) -> Iterator[str | Unknown]:
    if isinstance(config, Mapping):
        config = config.get("OnFailure")
    yield from _arn(config, key)


def _arn(block: Any, key: str) -> Iterator[str | Unknown]:
    """SAM makes a queue where its block has a type and no ARN."""
    if isinstance(block, Unknown):
        yield block
    elif isinstance(block, Mapping) and block:
        value = block.get(key)
        if isinstance(value, str | Unknown):
            yield value
        elif block.get("Type") == "SQS":
            yield MADE_BY_SAM
