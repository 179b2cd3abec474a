"""Patch: asynchronous invocations with retries, dead letters and destinations for success and failure.

Stands for: Lambda's asynchronous invocation (LDG invocation-async-error-handling, invocation-async-retain-records,
read 2026-11): two more attempts after function errors, a minute and two minutes later; throttles and service errors
are tried again, at ever longer intervals, until the event is too old, and are no attempts; all attempts have one
request id, which the caller's answer carries. A destination gets the invocation record, a dead-letter queue the bare
event with RequestID, ErrorCode and ErrorMessage. Both are written with the execution role's permissions. And for the
metrics AsyncEventsReceived, AsyncEventsDropped, DeadLetterErrors and DestinationDeliveryFailures.

The twin waits ``LAMBDA_ASYNC_RETRY_BASE_SECONDS`` (default 1) where AWS waits a minute.

Leaves out: S3 destinations, AsyncEventAge, the internal queue's duplicates. Failures that EventBridge and SNS have in
delivering to a function are MiniStack's own.
"""

from __future__ import annotations

import contextvars
import json
import logging
import os
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import lambda_svc

from ops.twin.emulator import account_context
from ops.twin.emulator.lambda_.destinations import Destinations
from ops.twin.emulator.lambda_.function_executor import request_id_of_event
from ops.twin.emulator.patch import Patch
from ops.twin.emulator.usage_counters import UsageCounters

log = logging.getLogger(__name__)

_accepted_as: contextvars.ContextVar[str] = contextvars.ContextVar("accepted_as", default="")
"""Request id of the event that the present API call handed over."""

REQUEST_ID = "x-amzn-requestid"
MAX_BACKOFF_S = 300.0
"""Seconds between tries after throttles and service errors: 1 s growing to 5 minutes (LDG, as above)."""


@dataclass(frozen=True)
class Limits:
    retries: int
    age: float  # seconds

    @classmethod
    def of(cls, config: dict[str, Any]) -> Limits:
        retries, age = config.get("MaximumRetryAttempts"), config.get("MaximumEventAgeInSeconds")
        return cls(2 if retries is None else int(retries), 21_600.0 if age is None else float(age))


@dataclass(frozen=True)
class AsyncResult:
    condition: str  # Success | RetriesExhausted | EventAgeExceeded
    attempts: int
    result: dict[str, Any]


def patches(usage: UsageCounters, destinations: Destinations) -> list[Patch]:
    def invoke(func: dict[str, Any], event: Any) -> None:
        request_id = str(uuid.uuid4())
        _accepted_as.set(request_id)
        context = contextvars.copy_context()
        context.run(request_id_of_event.set, request_id)
        spawn_background(context.run, run, usage, destinations, func, event, thread_name="asynchronous-event")

    return [
        Patch(
            "services.lambda_svc",
            "invoke_async_with_retry",
            lambda _: invoke,
            "destinations and dead letters are served",
        ),
        Patch("services.lambda_svc", "_invoke", _named, "an asynchronous call names its invocation"),
    ]


class _Headers(dict[str, str]):
    """Keep their request id: MiniStack's last act is to update an answer's headers with one of its own."""

    def update(self, *others: Any, **more: str) -> None:
        request_id = self[REQUEST_ID]
        super().update(*others, **more)
        self[REQUEST_ID] = request_id


def _named(original: Any) -> Any:
    async def invoke(*request: Any, **more: Any) -> Any:
        _accepted_as.set("")
        status, headers, body = await original(*request, **more)
        if request_id := _accepted_as.get():
            headers = _Headers({**headers, REQUEST_ID: request_id})
        return status, headers, body

    return invoke


def run(usage: UsageCounters, destinations: Destinations, func: dict[str, Any], event: Any) -> None:
    """Work on one event until it succeeded or is given up, then notify its destination and dead-letter queue."""
    config = func.get("config") or func
    place = lambda_svc._account_region_from_function_config(config)
    owner = (*place, str(config["FunctionName"]))
    settings = lambda_svc._event_invoke_config(func, None) or (func.get("event_invoke_configs") or {}).get(
        "$LATEST", {}
    )
    with account_context.acting_for(*place):
        usage.asynchronous(owner, "AsyncEventsReceived", time.time())
        outcome = attempt(func, event, Limits.of(settings))
        chosen = settings.get("DestinationConfig") or {}
        if outcome.condition == "Success":
            target = (chosen.get("OnSuccess") or {}).get("Destination")
        else:
            usage.asynchronous(owner, "AsyncEventsDropped", time.time())
            target = (chosen.get("OnFailure") or {}).get("Destination")
            dead = (config.get("DeadLetterConfig") or {}).get("TargetArn")
            if dead and not destinations.send_to_dead_letter_target(
                dead, config, event, request_id_of_event.get(), outcome.result
            ):
                usage.asynchronous(owner, "DeadLetterErrors", time.time())
        if target and not destinations.deliver(target, config, _record(config, event, outcome)):
            usage.asynchronous(owner, "DestinationDeliveryFailures", time.time())


def attempt(func: dict[str, Any], event: Any, limits: Limits) -> AsyncResult:
    base = float(os.environ.get("LAMBDA_ASYNC_RETRY_BASE_SECONDS") or 1)
    began, attempts, refusals = time.monotonic(), 0, 0
    while True:
        result: dict[str, Any] = lambda_svc._execute_function(func, event)
        if result.get("throttle") or result.get("unreachable"):
            if lambda_svc._reserved_concurrency(func, func.get("config") or func) == 0:
                return AsyncResult("RetriesExhausted", attempts, result)  # switched off: given up at once
            pause = min(MAX_BACKOFF_S, 2.0**refusals) * base
            refusals += 1
        else:
            attempts += 1
            if not result.get("error"):
                return AsyncResult("Success", attempts, result)
            if attempts > limits.retries:
                return AsyncResult("RetriesExhausted", attempts, result)
            pause = base * attempts
        if time.monotonic() - began + pause > limits.age:
            return AsyncResult("EventAgeExceeded", attempts, result)
        time.sleep(pause)


def _record(config: dict[str, Any], event: Any, outcome: AsyncResult) -> dict[str, Any]:
    arn = str(config.get("FunctionArn", ""))
    version = str(config.get("Version") or "$LATEST")
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": version}
    if outcome.condition != "Success":
        context["functionError"] = outcome.result.get("function_error") or "Unhandled"
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": request_id_of_event.get(),
            "functionArn": arn if arn.count(":") > 6 else f"{arn}:{version}",
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": event,
        "responseContext": context,
        "responsePayload": json.loads(json.dumps(outcome.result.get("body"), default=str)),
    }
