"""Messages sent back to a function, an event bus or a topic: the requests, and what the responses mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from ops.aws import Aws, call_effect
from ops.deadletters.messages.model import DeadLetter, Kind
from ops.deadletters.transfer.destinations import OutgoingMessage, SendResult
from ops.deadletters.transfer.destinations.services import EventBusSender, FunctionSender, TopicSender
from ops.errors import AwsError, NotFound
from ops.target import Target
from tests.factories import a_dead_letter
from tests.ops.deadletters.listener import Listener, listening

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:worker"
BUS = "arn:aws:events:eu-west-1:000000000000:event-bus/shop"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:orders"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with listening() as heard:
        monkeypatch.setenv("AWS_ENDPOINT_URL", heard.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        yield heard


@pytest.fixture
def aws(listener: Listener) -> Iterator[Aws]:
    single = Aws(Target(queue="q", region="eu-west-1")).without_retries(2.0)
    yield single
    single.disconnect()


def parcels(*letters: DeadLetter) -> list[OutgoingMessage]:
    return [OutgoingMessage(number, message) for number, message in enumerate(letters)]


def test_a_function_is_invoked_with_what_it_had_failed_on(listener: Listener, aws: Aws) -> None:
    record = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": {"n": 1}, "responsePayload": None}
    text = json.dumps(record).replace('{"n": 1}', '{"n": 1.10}')
    route = FunctionSender(aws, FUNCTION)
    letters = [a_dead_letter('{"n":  1.10}', kind=Kind.LAMBDA), a_dead_letter(text, kind=Kind.DESTINATION)]
    calls = list(route.batches(parcels(*letters)))
    answers = [answer for call in calls for answer in route.send(call)]
    assert [answer.sent_as for answer in answers] == ["request-1", "request-2"]
    assert [body for _, _, body in listener.asked] == [b'{"n":  1.10}', b'{"n": 1.10}']
    path, headers, _ = listener.asked[0]
    assert path == f"/2015-03-31/functions/{FUNCTION}/invocations"
    assert headers["X-Amz-Invocation-Type"] == "Event"


def test_a_function_that_is_not_there(listener: Listener, aws: Aws) -> None:
    listener.reply = lambda path, body: (404, '{"Type": "User", "Message": "Function not found"}')
    with pytest.raises(AwsError):
        FunctionSender(aws, FUNCTION).send(parcels(a_dead_letter("{}", kind=Kind.LAMBDA)))


def an_event(**changes: Any) -> str:
    event = {
        "version": "0",
        "id": "e1",
        "detail-type": "Order Placed",
        "source": "shop",
        "account": "000000000000",
        "time": "2026-11-24T04:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::bucket"],
        "detail": {"total": 1},
    }
    return json.dumps({**event, **changes}).replace('"total": 1', '"total": 1.10')


def test_an_event_is_put_on_its_bus_again(listener: Listener, aws: Aws) -> None:
    listener.reply = lambda path, body: (200, '{"FailedEntryCount": 0, "Entries": [{"EventId": "new-1"}]}')
    message = a_dead_letter(
        an_event(), kind=Kind.EVENTBRIDGE, system={"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a9"}
    )
    assert EventBusSender(aws, BUS).send(parcels(message)) == [SendResult(sent_as="new-1")]
    [(_, headers, body)] = listener.asked
    assert headers["X-Amz-Target"] == "AWSEvents.PutEvents"
    [entry] = json.loads(body)["Entries"]
    assert entry.pop("Time") == datetime(2026, 11, 24, 4, tzinfo=UTC).timestamp()
    assert entry == {
        "Source": "shop",
        "DetailType": "Order Placed",
        "Detail": '{"total": 1.10}',
        "Resources": ["arn:aws:s3:::bucket"],
        "EventBusName": BUS,
        "TraceHeader": "Root=1-5759e988-bd862e3fe1be46a9",
    }


def test_entries_of_events_are_judged_one_by_one(listener: Listener, aws: Aws) -> None:
    entries = [
        {"EventId": "new-1"},
        {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"},
        {"ErrorCode": "MalformedDetail", "ErrorMessage": "no JSON"},
    ]
    listener.reply = lambda path, body: (200, json.dumps({"FailedEntryCount": 2, "Entries": entries}))
    letters = [a_dead_letter(an_event(), kind=Kind.EVENTBRIDGE) for _ in range(3)]
    odd = [a_dead_letter("no JSON", kind=Kind.EVENTBRIDGE), a_dead_letter('{"source": "x"}', kind=Kind.EVENTBRIDGE)]
    answers = EventBusSender(aws, BUS).send(parcels(letters[0], odd[0], *letters[1:], odd[1]))
    assert answers[0] == SendResult(sent_as="new-1")
    assert answers[2] == SendResult(why="The event bus rejected it: ThrottlingException: slow down")
    assert answers[3] == SendResult(refused="The event bus rejected it: MalformedDetail: no JSON")
    assert answers[1].refused.startswith("The event cannot be extracted from the dead-letter message: ")
    assert answers[4].refused == "The event cannot be extracted from the dead-letter message: it has no 'detail-type'."
    assert len(json.loads(listener.asked[0][2])["Entries"]) == 3


def test_events_go_ten_at_a_time_and_not_too_large(aws: Aws) -> None:
    route = EventBusSender(aws, BUS)
    small, large = a_dead_letter(an_event()), a_dead_letter(an_event(pad="x" * 400_000))
    assert [len(call) for call in route.batches(parcels(*[small] * 23))] == [10, 10, 3]
    assert [len(call) for call in route.batches(parcels(large, large, large))] == [2, 1]


def test_a_notification_is_published_again(listener: Listener, aws: Aws) -> None:
    listener.reply = lambda path, body: (
        200,
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
        "<MessageId>new-1</MessageId></PublishResult></PublishResponse>",
    )
    notification = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": TOPIC,
        "Subject": "An order",
        "Message": '{"n": 1.10}',
        "MessageAttributes": {
            "Tenant": {"Type": "String", "Value": "blue"},
            "Raw": {"Type": "Binary", "Value": "AP8="},
        },
    }
    route = TopicSender(aws, TOPIC)
    assert route.send(parcels(a_dead_letter(json.dumps(notification), kind=Kind.SNS))) == [SendResult(sent_as="new-1")]
    asked = {name: value for name, [value] in parse_qs(listener.asked[0][2].decode()).items()}
    assert (asked["TopicArn"], asked["Message"], asked["Subject"]) == (TOPIC, '{"n": 1.10}', "An order")
    assert asked["MessageAttributes.entry.1.Value.StringValue"] == "blue"
    assert asked["MessageAttributes.entry.2.Value.BinaryValue"] == "AP8="
    [answer] = route.send(parcels(a_dead_letter('{"Type": "Notification"}', kind=Kind.SNS)))
    assert answer.refused == "The message cannot be extracted from the dead-letter message: it has no 'Message'."


def test_what_cannot_be_said_on_the_wire_is_refused_alone(listener: Listener, aws: Aws) -> None:
    """Not raised as it comes: that would end the run, and again each time that it is resumed."""
    late = a_dead_letter(an_event(time="9999-12-31T23:59:59-14:00"), kind=Kind.EVENTBRIDGE)
    torn = a_dead_letter("\ud800", kind=Kind.LAMBDA)
    for route, message in ((EventBusSender(aws, BUS), late), (FunctionSender(aws, FUNCTION), torn)):
        [answer] = route.send(parcels(message))
        assert "cannot be extracted from the dead-letter message" in answer.refused
    with pytest.raises(AwsError) as refused:
        TopicSender(aws, TOPIC).send(parcels(a_dead_letter('{"Message": "\\ud800"}', kind=Kind.SNS)))
    assert call_effect.classify(refused.value) is call_effect.CallEffect.REJECTED
    assert not listener.asked


def test_a_topic_that_is_gone(listener: Listener, aws: Aws) -> None:
    listener.reply = lambda path, body: (
        404,
        "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error>"
        "</ErrorResponse>",
    )
    with pytest.raises(NotFound):
        TopicSender(aws, TOPIC).send(parcels(a_dead_letter('{"Message": "m"}', kind=Kind.SNS)))
