"""Where a message is sent back to, by evidence; without evidence it stays where it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from handler import contract
from ops.aws.sqs import Message
from ops.deadletters import return_target
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Attribute, Kind
from ops.deadletters.plan_model import Steps
from ops.deadletters.return_target import Origin, ReturnContext, Service
from tests.ops.deadletters.redrive.rollouts import a_plan

A, HERE = "111122223333", "eu-west-1"
DLQ = f"arn:aws:sqs:{HERE}:{A}:dead"
ORDERS, MAILS = f"arn:aws:sqs:{HERE}:{A}:orders", f"arn:aws:sqs:{HERE}:{A}:mails"
INVOICE, REFUND = (f"arn:aws:lambda:{HERE}:{A}:function:{name}" for name in ("invoice", "refund"))
TOPIC = f"arn:aws:sns:{HERE}:{A}:orders"
RULE, BUS = f"arn:aws:events:{HERE}:{A}:rule/shop/failed", f"arn:aws:events:{HERE}:{A}:event-bus/shop"

KNOWN = ReturnContext(
    DLQ, sources=(ORDERS, MAILS), functions={"r-1": INVOICE, "r-2": REFUND}, searched_functions=("invoice", "refund")
)
ALONE = replace(KNOWN, sources=(ORDERS,))


def failed(request_id: str, code: str = "200") -> dict[str, str]:
    return {"RequestID": request_id, "ErrorCode": code, "ErrorMessage": "Unhandled"}


def envelope(topic: str = TOPIC) -> str:
    return json.dumps({"Type": "Notification", "MessageId": "n-1", "TopicArn": topic, "Message": "hello"})


def record(function: str) -> str:
    context = {"requestId": "r-9", "functionArn": function, "condition": "RetriesExhausted"}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": {"n": 1}})


def rejected(source: str) -> dict[str, str]:
    told = {contract.DLQ_ERROR_TYPE: "InvalidJob", contract.DLQ_ERROR_MESSAGE: "no column"}
    return told | ({contract.DLQ_SOURCE_ARN: source} if source else {})


def moved(source: str) -> dict[str, str]:
    return {"DeadLetterQueueSourceArn": source}


def a_message(body: str = "{}", attributes: Any = None, system: Any = None) -> Message:
    typed = {name: Attribute("String", value) for name, value in (attributes or {}).items()}
    return Message("m-1", "receipt", body, typed, system or {})


def sqs_(arn: str) -> Origin:
    return Origin(Service.SQS, arn)


def function(arn: str) -> Origin:
    return Origin(Service.LAMBDA, arn)


@pytest.mark.parametrize(
    ("message", "kind", "origin"),
    [
        (a_message(system=moved(ORDERS)), Kind.SQS, sqs_(ORDERS)),
        (a_message(system=moved(MAILS)), Kind.SQS, sqs_(MAILS)),
        (a_message(attributes=rejected(MAILS)), Kind.REJECTED, sqs_(MAILS)),
        (a_message(attributes=failed("r-1")), Kind.LAMBDA, function(INVOICE)),
        (a_message(attributes=failed("r-2")), Kind.LAMBDA, function(REFUND)),
        (a_message(record(INVOICE)), Kind.DESTINATION, function(INVOICE)),
        (a_message(record(f"{INVOICE}:$LATEST")), Kind.DESTINATION, function(f"{INVOICE}:$LATEST")),
        (a_message(record(f"{INVOICE}:live")), Kind.DESTINATION, function(f"{INVOICE}:live")),
        (a_message(envelope()), Kind.SNS, Origin(Service.SNS, TOPIC)),
        (a_message(envelope(), failed("r-1", "403")), Kind.SNS, Origin(Service.SNS, TOPIC)),
        (a_message('{"source": "shop"}', {"RULE_ARN": RULE}), Kind.EVENTBRIDGE, Origin(Service.EVENTS, BUS)),
    ],
)
def test_what_is_known_goes_back(message: Message, kind: Kind, origin: Origin) -> None:
    letter = parse.parse_message(message)
    assert letter.kind is kind
    assert return_target.find_return_target(letter, KNOWN) == return_target.ReturnTarget(origin)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        # Not known: nothing proves whose it is.
        (a_message(attributes=failed("r-3")), "their request IDs are not in the logs of invoice, refund"),
        (a_message(attributes=failed("")), "their request IDs are not in the logs of invoice, refund"),
        (a_message('{"order": 9}', failed("11111111-2222", "403")), "not known which function they came from"),
        (a_message("plain"), "it is not known which of 2 source queues they came from"),
        (a_message(attributes=rejected("")), "it is not known which of 2 source queues they came from"),
        # Named by a sender, and not so.
        (a_message(attributes=rejected(ORDERS.replace("orders", "payments"))), "does not use this dead-letter queue"),
        (a_message(attributes=rejected("orders")), "does not use this dead-letter queue"),
        (a_message(attributes=rejected(ORDERS.replace(A, "9" * 12))), "does not use this dead-letter queue"),
        # Of another account, region or partition.
        (a_message(system=moved(ORDERS.replace(HERE, "us-east-1"))), "in a different account or region"),
        (a_message(system=moved(ORDERS.replace(A, "9" * 12))), "in a different account or region"),
        (a_message(envelope(TOPIC.replace(A, "9" * 12))), "in a different account or region"),
        (a_message(envelope(TOPIC.replace(HERE, "us-east-1"))), "in a different account or region"),
        (a_message(record(INVOICE.replace(A, "9" * 12))), "in a different account or region"),
        (a_message(record(INVOICE.replace("arn:aws:", "arn:aws-cn:"))), "in a different account or region"),
        (a_message("{}", {"RULE_ARN": RULE.replace(A, "9" * 12)}), "in a different account or region"),
        # Of another service or type, or no ARN at all.
        (a_message(system=moved(TOPIC)), "is not a valid ARN of that service"),
        (a_message(envelope(ORDERS)), "is not a valid ARN of that service"),
        (a_message(record(ORDERS)), "is not a valid ARN of that service"),
        (a_message(record(INVOICE.replace(":function:", ":layer:"))), "is not a valid ARN of that service"),
        (a_message(record(f"{INVOICE} --payload x")), "is not a valid ARN of that service"),
        (a_message("{}", {"RULE_ARN": "failed"}), "is not a valid ARN of that service"),
        (a_message("{}", {"RULE_ARN": INVOICE}), "is not a valid ARN of that service"),
        # Known, and nothing takes it.
        (
            a_message('{"source": "aws.s3"}', {"RULE_ARN": RULE}),
            "events of AWS services cannot be put on an event bus again",
        ),
        (
            a_message("{}", {"SCHEDULE_ARN": f"arn:aws:scheduler:{HERE}:{A}:schedule/g/s"}),
            "cannot be returned to a schedule",
        ),
    ],
)
def test_what_is_not_known_stays_with_a_reason(message: Message, why: str) -> None:
    found = return_target.find_return_target(parse.parse_message(message), KNOWN)
    assert found.origin is None
    assert why in found.why


@pytest.mark.parametrize(
    "message",
    [
        a_message(envelope(), system=moved(ORDERS)),
        a_message(record(REFUND), system=moved(ORDERS)),
        a_message("{}", failed("r-2"), moved(ORDERS)),
        a_message("{}", {"RULE_ARN": RULE}, moved(ORDERS)),
        a_message("{}", rejected(MAILS), moved(ORDERS)),
    ],
)
def test_what_a_sender_wrote_does_not_turn_a_message_that_sqs_moved(message: Message) -> None:
    assert return_target.return_origin(parse.parse_message(message), KNOWN) == sqs_(ORDERS)


@pytest.mark.parametrize("attributes", [{}, rejected("")])
def test_of_the_only_queue_that_uses_it_and_said_to_be_inferred(attributes: dict[str, str]) -> None:
    found = return_target.find_return_target(parse.parse_message(a_message("plain", attributes)), ALONE)
    assert found == return_target.ReturnTarget(sqs_(ORDERS), inferred=True)


def test_an_asynchronous_message_is_never_inferred() -> None:
    one = replace(ALONE, functions={}, searched_functions=("invoice",))
    assert return_target.return_origin(parse.parse_message(a_message("{}", failed("r-1"))), one) is None


@pytest.mark.parametrize(("source", "known"), [(ORDERS, True), (MAILS.replace("mails", "payments"), False)])
def test_a_file_is_believed_only_about_queues_that_use_this_one(source: str, known: bool) -> None:
    letter = replace(parse.parse_message(a_message(system=moved(source))), imported=True)
    assert (return_target.return_origin(letter, KNOWN) is not None) is known


def test_a_function_of_the_users_choice_takes_asynchronous_messages_only() -> None:
    chosen = replace(KNOWN, function=REFUND)
    for message in (a_message("{}", failed("r-77")), a_message(record(INVOICE))):
        assert return_target.return_origin(parse.parse_message(message), chosen) == function(REFUND)
    assert return_target.return_origin(parse.parse_message(a_message(system=moved(ORDERS))), chosen) is None


def test_a_run_sends_only_where_its_plan_says() -> None:
    planned = replace(KNOWN, allowed_arns=frozenset({ORDERS}))
    assert return_target.return_origin(parse.parse_message(a_message(system=moved(ORDERS))), planned) == sqs_(ORDERS)
    assert (
        "the plan does not send to"
        in return_target.find_return_target(parse.parse_message(a_message(system=moved(MAILS))), planned).why
    )


def test_of_an_older_plan_only_what_sqs_wrote_counts() -> None:
    older = return_target.context_of_plan(replace(a_plan(1, Steps()), queue_arn=DLQ))
    assert return_target.return_origin(parse.parse_message(a_message(system=moved(ORDERS))), older) == sqs_(ORDERS)
    for message in (a_message("plain"), a_message(attributes=rejected(ORDERS)), a_message(attributes=failed("r-1"))):
        assert return_target.return_origin(parse.parse_message(message), older) is None
