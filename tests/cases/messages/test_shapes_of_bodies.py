"""Messages that nothing tells about: alike in what they are, or in nothing; and what frameworks wrote on them."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters.archive import exports
from ops.deadletters.causes.clustering.body_features import shape_and_wrapping
from ops.deadletters.causes.clustering.clusters import CLUSTER_SOURCE, PayloadClusters
from ops.deadletters.messages import parse, s3_pointers
from ops.deadletters.messages.model import Attribute, SnapshotMessage
from ops.deadletters.plan_model import Selection
from ops.deadletters.plans.selection_stats import collect_stats
from ops.deadletters.return_target import ReturnContext
from tests.factories import a_dead_letter
from tests.fakes.logs import SENT_AT, a_source


def groups(bodies: Iterable[Any]) -> Counter[str]:
    """Messages by the label of their guess."""
    guesser = PayloadClusters()
    for number, body in enumerate(bodies):
        guesser.add(str(number), body if isinstance(body, str) else json.dumps(body))
    return Counter(cause.label for cause in guesser.causes().values() if cause.source == CLUSTER_SOURCE)


UNLIKE = (
    {"invoice": 1, "vat": "x"},
    "<order/>",
    "hello world of text",
    {"cart": {"lines": [{"sku": "a"}]}},
    [1, 2, 3],
    "name;price\nhat;3",
    {"lat": 1.5, "lon": 2.5},
    "42",
    '{"cut": ',
)


@pytest.mark.parametrize("number", range(3, len(UNLIKE) + 1))
def test_messages_that_are_alike_in_nothing_are_no_group(number: int) -> None:
    assert groups(UNLIKE[:number]) == {}


def test_a_few_that_are_alike_are_found_among_unlike_ones() -> None:
    orders = [{"order": number, "total": number / 7, "lines": [{"sku": str(number)}]} for number in range(4)]
    assert groups([*UNLIKE, *orders]) == {"looks like: lines=[object], order=number, total=number": 4}


def test_a_label_has_only_words_that_one_message_has_together() -> None:
    bodies = [{"kind": "score", "model": "m", "a" * (number % 3 + 1): 1} for number in range(30)]
    bodies += [{"user": "u", "mail": "x@example.com", "b" * (number % 3 + 1): 1} for number in range(30)]
    for label in groups(bodies):
        words = set(label.removeprefix("looks like: ").split(", "))
        assert any(words <= {*shape_and_wrapping(json.dumps(body))[0].split()} for body in bodies), label


def packed(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def notification(number: int) -> dict[str, Any]:
    topic = "arn:aws:sns:eu-west-1:123456789012:orders"
    return {"Type": "Notification", "MessageId": str(uuid.UUID(int=number)), "TopicArn": topic, "Message": f"{number}"}


def of_s3(number: int) -> dict[str, Any]:
    place = {"bucket": {"name": "in"}, "object": {"key": f"a{number}.csv", "size": number}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": place}]}


WRAPPED: dict[str, Any] = {
    "base64, binary": lambda n: base64.b64encode(bytes([8, 150 + n, 1, 18, 7, 0, 255, n] * 4)).decode(),
    "base64, gzip": lambda n: base64.b64encode(gzip.compress(b"some text %d" % n)).decode(),
    "binary": lambda n: "\x08\x96\x01\x12\x07" * 4 + chr(65 + n),
    "pointer-to-S3": lambda n: [
        "software.amazon.payloadoffloading.PayloadS3Pointer",
        {"s3BucketName": "large", "s3Key": str(uuid.UUID(int=n))},
    ],
    "SNS-notification, topic=orders": notification,
    "S3-event, event=ObjectCreated:Put": of_s3,
    "EventBridge-event, detail-type=Order-placed, source=shop": lambda n: {
        "version": "0",
        "detail-type": "Order placed",
        "source": "shop",
        "detail": {"n": n},
    },
    "Kinesis-record": lambda n: {"eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "data": str(n)},
    "DynamoDB-record, event=MODIFY": lambda n: [{"eventSource": "aws:dynamodb", "eventName": "MODIFY", "n": n}],
    "MassTransit, type=OrderPlaced": lambda n: {
        "messageId": str(n),
        "messageType": ["urn:message:Shop.Contracts:OrderPlaced"],
        "message": {"n": n},
        "headers": {},
    },
    "NServiceBus, type=Shop.PlaceOrder": lambda n: {
        "Headers": {"NServiceBus.MessageId": str(n), "NServiceBus.EnclosedMessageTypes": "Shop.PlaceOrder, Shop"},
        "Body": "e30=",
    },
    "Celery, base64, task=shop.tasks.book": lambda n: packed(
        {"body": "W1tdXQ==", "headers": {"task": "shop.tasks.book", "id": str(n)}, "properties": {}}
    ),
    "Sidekiq, class=BookJob": lambda n: {"class": "BookJob", "args": [n], "jid": f"{n:024x}", "queue": "default"},
    "Laravel, job=App\\Jobs\\Book": lambda n: {
        "uuid": str(n),
        "displayName": "App\\Jobs\\Book",
        "job": "Illuminate\\Queue\\CallQueuedHandler@call",
        "data": {"command": "O:13"},
    },
    "Bull, name=book": lambda n: {"name": "book", "data": {"n": n}, "opts": {"attempts": 3}, "id": str(n)},
    "CloudEvent, type=shop.order": lambda n: {"specversion": "1.0", "type": "shop.order", "source": "/x", "id": str(n)},
}


def test_what_a_service_or_a_framework_wrote_is_a_group_of_its_own() -> None:
    bodies = [make(number) for make in WRAPPED.values() for number in range(4)]
    found = {label.removeprefix("looks like: "): number for label, number in groups([*bodies, *UNLIKE]).items()}
    assert {", ".join(sorted(label.replace(", ", " ").split())) for label in found} == {
        ", ".join(sorted(label.replace(", ", " ").split())) for label in WRAPPED
    }
    assert set(found.values()) == {4}


@pytest.mark.parametrize(
    "body", ["123456789012345678901234", "5f3c2a1b-0d4e-4f6a-8b7c-9d0e1f2a3b4c", "internationalization"]
)
def test_an_id_is_not_base64(body: str) -> None:
    assert all("base64" not in label for label in groups([body] * 3))


# --- what is told by the message itself -------------------------------------------------------------------------------

HEADERS = {"MT-Fault-ExceptionType": "Shop.OutOfStock", "MT-Fault-Message": "none left of 17"}
FAULTS = {"NServiceBus.ExceptionInfo.ExceptionType": "Shop.NoPrice", "NServiceBus.ExceptionInfo.Message": "no price"}


@pytest.mark.parametrize(
    ("body", "attributes", "error_type", "message", "source"),
    [
        ("{}", HEADERS, "Shop.OutOfStock", "none left of 17", "attribute"),
        (
            json.dumps({"messageType": ["urn:message:A:B"], "message": {}, "headers": HEADERS}),
            {},
            *("Shop.OutOfStock", "none left of 17", "body"),
        ),
        (json.dumps({"Headers": FAULTS, "Body": "e30="}), {}, "Shop.NoPrice", "no price", "body"),
        ("<x/>", {"NServiceBus.AmazonSQS.Headers": json.dumps(FAULTS)}, "Shop.NoPrice", "no price", "attribute"),
        (
            json.dumps({"class": "Book", "args": [], "jid": "1", "error_class": "KeyError", "error_message": "vat"}),
            {},
            *("KeyError", "vat", "body"),
        ),
        (json.dumps({"name": "x", "data": {}, "failedReason": "no vat"}), {}, "Failed", "no vat", "body"),
        ("{}", {"x-exception-fqcn": "a.B", "x-exception-message": "no c"}, "a.B", "no c", "attribute"),
        ("{}", {"reason_poisoned": "cannot save"}, "Failed", "cannot save", "attribute"),
        (
            json.dumps(
                {
                    "requestContext": {"condition": "RetryAttemptsExhausted"},
                    "responseContext": {"functionError": "Unhandled"},
                    "KinesisBatchInfo": {"shardId": "s"},
                }
            ),
            {},
            *("RetryAttemptsExhausted", "a batch of a Kinesis stream, function error Unhandled", "body"),
        ),
    ],
)
def test_a_framework_tells_the_cause(
    body: str, attributes: dict[str, str], error_type: str, message: str, source: str
) -> None:
    told = {name: Attribute("String", value) for name, value in attributes.items()}
    cause = parse.carried_cause(a_dead_letter(body, attributes=told))
    assert cause is not None
    assert (cause.error_type, cause.error_message, cause.source) == (error_type, message, source)


@pytest.mark.parametrize("body", ["{}", '{"error_message": 1', '{"headers": 3, "MT-Fault-Message": 2}', "error_class"])
def test_others_tell_nothing(body: str) -> None:
    assert parse.carried_cause(a_dead_letter(body)) is None


# --- pointers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "uri"),
    [
        ('["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k/1"}]', "s3://b/k/1"),
        ('["com.amazon.sqs.javamessaging.MessageS3Pointer", {"s3BucketName": "b", "s3Key": "k"}]', "s3://b/k"),
        ('{"s3BucketName": "b", "s3Key": "k"}', "s3://b/k"),
        ('{"s3BucketName": "b", "s3Key": 3}', None),
        ('["x", {"s3Key": "k"}]', None),
        ('{"order": {"s3BucketName": "b", "s3Key": "k"}}', None),
    ],
)
def test_a_pointer_is_recognised(body: str, uri: str | None) -> None:
    found = s3_pointers.read_pointer(body)
    assert (found.uri if found else None) == uri


def test_an_export_says_what_it_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pointer = '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k%d"}]'
    messages = [a_dead_letter(pointer % number, f"m{number}", sent=SENT_AT) for number in range(3)]
    with a_source(tmp_path, monkeypatch, [*messages, a_dead_letter("{}", "other", sent=SENT_AT)]) as (here, _):
        done = exports.export_messages(here, Selection(), tmp_path / "out.jsonl")
    assert done.notes == ("3 messages are pointers to S3 objects that may be gone: s3://b/k0, ….",)
    assert s3_pointers.pointer_warning(1, s3_pointers.Pointer("b", "k")) == (
        "1 message is a pointer to an S3 object that may be gone: s3://b/k."
    )


def test_a_plan_says_that_contents_may_be_gone() -> None:
    """The survey counts them, with the edits or without."""
    body = '["com.amazon.sqs.javamessaging.MessageS3Pointer", {"s3BucketName": "b", "s3Key": "k"}]'
    found = collect_stats(
        [SnapshotMessage(a_dead_letter(body)), SnapshotMessage(a_dead_letter("{}"))], (), ReturnContext()
    )
    assert (found.pointers, found.pointer) == (1, s3_pointers.Pointer("b", "k"))
