"""Patches: what an SQS event source mapping does with a batch, before and after the function.

Stands for: the handling of batches and their failures (LDG services-sqs-errorhandling, read 2026-11): a throttled batch
is tried again until the visibility timeout runs out; a function error leaves the whole batch to the visibility timeout;
a partial response keeps the named messages; a response with an empty, null or misnamed ``itemIdentifier`` fails the
whole batch. And for the mapping's EventCount metrics: MiniStack drops ``MetricsConfig``, so they are always published.

Leaves out: the response's other malformations (an id that is not in the batch is ignored), ``ProvisionedPollers``.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from ministack.services import lambda_svc, sqs

from ops.twin.emulator import account_context
from ops.twin.emulator.lambda_.esm_scaling import Scaler
from ops.twin.emulator.patch import Patch
from ops.twin.emulator.usage_counters import UsageCounters

log = logging.getLogger(__name__)

FIRST_RETRY = 0.5
MAX_RETRY_S = 10.0
"""Seconds between tries of a throttled batch, doubling. AWS does not say its own."""


def patches(usage: UsageCounters, scaler: Scaler) -> list[Patch]:
    def run(
        esm: dict[str, Any],
        func: dict[str, Any],
        event: dict[str, Any],
        batch: list[dict[str, Any]],
        queue_url: str,
        queue_name: str,
    ) -> None:
        run_batch(usage, scaler, esm, func, event, batch, queue_url)

    def counted_filter(original: Any) -> Any:
        def apply(records: list[dict[str, Any]], esm: dict[str, Any]) -> list[dict[str, Any]]:
            kept: list[dict[str, Any]] = original(records, esm)
            if ":sqs:" in esm.get("EventSourceArn", ""):
                owner = (*account_context.current(), esm["UUID"])
                usage.mapping(owner, "PolledEventCount", len(records))
                usage.mapping(owner, "FilteredOutEventCount", len(records) - len(kept))
            return kept

        return apply

    def described(original: Any) -> Any:
        def describe(esm: dict[str, Any]) -> dict[str, Any]:
            return as_described(original(esm))

        return describe

    return [
        Patch("services.lambda_svc", "_run_sqs_batch", lambda _: run, "batch failures are handled as documented"),
        Patch("services.lambda_svc", "_apply_filter_criteria", counted_filter, "polled events are counted"),
        Patch("services.lambda_svc", "_esm_response", described, "a mapping describes its metrics and numbers"),
    ]


def as_described(answer: dict[str, Any]) -> dict[str, Any]:
    """A mapping as the API shows it: with the metrics it publishes, and numbers that a template gave as text."""
    if ":sqs:" not in answer.get("EventSourceArn", ""):
        return answer
    answer["MetricsConfig"] = {"Metrics": ["EventCount"]}
    most = (answer.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if most is not None:
        answer["ScalingConfig"] = {"MaximumConcurrency": int(most)}
    return answer


def run_batch(
    usage: UsageCounters,
    scaler: Scaler,
    esm: dict[str, Any],
    func: dict[str, Any],
    event: dict[str, Any],
    batch: list[dict[str, Any]],
    queue_url: str,
) -> None:
    """Invoke the function with one batch and settle its messages."""
    owner = (*account_context.current(), esm["UUID"])
    sent = len(event["Records"])
    result = _invoke_until_given_up(scaler, esm, func, event, min(message["visible_at"] for message in batch))
    if not result.get("throttle"):
        usage.mapping(owner, "InvokedEventCount", sent)
    if result.get("error"):
        if not result.get("throttle"):
            scaler.failed(esm)
        body = result.get("body")
        cause = body.get("errorType") or body.get("Reason") if isinstance(body, dict) else None
        esm["LastProcessingResult"] = f"PROBLEM: {cause or 'function error'}"
        usage.mapping(owner, "FailedInvokeEventCount", sent)
        log.info("mapping %s: batch of %d failed: %s", esm["UUID"], sent, cause)
        return
    failed = failures(result.get("body")) if "ReportBatchItemFailures" in _response_types(esm) else set()
    done = [] if failed is None else [message for message in batch if message["id"] not in failed]
    sqs._delete_messages_for_esm(queue_url, {message["receipt_handle"] for message in done})
    esm["LastProcessingResult"] = "OK" if failed is not None else "PROBLEM: malformed batch response"
    usage.mapping(owner, "FailedInvokeEventCount", len(batch) - len(done))
    usage.mapping(owner, "DeletedEventCount", len(done))


def failures(body: Any) -> set[str] | None:
    """The message ids that a partial batch response names; None when it fails the whole batch."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    if body is None:
        return set()
    if not isinstance(body, dict):
        return None
    named = body.get("batchItemFailures")
    if named is None:
        return set()
    if not isinstance(named, list):
        return None
    ids = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in named]
    if not all(isinstance(each, str) and each for each in ids):
        return None
    return {str(each) for each in ids}


def _invoke_until_given_up(
    scaler: Scaler, esm: dict[str, Any], func: dict[str, Any], event: dict[str, Any], give_up: float
) -> dict[str, Any]:
    """One invocation, repeated while it is throttled or the host is away, until ``give_up`` (epoch seconds)."""
    pause = FIRST_RETRY
    while True:
        result: dict[str, Any] = lambda_svc._execute_function(func, event)
        if not (result.get("throttle") or result.get("unreachable")):
            return result
        if result.get("throttle"):
            scaler.failed(esm)
        if time.time() + pause >= give_up:
            return result
        time.sleep(pause)
        pause = min(MAX_RETRY_S, pause * 2)


def _response_types(esm: dict[str, Any]) -> list[str]:
    return esm.get("FunctionResponseTypes") or []
