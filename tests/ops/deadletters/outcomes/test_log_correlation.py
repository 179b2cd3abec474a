"""What log lines tell about messages that were sent."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest

from handler import contract
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes.log_correlation import MessageTracker, QueueSettings
from tests.fakes.logs import SENT_AT, batch, failed, invocation_record, row

M1, M2 = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
R1, R2, R3 = (f"{n}0000000-cccc-4ccc-8ccc-cccccccccccc" for n in (1, 2, 3))
Row = dict[str, str]


def told(seconds: float, text: str, request: str = R1, message_id: str = M1, **more: Any) -> Row:
    record = {"level": "INFO", "message": text, "message_id": message_id, "function_request_id": request}
    return row(seconds, {**record, **more})


def fate(rows: list[Row], at: float = 100.0, message_id: str = M1, *, receives: int = 3, whole: bool = False) -> Any:
    """(outcome, cause), by whatever order the rows come in."""
    answers = set()
    for seed in range(3):
        tracks = MessageTracker(QueueSettings(20.0, receives, whole), {M1: "letter 1", M2: "letter 2"})
        for one in random.Random(seed).sample(rows, len(rows)):
            tracks.add(one)
            tracks.add(one)
        found = tracks.outcome_of(message_id, SENT_AT + timedelta(seconds=at))
        answers.add((found[0], found[2]) if found else None)
    assert len(answers) == 1
    return answers.pop()


def test_nothing_is_known_of_what_no_one_mentions() -> None:
    assert fate([]) is None
    assert fate([batch(1, R1, M2)]) is None


@pytest.mark.parametrize("text", [contract.LOG_JOB_OK, contract.LOG_JOB_REPEATED])
def test_a_job_that_succeeded(text: str) -> None:
    assert fate([batch(1, R1, M1, M2), told(2, text)]) == (Outcome.SUCCEEDED, "")
    assert fate([batch(1, R1, M1, M2), told(2, text)], message_id=M2) is None


def test_a_rejected_job_has_come_back_at_once() -> None:
    rows = [batch(1, R1, M1), failed(2, "DataNotFound", R1, M1, permanent=True)]
    assert fate(rows, at=3) == (Outcome.FAILED_AGAIN, "DataNotFound: why")


def test_a_failure_is_final_with_the_last_receive() -> None:
    rows = []
    for number, request in enumerate((R1, R2, R3)):
        rows += [batch(20.0 * number, request, M1), failed(20.0 * number + 1, "ValueError", request, M1)]
        last = number == 2
        assert fate(rows, at=20.0 * number + 2) == ((Outcome.FAILED_AGAIN, "ValueError: why") if last else None)


def test_a_failure_that_a_later_receive_makes_good() -> None:
    rows = [batch(0, R1, M1), failed(1, "ValueError", R1, M1), batch(20, R2, M1), told(21, contract.LOG_JOB_OK, R2)]
    assert fate(rows) == (Outcome.SUCCEEDED, "")


def test_a_killed_environment_counts_as_a_receive() -> None:
    rows = [batch(20.0 * n, request, M1) for n, request in enumerate((R1, R2, R3))]
    killed = [
        invocation_record(20.0 * n, request, "timeout", InvokeDuration=15000) for n, request in enumerate((R1, R2, R3))
    ]
    assert fate(rows + killed[:2], at=41) is None, "the third invocation may still be at work"
    outcome, cause = fate(rows + killed, at=56)
    assert outcome is Outcome.FAILED_AGAIN
    assert "timeout" in cause
    assert fate(rows, at=70) == (Outcome.FAILED_AGAIN, ""), "no word since its visibility timeout ended"


def test_without_a_dead_letter_queue_nothing_comes_back() -> None:
    tracks = MessageTracker(QueueSettings(20.0, None, False), {M1: ""})
    for number in range(30):
        tracks.add(batch(20.0 * number, f"{number:08}-cccc-4ccc-8ccc-cccccccccccc", M1))
    assert tracks.outcome_of(M1, SENT_AT + timedelta(hours=1)) is None


def test_a_job_put_back_as_a_new_message_is_followed() -> None:
    again = told(2, contract.LOG_JOB_SENT_AGAIN, sent_as=M2)
    assert fate([batch(1, R1, M1), again]) is None
    later = [batch(5, R2, M2), told(6, contract.LOG_JOB_OK, R2, M2)]
    assert fate([batch(1, R1, M1), again, *later]) == (Outcome.SUCCEEDED, "")


def test_a_result_that_could_not_be_announced_is_no_success_yet() -> None:
    rows = [batch(1, R1, M1), told(2, contract.LOG_JOB_OK), failed(3, "NotAnnounced", R1, M1)]
    assert fate(rows) is None
    rows += [batch(21, R2, M1), told(22, contract.LOG_JOB_REPEATED, R2)]
    assert fate(rows) == (Outcome.SUCCEEDED, "")


RECORDS = {"Records": [{"messageId": M1, "receiptHandle": "AQEB", "body": "{}", "eventSource": "aws:sqs"}]}
NODE = f"{{\n  Records: [\n    {{\n      messageId: '{M1}',\n      receiptHandle: 'AQEB',\n      body: '{{}}'\n    }}\n  ]\n}}"
EVENTS = {
    "Python's print": f"RequestId: {R1} {RECORDS}",
    "Python, JSON": f"[INFO]\t2026-11-23T12:00:00.000Z\t{R1}\t{json.dumps(RECORDS)}",
    "Node.js": f"2026-11-23T12:00:00.000Z\t{R1}\tINFO\t{NODE}",
    "Powertools": json.dumps({"level": "INFO", "message": RECORDS, "function_request_id": R1}),
    "JSON in JSON": json.dumps({"level": "INFO", "message": json.dumps(RECORDS, indent=1), "requestId": R1}),
}
MENTIONS = {
    "text": f"RequestId: {R1} working on {M1}",
    "another message's": f"RequestId: {R1} done; {M1} will be deleted by the other worker",
    "a field": json.dumps({"level": "INFO", "message": "waits for it", "messageId": M1, "requestId": R1}),
    "a failure that was handled": json.dumps({"level": "ERROR", "message": "late", "messageId": M1, "requestId": R1}),
    "what it sent": f"RequestId: {R1} sent {{'MessageId': '{M1}', 'MD5OfMessageBody': 'd41d8'}}",
    "what it received itself": f"RequestId: {R1} got {{'MessageId': '{M1}', 'ReceiptHandle': 'AQEB'}}",
}


def ended(status: str = "", request: str = R1, seconds: float = 2.0) -> Row:
    more = f"Status: {status}\t" if status else ""
    memory = "Memory Size: 128 MB\tMax Memory Used: 64 MB\t"
    return row(seconds, f"REPORT RequestId: {request}\tDuration: 10.00 ms\tBilled Duration: 10 ms\t{memory}{more}")


@pytest.mark.parametrize("line", EVENTS.values(), ids=EVENTS)
def test_an_event_that_is_logged_shows_which_invocation_had_the_message(line: str) -> None:
    event = row(1, line)
    assert fate([event, ended()], whole=True) == (Outcome.SUCCEEDED, "")
    assert fate([event, ended()], at=3) is None, "with partial batches the invocation says nothing of a message"
    assert fate([event, ended()], receives=1) == (Outcome.FAILED_AGAIN, ""), (
        "no word since its visibility timeout ended"
    )
    assert fate([event, ended("error")], whole=True) is None
    assert fate([event, ended("error")], receives=1, whole=True)[0] is Outcome.FAILED_AGAIN
    assert fate([event, ended()], whole=True, message_id=M2) is None


@pytest.mark.parametrize("line", MENTIONS.values(), ids=MENTIONS)
def test_a_mention_counts_for_an_invocation_that_failed_only(line: str) -> None:
    mention = row(1, line)
    for whole in (True, False):
        for receives in (1, 3):
            assert fate([mention, ended()], receives=receives, whole=whole) is None, "it may never have had the message"
            assert fate([mention], receives=receives, whole=whole) is None, "it may have succeeded"
        assert fate([mention, ended("error")], receives=2, whole=whole) is None
        assert fate([mention, ended("error")], receives=1, whole=whole)[0] is Outcome.FAILED_AGAIN


def test_a_mention_makes_no_receive_beside_certain_ones() -> None:
    """R2 did its own work, and named a message that had one receive left."""
    rows = [batch(0, R1, M1), failed(1, "ValueError", R1, M1), row(30, f"RequestId: {R2} after {M2}, and {M1}, too")]
    assert fate([*rows, ended(request=R2, seconds=31)], receives=2) is None
    assert fate([*rows, batch(50, R3, M1)], receives=2) == (Outcome.FAILED_AGAIN, "ValueError: why")


def test_the_handlers_own_name_of_a_failure_is_told_as_on_a_message_that_it_rejects() -> None:
    """Whatever raised it: the trace names the error of the client below."""
    trace = (
        'Traceback (most recent call last):\n  File "/app/client.py", line 9, in get\nAwsError: NoSuchKey\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/app/jobs.py", line 3, in run\nDataNotFound: why\n'
    )
    rows = [batch(1, R1, M1), failed(2, "DataNotFound", R1, M1, permanent=True, stack_trace=trace)]
    assert fate(rows, at=3) == (Outcome.FAILED_AGAIN, "DataNotFound: why")
