"""What Lambda does with asynchronous invocations that failed for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.aws.lambda_.functions import Function

if TYPE_CHECKING:
    from ops.aws.clients import Aws


def event_invoke_configs(aws: Aws, name: str) -> tuple[Mapping[str, Any], ...]:
    """Those of $LATEST, versions and aliases that have settings of their own. Needs
    lambda:ListFunctionEventInvokeConfigs."""
    with aws.translate_errors("lambda", f"asynchronous invocations of {name}"):
        pages: Any = aws.lambda_.get_paginator("list_function_event_invoke_configs").paginate(FunctionName=name)
        return tuple(config for page in pages for config in page["FunctionEventInvokeConfigs"])


def failure_destination(config: Mapping[str, Any]) -> str:
    """The ARN of the on-failure destination; empty without one."""
    return str(((config.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or "")


def failure_targets(aws: Aws, function: Function) -> tuple[str, ...]:
    """ARNs of all on-failure destinations of ``function`` and of its dead-letter queue, each once."""
    targets = [failure_destination(config) for config in event_invoke_configs(aws, function.name)]
    return tuple(dict.fromkeys(filter(None, (*targets, function.dead_letter_arn))))
