"""What the metrics of a message's receives tell where no log line tells of a failure.

After published incidents: a wrong answer for which nothing was deleted (near/queryapi#75, FIFO, three receives of six
minutes each), and a dead-letter queue that keeps messages for less long than its source
(guardian/support-service-lambdas#2288).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.aws.sqs import Queue
from ops.deadletters import causes
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from ops.insight.report_types import Level
from ops.insight.rules import expired_arrivals
from tests.factories import QUEUE
from tests.fakes.logs import SENT_AT, a_source, batch, failed, row, silent
from tests.ops.insight.world import DLQ, MAPPING, WORKLOAD

OWN = replace(WORKLOAD.queue, arn=QUEUE, visibility_s=90, max_receive_count=3)
PARTIAL = replace(MAPPING, partial_batches=True)
RAN = {"Invocations": {0: 3.0}, "Errors": {0: 0.0}}
KEPT = {"NumberOfMessagesReceived": {0: 3.0}, "NumberOfMessagesDeleted": {0: 0.0}}
THROTTLED = {"Throttles": {0: 2.0}}
NEVER_RAN, NEVER_INVOKED, RETURNED, UNKNOWN = "Never ran", "Never invoked", "Returned without delete", "unknown"


def explained(here: DeadLetterQueue, message_id: str = "m1") -> tuple[str, bool]:
    causes.explain_causes(here)
    with Snapshot.open(here) as snapshot:
        cause = snapshot.get(message_id).cause
    return cause.error_type, cause.likely


@pytest.mark.parametrize(
    ("metrics", "rows", "expected"),
    [
        ({**RAN, **KEPT}, [], RETURNED),
        ({**RAN, **KEPT}, [batch(6, "r1", "m1")], RETURNED),
        (RAN, [row(6, {"level": "INFO", "message": "working on it", "messageId": "m1", "requestId": "r1"})], RETURNED),
        ({**RAN, "Errors": {0: 1.0}, **KEPT}, [batch(6, "r1", "m1")], UNKNOWN),  # it may have raised
        ({**RAN, **KEPT, "Errors": {0: 1.0}}, [], UNKNOWN),
        ({**RAN, **KEPT, "NumberOfMessagesDeleted": {0: 3.0}}, [], UNKNOWN),
        ({**RAN, **KEPT}, [failed(6, "KeyError", "r1")], "KeyError"),
        ({**RAN, **KEPT}, [batch(6, "r1", "m2")], NEVER_INVOKED),  # the logs name messages, and not this one
        (KEPT, [], NEVER_INVOKED),
        ({**RAN, **THROTTLED}, [batch(6, "r1", "m2")], NEVER_RAN),
        ({**RAN, **THROTTLED}, [batch(-1_200, "r1", "m2")], NEVER_RAN),  # they did, shortly before
        ({**RAN, **THROTTLED}, [batch(-7_200, "r1", "m2")], UNKNOWN),
        ({**RAN, **THROTTLED}, [], UNKNOWN),
        ({**RAN, **THROTTLED}, [batch(6, "r1", "m1")], RETURNED),
    ],
)
def test_which_cause(
    metrics: Mapping[str, Any], rows: list[Any], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], rows, queue=OWN, mapping=PARTIAL) as (here, logs):
        logs.metrics = dict(metrics)
        found, likely = explained(here)
    assert (found, likely) == (expected, expected in (NEVER_RAN, NEVER_INVOKED, RETURNED))


def test_a_fifo_queue_s_messages_return_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its dead-letter queue stamps them on arrival: the receives were before."""
    messages = [silent(sent=SENT_AT + timedelta(minutes=18), first_receive=0)]
    fifo = replace(OWN, fifo=True, visibility_s=360)
    metrics = {"Invocations": {0: 1.0, 6: 1.0, 12: 1.0}, "NumberOfMessagesReceived": {0: 1.0, 6: 1.0, 12: 1.0}}
    with a_source(
        tmp_path, monkeypatch, messages, queue=fifo, dlq=replace(DLQ, fifo=True), mapping=replace(PARTIAL, batch_size=1)
    ) as (here, logs):
        logs.metrics = metrics
        assert explained(here) == (RETURNED, True)


def test_what_is_unknown_is_said_with_what_would_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], queue=OWN, mapping=PARTIAL) as (here, logs):
        logs.metrics = {**RAN, **THROTTLED}
        (note,) = causes.explain_causes(here).notes
        assert note.startswith("It is unknown whether 1 message ran: the function was both throttled and invoked")
        assert "its logs name no messages" in note
        logs.refuse = "AccessDeniedException"
        assert "its logs could not be read in full" in causes.explain_causes(here).notes[-1]


@pytest.mark.parametrize(
    ("later", "verdict", "words"),
    [
        ({"Throttles": {9: 4.0}}, "no", "Throttled 4 times since"),
        ({"Throttles": {9: 0.0}, "Invocations": {9: 7.0}}, "succeeds since", "redrive these messages as they are"),
        ({}, "unknown", "but not invoked either"),
    ],
)
def test_never_ran_is_fixed_when_nothing_was_throttled_since(
    later: dict[str, dict[int, float]], verdict: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], queue=OWN, mapping=PARTIAL) as (here, logs):
        logs.metrics = dict(THROTTLED)
        causes.explain_causes(here)
        logs.metrics = {"Throttles": {**THROTTLED["Throttles"], **later.pop("Throttles", {})}, **later}
        causes.explain_causes(here)
        (found,) = causes.report_causes(here).groups.to_dict("records")
    assert found["error_type"] == NEVER_RAN
    assert (found["fixed"], words in found["fixed_why"]) == (verdict, True)


def test_one_call_for_the_metrics_of_a_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [silent(f"m{n}", first_receive=5 + n) for n in range(50)]
    with a_source(tmp_path, monkeypatch, messages, queue=OWN, mapping=PARTIAL) as (here, logs):
        logs.metrics = dict(THROTTLED)
        done = causes.explain_causes(here)
        assert len([names for names in logs.metric_calls if "Throttles" in names]) == 1
        assert done.usd == pytest.approx(5 * 0.01 / 1000, rel=0.5)


def keeps(dlq: Queue, days: float) -> Queue:
    return replace(dlq, retention_s=int(days * 86_400))


def test_messages_that_expired_on_arrival_are_in_no_queue_but_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [], queue=OWN, dlq=keeps(DLQ, 1)) as (here, logs):
        logs.metrics = {"ApproximateAgeOfOldestMessage": {0: 2 * 86_400.0}}
        causes.explain_causes(here)
        report = causes.report_causes(here)
        assert "held messages up to 2 d old in the last 14 days" in report.expired
        logs.metrics = {"ApproximateAgeOfOldestMessage": {0: 3_600.0}}
        causes.explain_causes(here)
        assert not causes.report_causes(here).expired


def test_expiry_is_claimed_only_where_it_can_be() -> None:
    old = 2 * 86_400.0
    (claim,) = expired_arrivals.observe_now(OWN, keeps(DLQ, 1), old)
    assert claim.level is Level.CRITICAL and "expires on arrival" in claim.text
    assert not expired_arrivals.observe_now(OWN, keeps(DLQ, 1), 3_600.0)
    assert not expired_arrivals.observe_now(OWN, keeps(DLQ, 14), old)
    assert not expired_arrivals.observe_now(OWN, replace(keeps(DLQ, 1), fifo=True), old), "it counts from the move"
    assert not expired_arrivals.observe_now(OWN, keeps(DLQ, 1), None)
