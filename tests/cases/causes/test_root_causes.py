"""Of wrapped errors the root is the cause, and what wrapped it is named behind it."""

from __future__ import annotations

from ops.deadletters import cause_record
from ops.deadletters.causes.attribution.evidence import ConsumerSetup, Evidence, SearchedMessage
from ops.deadletters.messages.model import Cause
from tests.cases.causes.logged_lines.line import REQUEST
from tests.fakes.logs import row, silent

MESSAGE = "0b1d6a2e-1111-4222-8333-444455556666"


def cause(record: dict[str, object]) -> Cause:
    subject = SearchedMessage.of(silent(MESSAGE))
    evidence = Evidence(subject.ids, ConsumerSetup(timeout_s=15))
    evidence.add(row(0, {"level": "INFO", "message": f"got {MESSAGE}", "requestId": REQUEST}))
    evidence.add(row(1, {"level": "ERROR", "requestId": REQUEST, **record}))
    found = evidence.cause(subject)
    assert found is not None
    return cause_record.normalize_cause(found)


def wrapped(reason: str, around: str = "fetch failed") -> dict[str, object]:
    root = {"errorType": "Error", "errorMessage": reason}
    middle = {"errorType": "SocketError", "errorMessage": "closed", "cause": root}
    return {"errorType": "TypeError", "errorMessage": around, "cause": middle}


def test_a_cause_names_the_root_first_and_then_its_wrappers() -> None:
    found = cause(wrapped("connect ECONNREFUSED"))
    assert found.error_type == "Error"
    assert found.error_message == "connect ECONNREFUSED ← SocketError: closed ← TypeError: fetch failed"


def test_causes_are_alike_by_their_roots_whatever_wrapped_them() -> None:
    refused, expired = cause(wrapped("connect ECONNREFUSED")), cause(wrapped("certificate has expired"))
    assert refused.fingerprint != expired.fingerprint
    assert refused.fingerprint == cause(wrapped("connect ECONNREFUSED", around="order of Ada not booked")).fingerprint


def test_of_different_errors_side_by_side_one_is_only_likely() -> None:
    """Which of a batch's errors a message failed of is not told by the error that holds them all."""
    key, full = {"name": "KeyError", "message": "no key"}, {"name": "IOError", "message": "full"}
    batch = {"errorType": "FullBatchFailureError", "errorMessage": "All records failed"}
    found = cause({**batch, "childErrors": [key, full]})
    assert (found.error_type, found.likely) == ("KeyError", True)
    assert found.error_message == "no key ← first of 2 different errors ← FullBatchFailureError: All records failed"
    alike = cause({**batch, "childErrors": [key, key]})
    assert (alike.error_type, alike.error_message.partition(" ←")[0], alike.likely) == ("KeyError", "no key", False)


def test_an_error_in_fields_goes_before_the_sentence_around_it() -> None:
    found = cause({"msg": "could not process message", "err": "unexpected end of JSON input"})
    assert found.error_message == "unexpected end of JSON input ← could not process message"
