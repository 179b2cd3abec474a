"""AWS/SQS metrics, dead letters and concurrent use, through the public API."""

from __future__ import annotations

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from ops.twin.emulator.sqs.message_list import Messages
from tests.ops.twin.emulator.conftest import Emulator, eventually


def sqs_metric(emulator: Emulator, name: str, metric: str, statistic: str = "Sum") -> float | None:
    return emulator.statistic("AWS/SQS", metric, statistic, QueueName=name)


def test_traffic_and_state_are_metered_by_queue(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    name, url, _ = emulator.queue()
    other, _, _ = emulator.queue()
    sqs.send_message(QueueUrl=url, MessageBody="four")
    sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "MessageBody": "ä"} for n in range(3)]
        + [{"Id": "later", "MessageBody": "x", "DelaySeconds": 600}],
    )
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"])
    eventually(lambda: sqs_metric(emulator, name, "NumberOfMessagesDeleted"), 1.0)
    assert sqs_metric(emulator, name, "NumberOfMessagesSent") == 5.0
    assert sqs_metric(emulator, name, "NumberOfMessagesReceived") == 2.0
    assert sqs_metric(emulator, name, "SentMessageSize") == 4 + 3 * 2 + 1
    assert sqs_metric(emulator, name, "SentMessageSize", "SampleCount") == 5.0
    states = ("Visible", "NotVisible", "Delayed")
    eventually(
        lambda: [emulator.latest("AWS/SQS", f"ApproximateNumberOfMessages{state}", QueueName=name) for state in states],
        [2.0, 1.0, 1.0],
    )
    assert sqs_metric(emulator, other, "NumberOfMessagesSent") == 0.0


def test_empty_receives_are_counted_once_a_call(emulator: Emulator) -> None:
    name, url, _ = emulator.queue()
    emulator.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1)
    emulator.client("sqs").receive_message(QueueUrl=url)
    eventually(lambda: sqs_metric(emulator, name, "NumberOfEmptyReceives"), 2.0)


