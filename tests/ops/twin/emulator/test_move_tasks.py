"""Message move tasks through the public API."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ops.twin.emulator.conftest import Emulator, eventually


def dead_letters(emulator: Emulator, count: int, **attributes: Any) -> tuple[str, str, str, str]:
    """URL and ARN of a queue and of its dead-letter queue, which holds ``count`` letters of it."""
    sqs = emulator.client("sqs")
    _, dead_url, dead_arn = emulator.queue()
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "1"})
    _, url, arn = emulator.queue(VisibilityTimeout="0", RedrivePolicy=policy)
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), **attributes)
    while "Messages" in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10):
        pass
    assert held(emulator, dead_url) == count
    return url, arn, dead_url, dead_arn


def held(emulator: Emulator, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def newest(emulator: Emulator, arn: str) -> Any:
    return emulator.client("sqs").list_message_move_tasks(SourceArn=arn)["Results"][0]


def test_messages_go_back_as_new_ones(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    tenant = {"Tenant": {"DataType": "String.custom", "StringValue": "a"}}
    url, _, dead_url, dead_arn = dead_letters(emulator, 3, MessageAttributes=tenant)
    messages = sqs.receive_message(QueueUrl=dead_url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    handle = sqs.start_message_move_task(SourceArn=dead_arn)["TaskHandle"]
    assert json.loads(base64.b64decode(handle))["sourceArn"] == dead_arn
    eventually(lambda: newest(emulator, dead_arn)["Status"], "COMPLETED")
    task = newest(emulator, dead_arn)
    assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (3, 3)
    assert "TaskHandle" not in task
    assert "DestinationArn" not in task
    assert held(emulator, dead_url) == 0
    back = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    assert sorted(message["Body"] for message in back) == ["0", "1", "2"]
    assert all(message["MessageAttributes"] == tenant for message in back)
    assert {message["MessageId"] for message in back}.isdisjoint(message["MessageId"] for message in messages)
    assert all(message["Attributes"]["ApproximateReceiveCount"] == "1" for message in back)
    assert all("DeadLetterQueueSourceArn" not in message["Attributes"] for message in back)


def test_messages_go_to_one_queue(emulator: Emulator) -> None:
    url, _, dead_url, dead_arn = dead_letters(emulator, 12)
    _, other, other_arn = emulator.queue()
    emulator.client("sqs").start_message_move_task(SourceArn=dead_arn, DestinationArn=other_arn)
    eventually(lambda: newest(emulator, dead_arn)["Status"], "COMPLETED")
    assert newest(emulator, dead_arn)["DestinationArn"] == other_arn
    assert [held(emulator, each) for each in (url, dead_url, other)] == [0, 0, 12]


def test_a_task_keeps_its_rate_and_can_be_cancelled(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    url, _, dead_url, dead_arn = dead_letters(emulator, 100)
    handle = sqs.start_message_move_task(SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    task = newest(emulator, dead_arn)
    assert (task["Status"], task["TaskHandle"], task["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 1)
    with pytest.raises(ClientError, match="already a task running"):
        sqs.start_message_move_task(SourceArn=dead_arn)
    eventually(lambda: held(emulator, url) > 0)
    sqs.cancel_message_move_task(TaskHandle=handle)
    eventually(lambda: newest(emulator, dead_arn)["Status"], "CANCELLED")
    moved = newest(emulator, dead_arn)["ApproximateNumberOfMessagesMoved"]
    assert 0 < moved < 100
    assert held(emulator, dead_url) == 100 - moved
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_a_message_of_unknown_origin_fails_the_task_and_stays(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    _, _, dead_url, dead_arn = dead_letters(emulator, 0)
    sqs.send_message(QueueUrl=dead_url, MessageBody="sent here by somebody")
    sqs.start_message_move_task(SourceArn=dead_arn)
    eventually(lambda: newest(emulator, dead_arn)["Status"], "FAILED")
    assert newest(emulator, dead_arn)["FailureReason"] == "CouldNotDetermineMessageSource"
    assert "Messages" in sqs.receive_message(QueueUrl=dead_url)


def test_what_is_refused(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    _, arn, _, dead_arn = dead_letters(emulator, 1)
    fifo = sqs.create_queue(QueueName="refused.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    fifo_arn = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for request, why in (
        ({"SourceArn": arn}, "must be configured as a Dead Letter Queue"),
        ({"SourceArn": f"{dead_arn}-not"}, "SourceArn parameter doesn't exist"),
        ({"SourceArn": dead_arn, "DestinationArn": f"{arn}-not"}, "DestinationArn parameter doesn't exist"),
        ({"SourceArn": dead_arn, "DestinationArn": fifo_arn}, "must be of the same queue type"),
        ({"SourceArn": dead_arn, "MaxNumberOfMessagesPerSecond": 501}, "between 1 and 500"),
        ({"SourceArn": dead_arn, "MaxNumberOfMessagesPerSecond": 0}, "between 1 and 500"),
    ):
        with pytest.raises(ClientError, match=why):
            sqs.start_message_move_task(**request)
    assert sqs.list_message_move_tasks(SourceArn=dead_arn).get("Results", []) == []


def test_the_queues_that_have_a_dead_letter_queue_are_listed(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    url, _, dead_url, dead_arn = dead_letters(emulator, 0)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "5"})
    _, second, _ = emulator.queue(RedrivePolicy=policy)
    assert sorted(sqs.list_dead_letter_source_queues(QueueUrl=dead_url)["queueUrls"]) == sorted([url, second])
    page = sqs.list_dead_letter_source_queues(QueueUrl=dead_url, MaxResults=1)
    rest = sqs.list_dead_letter_source_queues(QueueUrl=dead_url, MaxResults=1, NextToken=page["NextToken"])
    assert sorted(page["queueUrls"] + rest["queueUrls"]) == sorted([url, second])
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []


def test_fifo_queues_are_emptied_in_the_order_of_each_group(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    made: list[tuple[str, str]] = []
    for name, more in (("moved-dead.fifo", {}), ("moved.fifo", {"VisibilityTimeout": "0"})):
        if made:
            more["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": made[0][1], "maxReceiveCount": "1"})
        url = sqs.create_queue(QueueName=name, Attributes={**fifo, **more})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        made.append((url, arn))
    (dead_url, dead_arn), (url, _) = made
    for number in range(25):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="a" if number % 5 else "b")
    while "Messages" in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10):
        pass
    assert held(emulator, dead_url) == 25
    sqs.start_message_move_task(SourceArn=dead_arn)
    eventually(lambda: newest(emulator, dead_arn)["Status"], "COMPLETED")
    assert newest(emulator, dead_arn)["ApproximateNumberOfMessagesMoved"] == 25
    assert held(emulator, dead_url) == 0
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    came: dict[str, list[int]] = {"a": [], "b": []}
    while got := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60, MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        for message in got:
            came[message["Attributes"]["MessageGroupId"]].append(int(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert came == {"a": [n for n in range(25) if n % 5], "b": [n for n in range(25) if not n % 5]}
