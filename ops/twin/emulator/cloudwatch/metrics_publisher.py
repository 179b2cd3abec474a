"""Publishes what AWS publishes by itself: AWS/SQS for every queue, AWS/Lambda for functions, mappings and the account.

Stands for: the services' own metrics (SQS developer guide, sqs-available-cloudwatch-metrics; LDG
monitoring-metrics-types, monitoring-metrics-eventsourcemapping; read 2026-11). AWS has one point a minute; here there
is one every ``period`` seconds, so that charts live. A queue goes silent after about 6 hours without messages or
calls, as on AWS.

Leaves out: the delay with which AWS delivers, AWS/SQS metrics of FIFO groups and fair queues, metrics by resource.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc, sqs

from ops.twin.emulator import account_context
from ops.twin.emulator.cloudwatch.metric_store import compact, publish
from ops.twin.emulator.sqs.message_list import POISON_RECEIVES, Messages
from ops.twin.emulator.sqs.receive import receives_here
from ops.twin.emulator.usage_counters import FunctionCounts, UsageCounters

SILENT_AFTER = 6 * 3600.0
COMPACT_EVERY = 600.0


class MetricsPublisher:
    """``work`` is called once a period with the moment at which the period ended."""

    def __init__(self, usage: UsageCounters, period: float) -> None:
        self._usage = usage
        self._period = period
        self._compacted = time.time()

    def work(self, moment: float) -> None:
        self._queues(moment)
        self._functions(moment)
        if moment - self._compacted >= COMPACT_EVERY:
            self._compacted = moment
            compact(moment)

    def _queues(self, moment: float) -> None:
        for (account, region, _), queue in sqs._queues.all_items():
            messages: Messages = queue["messages"]
            traffic = messages.take_traffic()
            if not len(messages) and moment - messages.last_active > SILENT_AFTER:
                continue
            named = {"QueueName": str(queue["name"])}
            began = moment - self._period
            with account_context.acting_for(account, region):
                sqs._expire_retained(queue)
                for name, unit, value in gauges(messages, time.time()):
                    publish("AWS/SQS", name, named, began, unit, {value: 1})
                counted = (
                    ("NumberOfMessagesSent", traffic.sent),
                    ("NumberOfMessagesReceived", traffic.received),
                    ("NumberOfMessagesDeleted", traffic.deleted),
                    ("NumberOfEmptyReceives", traffic.empty_receives),
                )
                for name, count in counted:
                    publish("AWS/SQS", name, named, began, "Count", {count: 1})
                publish("AWS/SQS", "SentMessageSize", named, began, "Bytes", traffic.sizes)

    def _functions(self, moment: float) -> None:
        taken = self._usage.take()
        began = moment - self._period
        for (owner, period), counts in taken.functions.items():
            with account_context.acting_for(*owner[:2]):
                _publish_function(owner[2], period, counts)
        for owner, events in taken.mappings.items():
            with account_context.acting_for(*owner[:2]):
                for name, count in events.items():
                    publish("AWS/Lambda", name, {"EventSourceMappingUUID": owner[2]}, began, "Count", {count: 1})
        for owner, peak in taken.concurrency.items():
            if peak:
                with account_context.acting_for(*owner[:2]):
                    publish("AWS/Lambda", "ConcurrentExecutions", {"FunctionName": owner[2]}, began, "Count", {peak: 1})
        for place, peak in taken.account.items():
            if peak:
                _publish_account(place, began, peak, taken.unreserved.get(place, 0))


def gauges(messages: Messages, now: float) -> list[tuple[str, str, float]]:
    """A queue's state as (metric, unit, value). The oldest age leaves out poison messages and those not here yet."""
    visible = not_visible = delayed = 0
    oldest = now
    with messages.lock:
        for message in messages:
            receives = receives_here(message)
            if message.get("visible_at", 0.0) <= now:
                visible += 1
            elif receives:
                not_visible += 1
            else:
                delayed += 1
            if receives < POISON_RECEIVES:
                oldest = min(oldest, message.get("moved_at") or message.get("sent_at") or now)
    return [
        ("ApproximateNumberOfMessagesVisible", "Count", visible),
        ("ApproximateNumberOfMessagesNotVisible", "Count", not_visible),
        ("ApproximateNumberOfMessagesDelayed", "Count", delayed),
        ("ApproximateAgeOfOldestMessage", "Seconds", round(max(0.0, now - oldest))),
    ]


def _publish_function(name: str, when: float, counts: FunctionCounts) -> None:
    named = {"FunctionName": name}
    if counts.invocations:
        flags = {1.0: counts.errors, 0.0: counts.invocations - counts.errors}
        publish("AWS/Lambda", "Invocations", named, when, "Count", {1.0: counts.invocations})
        publish("AWS/Lambda", "Errors", named, when, "Count", _present(flags))
        publish("AWS/Lambda", "Duration", named, when, "Milliseconds", counts.durations)
    flags = {1.0: counts.throttles, 0.0: counts.invocations}
    publish("AWS/Lambda", "Throttles", named, when, "Count", _present(flags))
    for metric, count in counts.asynchronous.items():
        publish("AWS/Lambda", metric, named, when, "Count", {1.0: count})


def _present(flags: Mapping[float, int]) -> dict[float, float]:
    return {value: float(count) for value, count in flags.items() if count}


def _publish_account(place: tuple[str, str], when: float, peak: int, unreserved: int) -> None:
    with account_context.acting_for(*place):
        publish("AWS/Lambda", "ConcurrentExecutions", {}, when, "Count", {peak: 1})
        publish("AWS/Lambda", "UnreservedConcurrentExecutions", {}, when, "Count", {unreserved: 1})
        publish("AWS/Lambda", "ClaimedAccountConcurrency", {}, when, "Count", {unreserved + _reserved(place): 1})


def _reserved(place: tuple[str, str]) -> int:
    """Reserved concurrency of all functions of an account and region, used or not."""
    total = 0
    for function in lambda_svc._functions.values_scoped(*place):
        amount: Any = lambda_svc._reserved_concurrency(function, function.get("config") or {})
        total += int(amount or 0)
    return total
