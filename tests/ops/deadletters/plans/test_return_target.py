"""Where messages are sent back to."""

from __future__ import annotations

import json

import pytest

from ops.deadletters import return_target
from ops.deadletters.messages.model import Kind
from ops.deadletters.return_target import Origin, ReturnContext, Service
from tests.factories import a_dead_letter

QUEUE = "arn:aws:sqs:eu-west-1:1:jobs"
FUNCTION = "arn:aws:lambda:eu-west-1:1:function:f:$LATEST"
RULE = "arn:aws:events:eu-west-1:1:rule"
BUS = "arn:aws:events:eu-west-1:1:event-bus"


@pytest.mark.parametrize(
    ("kind", "arn", "origin"),
    [
        (Kind.SQS, QUEUE, Origin(Service.SQS, QUEUE)),
        (Kind.REJECTED, QUEUE, Origin(Service.SQS, QUEUE)),
        (Kind.REJECTED, "", None),
        (Kind.REJECTED, "jobs", None),
        (Kind.LAMBDA, "", None),
        (Kind.DESTINATION, FUNCTION, Origin(Service.LAMBDA, FUNCTION)),
        (Kind.EVENTBRIDGE, f"{RULE}/r", Origin(Service.EVENTS, f"{BUS}/default")),
        (Kind.EVENTBRIDGE, f"{RULE}/ours/r", Origin(Service.EVENTS, f"{BUS}/ours")),
        (Kind.EVENTBRIDGE, f"{RULE}/aws.partner/x.com/1/r", Origin(Service.EVENTS, f"{BUS}/aws.partner/x.com/1")),
        (Kind.EVENTBRIDGE, f"{BUS}/ours", Origin(Service.EVENTS, f"{BUS}/ours")),
        (Kind.SNS, "arn:aws:sns:eu-west-1:1:t", Origin(Service.SNS, "arn:aws:sns:eu-west-1:1:t")),
        (Kind.SCHEDULER, "arn:aws:scheduler:eu-west-1:1:schedule/g/s", None),
        (Kind.UNKNOWN, QUEUE, None),
    ],
)
def test_by_kind(kind: Kind, arn: str, origin: Origin | None) -> None:
    assert return_target.return_origin(a_dead_letter(kind=kind, source_arn=arn), ReturnContext(own=QUEUE)) == origin


def test_asynchronous_messages_go_to_the_function_in_whose_log_their_request_is() -> None:
    known = ReturnContext(functions={"r-1": FUNCTION})
    message = a_dead_letter(kind=Kind.LAMBDA, source_arn="", request_id="r-1")
    assert return_target.return_origin(message, known) == Origin(Service.LAMBDA, FUNCTION)
    assert return_target.return_origin(a_dead_letter(kind=Kind.LAMBDA, source_arn="", request_id="r-2"), known) is None
    assert return_target.return_origin(a_dead_letter(kind=Kind.UNKNOWN, source_arn="", request_id="r-1"), known) is None


@pytest.mark.parametrize(
    ("body", "goes"),
    [
        (json.dumps({"source": "aws.s3"}), False),
        (json.dumps({"source": "shop"}), True),
        ("[]", True),
        ("{", True),
        ("[" * 100_000, True),
    ],
)
def test_events_of_aws_services_cannot_be_put_again(body: str, goes: bool) -> None:
    found = return_target.return_origin(a_dead_letter(body, kind=Kind.EVENTBRIDGE, source_arn=f"{RULE}/r"))
    assert (found is not None) is goes