def test_a_dead_letter_move_is_not_counted_as_sent(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    dead, dead_url, dead_arn = emulator.queue()
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "2"})
    _, url, arn = emulator.queue(VisibilityTimeout="0", RedrivePolicy=policy)
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")["MessageId"]
    for _ in range(2):
        assert "Messages" in sqs.receive_message(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    eventually(lambda: sqs_metric(emulator, dead, "ApproximateNumberOfMessagesVisible", "Maximum"), 1.0)
    assert sqs_metric(emulator, dead, "NumberOfMessagesSent") == 0.0
    letter = sqs.receive_message(QueueUrl=dead_url, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert letter["MessageId"] == sent
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3", "receives count across the move"


def test_the_age_of_the_oldest_leaves_out_poison_messages(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    name, url, _ = emulator.queue(VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    time.sleep(1.1)
    eventually(lambda: (sqs_metric(emulator, name, "ApproximateAgeOfOldestMessage", "Maximum") or 0) >= 1)
    sqs.send_message(QueueUrl=url, MessageBody="fresh")
    for _ in range(3):
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "poison"
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "fresh", "the poison message goes to the back"


def test_deleting_again_or_with_an_old_handle_succeeds(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    _, url, _ = emulator.queue(VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    old = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    new = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=old)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "1", "only the newest handle deletes"
    batch = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": new}])
    assert batch["Successful"] == [{"Id": "a"}]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=new)
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")


def test_nothing_is_lost_when_many_send_receive_and_delete_at_once(emulator: Emulator) -> None:
    name, url, _ = emulator.queue(VisibilityTimeout="600")
    total, seen, lock = 300, set[str](), threading.Lock()
    sending = threading.Event()

    def send(part: int) -> None:
        sqs = emulator.client("sqs")
        for start in range(part * 100, part * 100 + 100, 10):
            entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def receive() -> None:
        sqs = emulator.client("sqs")
        deadline = time.monotonic() + 300
        while len(seen) < total and time.monotonic() < deadline:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if messages:
                entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
                sqs.delete_message_batch(QueueUrl=url, Entries=entries)
                with lock:
                    seen.update(message["Body"] for message in messages)
            elif sending.is_set():
                time.sleep(0.05)

    workers = [threading.Thread(target=send, args=(part,)) for part in range(3)]
    workers += [threading.Thread(target=receive) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(seen) == total
    eventually(lambda: sqs_metric(emulator, name, "NumberOfMessagesDeleted"), float(total))


def test_fifo_keeps_its_order(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    name = "ordered.fifo"
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})[
        "QueueUrl"
    ]
    for body in ("1", "2", "3"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    got = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
        got.append(messages[0]["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    assert got == ["1", "2", "3"]
    eventually(lambda: sqs_metric(emulator, name, "NumberOfMessagesDeleted"), 3.0)


def test_a_mapping_that_finds_nothing_is_counted_like_long_polls() -> None:
    """It asks every second here; five pollers that wait 20 s each come back empty every 4 s."""
    messages = Messages()
    for _ in range(10):
        messages.count_idle_poll(4.0)
    assert messages.take_traffic().empty_receives == 1
    messages.count_idle_poll(0.0)
    assert messages.take_traffic().empty_receives == 1


def test_a_thread_that_deletes_never_loses_what_another_sends() -> None:
    """The same list, changed in place: with MiniStack's copies, sends during a deletion were lost."""
    messages = Messages()
    for number in range(2_000):
        messages.append({"id": number, "body": "x"})
        messages.hand_out(messages[-1], str(number), 0.0, 0.0)

    def delete() -> None:
        for number in range(2_000):
            assert messages.delete(str(number))

    deleting = threading.Thread(target=delete)
    deleting.start()
    for number in range(2_000, 4_000):
        messages.append({"id": number, "body": "x"})
    deleting.join()
    assert [message["id"] for message in messages] == list(range(2_000, 4_000))
    traffic = messages.take_traffic()
    assert (traffic.sent, traffic.deleted) == (4_000, 2_000)


def test_a_batch_keeps_the_trace_header_of_each_message(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    _, url, _ = emulator.queue()
    header = "Root=1-5759e988-bd862e3fe1be46a994272793"
    traced = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    attributes = {"Big": {"DataType": "Binary", "BinaryValue": b"x" * 700_000}}
    sent = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "MessageBody": "traced", "MessageSystemAttributes": traced},
            {"Id": "b", "MessageBody": "plain"},
            {"Id": "c", "MessageBody": ""},
        ],
    )
    assert [entry["Id"] for entry in sent["Successful"]] == ["a", "b"]
    assert [entry["Id"] for entry in sent["Failed"]] == ["c"]
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])["Messages"]
    assert {each["Body"]: each["Attributes"].get("AWSTraceHeader") for each in got} == {"traced": header, "plain": None}
    with pytest.raises(ClientError, match="BatchRequestTooLong"):
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": n, "MessageBody": "x", "MessageAttributes": attributes} for n in "ab"]
        )


def test_a_messages_size_counts_its_attributes(emulator: Emulator) -> None:
    """In a single call and in a batch, of which only the entry that is too large fails."""
    sqs = emulator.client("sqs")
    _, url, _ = emulator.queue(MaximumMessageSize="1024")
    tenant = {"Tenant": {"DataType": "String", "StringValue": "research"}}
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1_004, MessageAttributes=tenant)
    with pytest.raises(ClientError, match="Message must be shorter than 1024 bytes"):
        sqs.send_message(QueueUrl=url, MessageBody="x" * 1_005, MessageAttributes=tenant)
    entries = [{"Id": str(more), "MessageBody": "x" * (1_004 + more), "MessageAttributes": tenant} for more in range(2)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["0"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["1"]
