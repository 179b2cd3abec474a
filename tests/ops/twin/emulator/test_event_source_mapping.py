"""What a mapping does with a batch: delete, keep, try again, give up; and what it reports."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from ops.twin.emulator.lambda_.event_source_mapping import as_described, failures
from tests.fakes.lambda_host import Function, Reply
from tests.ops.twin.emulator.conftest import Emulator, eventually


def left(emulator: Emulator, url: str) -> tuple[int, int]:
    """Messages visible and in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def mapped(emulator: Emulator, code: Function, bodies: list[str], **settings: Any) -> tuple[str, str, str]:
    """A queue with messages, mapped to a function: the function's name, the queue's URL, the mapping's UUID."""
    _, url, arn = emulator.queue(VisibilityTimeout=settings.pop("visibility", "600"))
    name = emulator.function(code)
    for body in bodies:
        emulator.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    mapping = emulator.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, FunctionResponseTypes=["ReportBatchItemFailures"], **settings
    )
    return name, url, mapping["UUID"]


def esm_metric(emulator: Emulator, uuid: str, metric: str) -> float | None:
    return emulator.statistic("AWS/Lambda", metric, "Sum", EventSourceMappingUUID=uuid)


def unmap(emulator: Emulator, uuid: str) -> None:
    emulator.client("lambda").delete_event_source_mapping(UUID=uuid)


def test_a_partial_response_keeps_only_the_named_messages(emulator: Emulator) -> None:
    def code(event: Any) -> Reply:
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return Reply({"batchItemFailures": [{"itemIdentifier": each} for each in bad]})

    name, url, uuid = mapped(emulator, code, ["good", "bad", "good"])
    eventually(lambda: left(emulator, url), (0, 1))
    eventually(lambda: esm_metric(emulator, uuid, "DeletedEventCount"), 2.0)
    assert esm_metric(emulator, uuid, "PolledEventCount") == 3.0
    assert esm_metric(emulator, uuid, "InvokedEventCount") == 3.0
    assert esm_metric(emulator, uuid, "FailedInvokeEventCount") == 1.0
    assert (emulator.statistic("AWS/Lambda", "Invocations", "Sum", FunctionName=name) or 0) >= 1
    unmap(emulator, uuid)


def test_a_function_error_leaves_the_whole_batch_to_the_visibility_timeout(emulator: Emulator) -> None:
    name, url, uuid = mapped(emulator, lambda _: Reply({"errorType": "X"}, error="Unhandled"), ["a", "b"])
    eventually(lambda: left(emulator, url), (0, 2))
    eventually(lambda: emulator.statistic("AWS/Lambda", "Errors", "Sum", FunctionName=name) or 0.0, 1.0)
    unmap(emulator, uuid)


def test_a_malformed_response_fails_the_whole_batch(emulator: Emulator) -> None:
    _, url, uuid = mapped(emulator, lambda _: Reply({"batchItemFailures": [{"id": "x"}]}), ["a", "b"])
    eventually(lambda: left(emulator, url), (0, 2))
    unmap(emulator, uuid)


def test_a_throttled_batch_is_tried_again(emulator: Emulator) -> None:
    name, url, uuid = mapped(emulator, lambda _: Reply({}), [])
    client = emulator.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    emulator.client("sqs").send_message(QueueUrl=url, MessageBody="wait")
    eventually(lambda: (emulator.statistic("AWS/Lambda", "Throttles", "Sum", FunctionName=name) or 0) >= 1)
    client.delete_function_concurrency(FunctionName=name)
    eventually(lambda: left(emulator, url), (0, 0))
    event = next(event for called, event, _ in reversed(emulator.host.calls) if called == name)
    assert event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1", "it was received only once"
    unmap(emulator, uuid)


def test_filtered_messages_are_counted_and_deleted(emulator: Emulator) -> None:
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    bodies = [json.dumps({"kind": kind}) for kind in ("wanted", "other")]
    _, url, uuid = mapped(emulator, lambda _: Reply({}), bodies, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    eventually(lambda: left(emulator, url), (0, 0))
    eventually(lambda: esm_metric(emulator, uuid, "FilteredOutEventCount"), 1.0)
    unmap(emulator, uuid)


def test_a_batching_window_waits_for_a_full_batch(emulator: Emulator) -> None:
    sizes: list[int] = []

    def code(event: Any) -> Reply:
        sizes.append(len(event["Records"]))
        return Reply({})

    _, url, uuid = mapped(emulator, code, [], BatchSize=12, MaximumBatchingWindowInSeconds=300)
    for n in range(12):
        emulator.client("sqs").send_message(QueueUrl=url, MessageBody=str(n))
    eventually(lambda: left(emulator, url), (0, 0))
    assert sizes == [12], "one batch of more than ten, long before the window ends"
    unmap(emulator, uuid)
    _, url, uuid = mapped(emulator, code, ["alone"], BatchSize=12, MaximumBatchingWindowInSeconds=1)
    eventually(lambda: left(emulator, url), (0, 0))
    assert sizes == [12, 1], "what there is when the window ends"
    unmap(emulator, uuid)


@pytest.mark.parametrize(
    ("response", "named"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, None),
        ({"batchItemFailures": [{"messageId": "a"}]}, None),
        ({"batchItemFailures": "a"}, None),
        ("not json", None),
        (["a"], None),
    ],
)
def test_responses_mean_what_the_guide_says(response: Any, named: set[str] | None) -> None:
    assert failures(response) == named


def test_a_mapping_says_which_metrics_it_publishes(emulator: Emulator) -> None:
    _, _, uuid = mapped(emulator, lambda _: Reply({}), [], ScalingConfig={"MaximumConcurrency": 7})
    found = emulator.client("lambda").get_event_source_mapping(UUID=uuid)
    assert found["MetricsConfig"] == {"Metrics": ["EventCount"]}
    assert found["ScalingConfig"] == {"MaximumConcurrency": 7}
    unmap(emulator, uuid)


def test_numbers_from_a_template_are_numbers() -> None:
    answer = as_described({"EventSourceArn": "arn:aws:sqs:r:1:q", "ScalingConfig": {"MaximumConcurrency": "12"}})
    assert answer["ScalingConfig"] == {"MaximumConcurrency": 12}


def test_a_mapping_ramps_and_stays_below_its_maximum(emulator: Emulator) -> None:
    """With plenty to do it starts with five at once, adds five a second, and stops at MaximumConcurrency."""
    running, seen, lock = 0, [0], threading.Lock()
    sixth: list[float] = []
    release = threading.Event()

    def code(_: Any) -> Reply:
        nonlocal running
        with lock:
            running += 1
            seen.append(running)
            if running == 6:
                sixth.append(time.monotonic())
        release.wait(300)
        with lock:
            running -= 1
        return Reply({})

    name, url, uuid = mapped(emulator, code, [], BatchSize=1, ScalingConfig={"MaximumConcurrency": 7})
    before = time.monotonic()
    for first in (0, 6):
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(first, first + 6)]
        emulator.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: max(seen), 7)
    assert sixth[0] - before >= 0.2, "more than five only after a fifth of a second"
    release.set()
    eventually(lambda: left(emulator, url), (0, 0))
    assert max(seen) == 7
    eventually(lambda: emulator.statistic("AWS/Lambda", "ConcurrentExecutions", "Maximum", FunctionName=name), 7.0)
    unmap(emulator, uuid)
