"""Causes: from what a letter carries, from what the logs know about it, and which of them are the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler import contract
from ops.aws.sqs import Message
from ops.deadletters import causes
from ops.deadletters.evidence import Evidence
from ops.deadletters.letters import letter
from ops.insight.reports import Letter, Level

SENT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)


def message(attributes: dict[str, str] | None = None, body: str = "{}", message_id: str = "m1") -> Message:
    system = {"SentTimestamp": str(int(SENT.timestamp() * 1000)), "ApproximateReceiveCount": "4"}
    return Message(message_id, "receipt", body, attributes or {}, system)


def silent(message_id: str = "m1", **changes: Any) -> Letter:
    return replace(letter(message(message_id=message_id)), **changes)


def test_a_letter_of_the_handler() -> None:
    found = letter(
        message(
            {
                contract.DLQ_ERROR_TYPE: "UnknownJob",
                contract.DLQ_ERROR_MESSAGE: "no job of kind 'x'",
                contract.DLQ_ORIGINAL_MESSAGE_ID: "first",
                contract.DLQ_REQUEST_ID: "r",
            }
        )
    )
    assert (found.error_type, found.error_message, found.cause_from) == (
        "UnknownJob",
        "no job of kind 'x'",
        "attribute",
    )
    assert (found.original_message_id, found.request_id, found.receives, found.sent) == ("first", "r", 4, SENT)


def test_a_letter_of_an_asynchronous_invocation() -> None:
    found = letter(message({"RequestID": "r", "ErrorCode": "200", "ErrorMessage": "division by zero"}))
    assert (found.error_type, found.request_id) == ("Asynchronous invocation, code 200", "r")


def test_a_letter_of_an_event_bridge_rule() -> None:
    arns = {"RULE_ARN": "arn:aws:events:eu-west-1:1:rule/r", "TARGET_ARN": "arn:aws:sqs:eu-west-1:1:jobs"}
    found = letter(message({**arns, "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}))
    assert (found.error_type, found.error_message) == ("EventBridge NO_PERMISSIONS to jobs", "not allowed")


def test_a_record_of_an_on_failure_destination() -> None:
    context = {"requestId": "r", "condition": "RetriesExhausted"}
    told = {"requestContext": context, "responsePayload": {"errorType": "KeyError", "errorMessage": "'kind'"}}
    found = letter(message(body=json.dumps(told)))
    assert (found.error_type, found.error_message, found.cause_from, found.request_id) == (
        "KeyError",
        "'kind'",
        "body",
        "r",
    )
    aged = letter(message(body=json.dumps({"requestContext": {**context, "condition": "EventAgeExceeded"}})))
    assert aged.error_type == "EventAgeExceeded"


@pytest.mark.parametrize(
    "body", ["", "{", '{"requestContext": 1}', '"requestContext"', '{"requestContext": {}}', "\x00\xff"]
)
def test_a_letter_that_carries_nothing(body: str) -> None:
    found = letter(message(body=body))
    assert (found.error_type, found.cause_from, found.original_message_id) == ("unknown", "none", "m1")
    without_system = letter(Message("m", "r", body, {}, {}))
    assert (without_system.sent, without_system.receives) == (None, 0)


def row(seconds: float, **record: Any) -> dict[str, str]:
    at = SENT + timedelta(seconds=seconds)
    return {"@timestamp": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "@message": json.dumps(record), "@logStream": ""}


def failed(seconds: float, error_type: str, request_id: str, message_id: str = "m1") -> dict[str, str]:
    return row(
        seconds,
        level="ERROR",
        message=contract.LOG_JOB_FAILED,
        message_id=message_id,
        error_type=error_type,
        error_message="why",
        function_request_id=request_id,
    )


def batch(seconds: float, request_id: str, *message_ids: str) -> dict[str, str]:
    return row(
        seconds, level="INFO", message=contract.LOG_BATCH, message_ids=list(message_ids), function_request_id=request_id
    )


def died(seconds: float, request_id: str, status: str = "timeout", **more: Any) -> dict[str, str]:
    return row(seconds, record="invocation", request_id=request_id, status=status, **more)


def explain(rows: list[dict[str, str]], item: Letter | None = None) -> Letter:
    wanted = item or silent()
    for order in (rows, rows[::-1]):
        evidence = Evidence()
        for entry in order:
            evidence.add(entry, frozenset({wanted.message_id}))
        found = evidence.explain(wanted)
    return found


def test_the_handlers_last_error_record_is_the_cause() -> None:
    found = explain([batch(0, "r1", "m1"), failed(1, "Early", "r1"), batch(60, "r2", "m1"), failed(61, "Late", "r2")])
    assert (found.error_type, found.cause_from, found.request_id) == ("Late", "handler log", "r2")


def test_a_killed_environment_is_found_through_the_batch() -> None:
    rows = [failed(1, "Early", "r1"), batch(60, "r2", "m0", "m1"), died(75, "r2", InvokeDuration=15_000.0)]
    found = explain(rows)
    assert (found.error_type, found.cause_from, found.request_id) == ("Sandbox.Timedout", "invocation record", "r2")
    assert found.error_message == "the invocation was stopped at the function's timeout after 15 s"
    memory = died(75, "r2", "error", error_type="Runtime.OutOfMemory", MaxMemoryUsed=1_024, memory_size_mb=1_024)
    assert explain([rows[1], memory]).error_message == "the environment was killed for memory: 1,024 of 1,024 MB used"


def test_what_the_handler_said_in_that_batch_goes_before_how_the_batch_ended() -> None:
    found = explain([batch(0, "r1", "m1", "m2"), failed(1, "DataNotFound", "r1"), died(15, "r1")])
    assert found.error_type == "DataNotFound"


def test_report_lines_do_where_there_is_no_extension() -> None:
    report = {
        "@timestamp": "2026-11-23 19:00:15.000",
        "@logStream": "",
        "@message": "REPORT RequestId: r1\tDuration: 3000.00 ms\tStatus: timeout",
    }
    assert explain([batch(0, "r1", "m1"), report]).error_type == "Sandbox.Timedout"


def test_anybodys_powertools_error_record() -> None:
    record = row(1, level="ERROR", message="boom", message_id="m1", exception_name="KeyError")
    found = explain([record])
    assert (found.error_type, found.error_message) == ("KeyError", "boom")


def test_no_trace_leaves_it_unknown() -> None:
    rows = [failed(1, "Other", "r1", "m2"), batch(2, "r1", "m2"), died(3, "r1"), row(4, level="INFO", message_id="m1")]
    assert explain(rows) == silent()
    assert explain([batch(2, "r9", "m1")]).request_id == "r9", "the batch is known, its end is not"
    assert explain([{"@timestamp": "x", "@message": "{"}, {"@message": "[]"}]) == silent()


def dead(error_type: str, text: str, minutes: int = 0) -> Letter:
    return silent(
        error_type=error_type, error_message=text, cause_from="attribute", sent=SENT + timedelta(minutes=minutes)
    )


def test_letters_of_one_cause_are_one_row() -> None:
    letters = [dead("NotFound", f"s3://b/data/{n}.csv is not there", n) for n in range(9)]
    letters += [dead("NotFound", "the bucket is not there"), dead("Memory", "2.98 GiB for (20000, 7)", 3)]
    found = causes.group(letters)
    assert list(found.columns) == list(causes.COLUMNS)
    assert list(found["letters"]) == [9, 1, 1]
    first = found.iloc[0]
    assert first["share"] == pytest.approx(9 / 11)
    assert first["error_message"] == "s3://b/data/….csv is not there", "no letter's own key stands for all nine"
    assert (first["first_seen"], first["last_seen"]) == (SENT, SENT + timedelta(minutes=8))
    assert found["share"].sum() == pytest.approx(1)
    assert causes.group([]).empty


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no job of kind 'a'", "no job of kind 'b c'"),
        ("took 1.5 s", "took 20 s"),
        ("id 6d68ca91-49c9-448d-89b8-7ca3e6dc66aa", "id deddfc5f-b8f2-4a47-abc9-591798990184"),
        ("s3://a/b is gone", "s3://c/d/e.csv is gone"),
        ("/var/task/x.py failed", "/opt/y/z.py failed"),
    ],
)
def test_what_changes_does_not_make_another_cause(one: str, other: str) -> None:
    assert causes.fingerprint(one) == causes.fingerprint(other)
    assert causes.fingerprint(one) != causes.fingerprint("something else")


@pytest.mark.parametrize(
    ("messages", "shared"),
    [
        (["no job of kind 'a'"] * 3, "no job of kind 'a'"),
        (["no job of kind 'a'", "no job of kind 'b c'"], "no job of kind '…'"),
        (["s3://b/lost-12.csv is gone", "s3://b/lost-19.csv is gone"], "s3://b/lost-….csv is gone"),
        (["s3://b/a is gone", "s3://b/aa is gone"], "s3://b/a… is gone"),
        (["2.98 GiB for (20000, 7)", "2.18 GiB for (20000, 7)"], "… GiB for (20000, 7)"),
        (["row 7 of 's'", "row 12 of 's'"], "row … of 's'"),
        (["gone", "gone "], "gone"),
        (["", ""], ""),
    ],
)
def test_what_the_letters_of_a_cause_share(messages: list[str], shared: str) -> None:
    letters = [dead("E", text) for text in messages]
    grouped = causes.group(letters)
    assert list(grouped["error_message"]) == [shared]
    told = causes.finding(grouped, len(letters), len(letters)).text
    assert not shared or shared in told


def test_the_finding_names_the_commonest_cause() -> None:
    letters = [dead("NotFound", "gone.")] * 51 + [dead("Memory", "too much")] * 3
    found = causes.finding(causes.group(letters), 54, 54)
    assert found.text == "Act: 54 dead letters, 51 of one cause: NotFound: gone (1 other cause)."
    some = causes.finding(causes.group(letters[:5]), 5, 54)
    assert some.text == "Act: 5 of 54 dead letters, all of one cause: NotFound: gone."
    assert causes.finding(causes.group([silent()]), 1, 1).text == "Act: 1 dead letter: no known cause."
    assert causes.finding(causes.group([]), 0, 0).level is Level.OK
    assert causes.finding(causes.group([]), 0, 3).level is Level.WATCH
    long = causes.finding(causes.group([dead("E", "x" * 5_000)]), 1, 1)
    assert len(long.text) < 250
