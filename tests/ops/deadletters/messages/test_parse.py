"""Each kind of dead-letter message is recognized, and the cause that it carries is read."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handler import contract
from ops.aws.sqs import Attribute, Message
from ops.deadletters.messages import message_body
from ops.deadletters.messages.model import Cause, DeadLetter, Kind
from ops.deadletters.messages.parse import carried_cause, parse_message

SENT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
JOBS = "arn:aws:sqs:eu-west-1:123456789012:jobs"


def read(body: str = "{}", told: dict[str, str] | None = None, **system: str) -> DeadLetter:
    attributes = {name: Attribute("String", value) for name, value in (told or {}).items()}
    system = {"SentTimestamp": str(int(SENT.timestamp() * 1000)), "ApproximateReceiveCount": "4", **system}
    return parse_message(Message("m1", "receipt", body, attributes, system))


def test_what_sqs_moved_names_its_queue_and_no_cause() -> None:
    found = read(DeadLetterQueueSourceArn=JOBS, AWSTraceHeader="Root=1", MessageGroupId="g")
    assert (found.kind, found.source_arn, found.sent, found.receives) == (Kind.SQS, JOBS, SENT, 4)
    assert (found.original_message_id, found.group_id, found.trace_header) == ("m1", "g", "Root=1")
    assert carried_cause(found) is None


REJECTED = {
    contract.DLQ_ERROR_TYPE: "UnknownJob",
    contract.DLQ_ERROR_MESSAGE: "no job of kind 'x'",
    contract.DLQ_ORIGINAL_MESSAGE_ID: "first",
    contract.DLQ_REQUEST_ID: "r",
    contract.DLQ_SOURCE_ARN: JOBS,
}


def test_what_the_handler_rejected() -> None:
    found = read(told=REJECTED)
    assert (found.kind, found.source_arn, found.original_message_id, found.request_id) == (
        Kind.REJECTED,
        JOBS,
        "first",
        "r",
    )
    assert carried_cause(found) == Cause(
        "UnknownJob", "no job of kind 'x'", source="attribute", request_id="r", failed_at=SENT
    )


def test_the_last_hop_decides() -> None:
    """A rejected letter that was redriven, and then died of too many receives, has another cause now."""
    found = read(told=REJECTED, DeadLetterQueueSourceArn=JOBS)
    assert (found.kind, found.original_message_id) == (Kind.SQS, "first")
    assert carried_cause(found) is None


def test_an_asynchronous_invocation() -> None:
    found = read(told={"RequestID": "r", "ErrorCode": "200", "ErrorMessage": "division by zero"})
    assert (found.kind, found.request_id) == (Kind.LAMBDA, "r")
    cause = carried_cause(found)
    assert cause and (cause.error_type, cause.error_message) == (
        "Asynchronous invocation, code 200",
        "division by zero",
    )


@pytest.mark.parametrize(("name", "kind", "who"), [
    ("RULE_ARN", Kind.EVENTBRIDGE, "EventBridge"),
    ("SCHEDULE_ARN", Kind.SCHEDULER, "EventBridge Scheduler"),
])  # fmt: skip
def test_an_event(name: str, kind: Kind, who: str) -> None:
    rule = "arn:aws:events:eu-west-1:1:rule/r"
    found = read(told={name: rule, "TARGET_ARN": JOBS, "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"})
    assert (found.kind, found.source_arn) == (kind, rule)
    cause = carried_cause(found)
    assert cause and (cause.error_type, cause.error_message) == (f"{who} NO_PERMISSIONS to jobs", "not allowed")
    bare = carried_cause(read(told={name: rule}))
    assert bare and bare.error_type == f"{who} delivery"


RECORD: dict[str, Any] = {
    "version": "1.0",
    "timestamp": "2019-11-14T18:16:05.568Z",
    "requestContext": {
        "requestId": "r",
        "functionArn": "arn:aws:lambda:eu-west-1:1:function:f:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": {},
    "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
    "responsePayload": {"errorType": "KeyError", "errorMessage": "'kind'"},
}


def test_the_record_of_an_on_failure_destination() -> None:
    found = read(json.dumps(RECORD))
    assert (found.kind, found.source_arn, found.request_id) == (
        Kind.DESTINATION,
        RECORD["requestContext"]["functionArn"],
        "r",
    )
    assert carried_cause(found) == Cause(
        "KeyError",
        "'kind'",
        source="body",
        request_id="r",
        failed_at=datetime(2019, 11, 14, 18, 16, 5, 568_000, tzinfo=UTC),
        function_version="7",
    )
    aged = carried_cause(
        read(json.dumps({**RECORD, "responsePayload": None, "responseContext": 3, "timestamp": "soon"}))
    )
    assert aged == Cause("RetriesExhausted", source="body", request_id="r", failed_at=SENT)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
def test_times_at_the_ends_of_the_calendar_are_none(at: str) -> None:
    """No snapshot could be read that holds one."""
    [died] = [found.failed_at for found in [carried_cause(read(json.dumps({**RECORD, "timestamp": at})))] if found]
    assert died == SENT
    sent = str(int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000))
    assert read("{}", SentTimestamp=sent).sent is None


def test_a_notification() -> None:
    envelope = {"Type": "Notification", "MessageId": "n", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hello"}
    found = read(json.dumps(envelope))
    assert (found.kind, found.source_arn) == (Kind.SNS, envelope["TopicArn"])
    assert carried_cause(found) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '{"requestContext": 1}',
        '"requestContext"',
        '{"requestContext": {}}',
        '{"requestContext": {"condition": 1}, "requestPayload": 1}',
        '{"TopicArn": 1, "Type": "Notification", "Message": ""}',
        '["TopicArn"]',
        "\x00\xff",
        "[" * 100_000,
        '{"requestContext": ' * 3_000,
    ],
)
def test_what_no_one_knows_stays_whole(body: str) -> None:
    found = read(body)
    assert (found.kind, found.body, found.source_arn, carried_cause(found)) == (Kind.UNKNOWN, body, "", None)


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 30, "²", "1.5"])
def test_system_attributes_that_make_no_sense(text: str) -> None:
    found = parse_message(Message("m", "r", "", {}, {"SentTimestamp": text, "ApproximateReceiveCount": text}))
    assert found.receives == 0
    assert found.sent is None or found.sent.year == 1969
    assert replace(found, system={}) == parse_message(Message("m", "r", "", {}, {})) or found.sent


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ('{"a": [1, 2.5, null, "é", "\\u00e9"]}', message_body.BodyFormat.JSON),
        ("7", message_body.BodyFormat.JSON),
        ('{"a": 1, "a": 2}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('{"\\u0061": 1}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('{"a\\"": 1}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('["\\":"]', message_body.BodyFormat.JSON),
        ('{"a": "\\u0000"}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('{"a": "\\uD800"}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('{"a": 12345678901234567890}', message_body.BodyFormat.NON_PORTABLE_JSON),
        ('{"a": NaN}', message_body.BodyFormat.TEXT),
        ("[" * 501 + "]" * 501, message_body.BodyFormat.TEXT),
        ('{"a": "' + "[" * 9_000 + '"}', message_body.BodyFormat.JSON),
        ("1" * 5_000, message_body.BodyFormat.TEXT),
        ("", message_body.BodyFormat.TEXT),
        ("<p>", message_body.BodyFormat.TEXT),
    ],
)
def test_forms_of_bodies(body: str, form: message_body.BodyFormat) -> None:
    assert message_body.classify_body(body)[1] == form


@pytest.mark.parametrize(
    "body", ['["' + "\\n" * 250_000 + '"]', "[" * 501 + '"' + '\\"' * 250_000], ids=["a long text", "no end"]
)
def test_a_body_full_of_escapes_is_read_at_once(body: str) -> None:
    began = time.process_time()  # a hundredth of a second, or an hour
    message_body.classify_body(body)
    assert time.process_time() - began < 60, "each sign is read once, and not once for each escape before it"
