"""Asynchronous invocations: retries, destinations, dead letters, and the role that writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.lambda_host import Reply
from tests.ops.twin.emulator.conftest import Emulator, eventually, received


def may_send_to(*arns: str) -> str:
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage", "events:PutEvents"], "Resource": list(arns)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def send(emulator: Emulator, name: str, event: Any) -> str:
    """The request id that the caller is told."""
    answer = emulator.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode()
    )
    return str(answer["ResponseMetadata"]["RequestId"])


def receive(emulator: Emulator, url: str) -> dict[str, Any]:
    return received(emulator, url, MessageAttributeNames=["All"])


def metric(emulator: Emulator, name: str, metric_name: str) -> float | None:
    return emulator.statistic("AWS/Lambda", metric_name, "Sum", FunctionName=name)


def test_a_success_goes_to_its_destination(emulator: Emulator) -> None:
    _, url, arn = emulator.queue()
    name = emulator.function(lambda _: Reply({"well": "done"}), policy=may_send_to(arn))
    emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    send(emulator, name, {"n": 1})
    record = json.loads(receive(emulator, url)["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"n": 1}
    assert record["responsePayload"] == {"well": "done"}
    assert "functionError" not in record["responseContext"]
    eventually(lambda: metric(emulator, name, "AsyncEventsReceived"), 1.0)


def test_a_failure_is_tried_three_times_under_one_request_id(emulator: Emulator) -> None:
    _, records, records_arn = emulator.queue()
    _, messages, letters_arn = emulator.queue()
    name = emulator.function(
        lambda _: Reply({"errorType": "E", "errorMessage": "no luck"}, error="Unhandled"),
        policy=may_send_to(records_arn, letters_arn),
        DeadLetterConfig={"TargetArn": letters_arn},
    )
    emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": records_arn}}
    )
    told = send(emulator, name, {"n": 2})
    record = json.loads(receive(emulator, records)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "no luck"
    message = receive(emulator, messages)
    assert json.loads(message["Body"]) == {"n": 2}, "a dead letter is the bare event"
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    calls = [headers for called, _, headers in emulator.host.calls if called == name]
    assert len(calls) == 3
    assert {headers["X-Amzn-Lambda-Request-Id"] for headers in calls} == {attributes["RequestID"]}
    assert attributes["RequestID"] == record["requestContext"]["requestId"] == told
    assert attributes["ErrorMessage"] == "no luck"
    eventually(lambda: metric(emulator, name, "AsyncEventsDropped"), 1.0)
    assert metric(emulator, name, "Errors") == 3.0


def test_a_role_without_permission_loses_the_record_and_the_metric_tells(emulator: Emulator) -> None:
    _, _, arn = emulator.queue()
    name = emulator.function(lambda _: Reply("ok"))
    emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    send(emulator, name, {})
    eventually(lambda: metric(emulator, name, "DestinationDeliveryFailures"), 1.0)


def test_a_function_switched_off_gives_up_at_once(emulator: Emulator) -> None:
    _, url, arn = emulator.queue()
    name = emulator.function(lambda _: Reply("ok"), policy=may_send_to(arn))
    client = emulator.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}})
    send(emulator, name, {})
    record = json.loads(receive(emulator, url)["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert not [called for called, _, _ in emulator.host.calls if called == name]


@pytest.mark.parametrize(("good", "detail"), [(True, "Success"), (False, "Failure")])
def test_a_bus_gets_an_event(emulator: Emulator, good: bool, detail: str) -> None:
    _, url, queue_arn = emulator.queue()
    events = emulator.client("events")
    bus = f"bus-{detail}"
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    events.put_rule(Name=bus, EventBusName=bus, EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule=bus, EventBusName=bus, Targets=[{"Id": "q", "Arn": queue_arn}])
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow | {"Resource": queue_arn}]})
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    name = emulator.function(
        lambda _: Reply("ok") if good else Reply({"errorType": "E"}, error="Unhandled"), policy=may_send_to(bus_arn)
    )
    emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={f"On{detail}": {"Destination": bus_arn}},
    )
    send(emulator, name, {})
    event = json.loads(receive(emulator, url)["Body"])
    assert event["detail-type"] == f"Lambda Function Invocation Result - {detail}"
