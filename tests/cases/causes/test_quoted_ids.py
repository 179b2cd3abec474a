"""Ids in a line's own words may be another's: a message or a request that the error only speaks of."""

from __future__ import annotations

import json

import pytest

from ops.deadletters.causes.logs import log_parser, mentions
from tests.cases.causes.log_lines import (
    R1,
    R2,
    R3,
    A,
    B,
    Row,
    cause,
    error,
    in_words,
    info,
    report,
    row,
    start,
    traced,
    unhandled,
)

OTHER = "2026/11/28/[7]2e1d"
UNASKED = "dddddddd-0000-4000-8000-00000000000d"
EARLIER = [info(0, f"got {B}", R2, OTHER), error(0.1, "KeyError: 'sku'", R2, OTHER), report(0.2, R2, 200, stream=OTHER)]
KEY, VALUE = "likely KeyError: 'sku'", "likely ValueError: no price"


@pytest.mark.parametrize(
    "words",
    [
        f"duplicate of {B}",
        f"already taken by message {B}",
        f"waiting for {B}",
        f'{{"duplicateOf": "{B}"}}',
        f'{{\\"parentMessageId\\": \\"{B}\\"}}',
        f"blocked_by={B}",
    ],
)
def test_a_message_that_is_only_quoted_is_not_meant(words: str) -> None:
    assert mentions.mentioned_ids(words) == frozenset()
    assert mentions.mentioned_ids(f"{words} and then {B} itself") == {B}


@pytest.mark.parametrize(
    "words", [f"failed {B}", f"record {B}: no", f"got {B}", f"original message {B}", f"gave up on {B}"]
)
def test_a_message_that_a_line_is_about_is_meant(words: str) -> None:
    assert mentions.mentioned_ids(words) == {B}


@pytest.mark.parametrize("words", ["no price: duplicate of", "no price, compare"])
def test_an_error_that_speaks_of_another_message_is_not_that_ones(words: str) -> None:
    """Neither the words that say so nor their lack make the other's own failure give way."""
    later = [info(10, f"got {A}", R1), traced(10.1, f"ValueError: {words} {B}", R1), report(10.2, R1, 200)]
    assert in_words(cause([*EARLIER, *later], A)).startswith(VALUE)
    assert in_words(cause([*EARLIER, *later], B)).endswith("KeyError: 'sku'")
    together = [
        info(0, f"got {A}"),
        error(0.1, f"ValueError: {words} {B}"),
        info(0.2, f"got {B}"),
        error(0.3, "KeyError: 'sku'"),
    ]
    assert in_words(cause(together, A)).startswith(VALUE)
    assert in_words(cause(together, B)) == KEY


def test_an_error_that_may_be_eithers_is_likely_both() -> None:
    rows = [info(0, f"got {A}"), error(0.1, f"ValueError: no price in {B}"), report(0.2)]
    assert [in_words(cause(rows, message_id)) for message_id in (A, B)] == [f"{VALUE} in {B}"] * 2


def test_a_message_is_named_by_the_words_before_its_error() -> None:
    rows = [info(0, f"got {A}"), traced(0.1, "KeyError: 'sku'", text=f"failed {A}")]
    rows.append(traced(0.2, "ValueError: no price", text=f"failed {B}"))
    assert [in_words(cause(rows, message_id)) for message_id in (A, B)] == ["KeyError: 'sku'", "ValueError: no price"]


def test_a_field_that_names_another_message_goes_before_the_text() -> None:
    told = {"level": "ERROR", "message": f"see {B}", "messageId": UNASKED, "errorType": "E", "errorMessage": "x"}
    assert in_words(cause([*EARLIER, row(5, {**told, "requestId": R1})], B)) == KEY
    assert in_words(cause([*EARLIER, row(5, {**told, "messageId": A, "requestId": R1})], A)) == "E: x"


QUOTING: dict[str, Row] = {
    "as information": row(0.05, f"asks pricing, requestId={R3}"),
    "in an error line": row(0.05, f"ERROR pricing: request_id={R3}"),
    "in a record": row(0.05, {"level": "INFO", "message": f"asks pricing, RequestId: {R3}"}),
}


@pytest.mark.parametrize("case", QUOTING)
def test_a_request_id_in_a_lines_words_does_not_take_it_from_its_invocation(case: str) -> None:
    rows = [
        start(0),
        row(0.01, f"got {A}"),
        QUOTING[case],
        unhandled(0.1, "ValueError: no price"),
        report(0.2, ms=200, status="error"),
    ]
    assert in_words(cause(rows)) == VALUE


def test_a_request_id_in_a_raised_errors_message_is_not_the_lines_own() -> None:
    timed_out = [
        start(0, R2, OTHER),
        info(0.01, f"got {B}", R2, OTHER),
        report(14.9, R2, 14_900, "timeout", stream=OTHER),
    ]
    rows = [
        *timed_out,
        info(20, f"got {A}"),
        unhandled(20.1, f"PricingFailed: no answer (RequestId: {R2})"),
        report(20.2, status="error"),
    ]
    assert in_words(cause(rows, A)) == f"likely PricingFailed: no answer (RequestId: {R2})"
    assert in_words(cause(rows, B)).startswith("Sandbox.Timedout")


def test_a_request_id_that_a_layout_writes_into_the_words_is_the_lines_own() -> None:
    rows = [
        row(0, f"INFO requestId={R1} got {A}"),
        row(0.1, f"ERROR requestId={R1} ValueError: no price"),
        report(0.2, status="error"),
    ]
    assert "no price" in in_words(cause(rows))


def test_an_error_status_without_a_type_is_no_end_of_the_environment() -> None:
    rows = [start(0), info(0.01, f"got {A}"), report(0.2, ms=200, status="error")]
    assert "raised an error" in in_words(cause(rows))


def test_what_a_function_was_given_names_other_messages_in_bodies() -> None:
    event = {"Records": [{"messageId": A, "body": json.dumps({"parentMessage": B})}]}
    later = [info(5, f"event: {json.dumps(event)}"), traced(5.1, "ValueError: no price"), report(5.2)]
    assert in_words(cause([*EARLIER, *later], A)) == VALUE
    assert in_words(cause([*EARLIER, *later], B)) == KEY


def test_a_record_that_names_two_requests_is_of_lambdas() -> None:
    asked = {"level": 50, "pid": 8, "msg": "no price", "awsRequestId": R1, "requestId": R3}
    said = log_parser.parse_row(row(0, asked))
    assert said is not None and said.failed and said.request_id == R1


def test_a_line_that_only_tells_where_a_message_is_replaces_no_failure() -> None:
    rows = [info(0, f"got {A}"), traced(0.1, "KeyError: 'sku'", text=f"failed {A}"), report(0.2)]
    rows.append(error(300, f"message {A} found in the dead letter queue", R2))
    assert in_words(cause(rows)) == "likely KeyError: 'sku'"
