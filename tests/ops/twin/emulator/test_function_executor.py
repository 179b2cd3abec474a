"""Image functions go to the Lambda host; what comes back means the same as on AWS."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.lambda_host import Reply
from tests.ops.twin.emulator.conftest import ACCOUNT, Emulator, eventually


def invoke(emulator: Emulator, name: str, event: Any = None, **more: Any) -> tuple[Any, dict[str, Any]]:
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), **more)
    return json.loads(answer["Payload"].read()), answer


def test_the_payload_comes_back(emulator: Emulator) -> None:
    name = emulator.function(lambda event: Reply({"got": event}))
    body, answer = invoke(emulator, name, {"x": "ä", "n": 1.0})
    assert body == {"got": {"x": "ä", "n": 1.0}}
    assert "FunctionError" not in answer


@pytest.mark.parametrize("kind", ["Runtime.OutOfMemory", "Sandbox.Timedout", "ValueError"])
def test_a_function_error_keeps_its_type(emulator: Emulator, kind: str) -> None:
    name = emulator.function(lambda _: Reply({"errorType": kind, "errorMessage": "why"}, error="Unhandled"))
    body, answer = invoke(emulator, name)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert body == {"errorType": kind, "errorMessage": "why"}


def test_the_host_is_told_again_when_the_configuration_changes(emulator: Emulator) -> None:
    name = emulator.function(lambda _: Reply("ok"))
    invoke(emulator, name)
    first = emulator.host.reported[name]["revision"]
    refused = emulator.host.refused
    invoke(emulator, name)
    assert emulator.host.refused == refused, "the same revision must not be described twice"
    emulator.client("lambda").update_function_configuration(
        FunctionName=name, MemorySize=512, Environment={"Variables": {"A": "1"}}
    )
    invoke(emulator, name)
    told = emulator.host.reported[name]
    assert told["revision"] != first
    assert told["configuration"]["MemorySize"] == 512
    assert told["configuration"]["Environment"]["Variables"] == {"A": "1"}


def test_an_alias_runs_its_version_in_environments_of_its_own(emulator: Emulator) -> None:
    name = emulator.function(lambda _: Reply("latest"))
    client = emulator.client("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    emulator.host.functions[f"{name}:{version}"] = lambda _: Reply("published")
    body, _ = invoke(emulator, name, Qualifier="live")
    assert body == "published"
    assert emulator.host.calls[-1][2]["X-Amzn-Lambda-Function-Arn"].endswith(f":{name}:live")


def test_the_function_acts_as_its_role_and_iam_holds_it_to_that(emulator: Emulator) -> None:
    _, allowed, arn = emulator.queue()
    _, denied, _ = emulator.queue()
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}],
    }
    name = emulator.function(lambda _: Reply("ok"), policy=json.dumps(policy))
    invoke(emulator, name)
    minted = emulator.host.reported[name]["credentials"]
    keys = (minted["AccessKeyId"], minted["SecretAccessKey"], minted["SessionToken"])
    identity = emulator.client("sts", keys).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{name}"
    emulator.client("sqs", keys).send_message(QueueUrl=allowed, MessageBody="yes")
    with pytest.raises(ClientError, match="AccessDenied"):
        emulator.client("sqs", keys).send_message(QueueUrl=denied, MessageBody="no")
    with pytest.raises(ClientError, match="AccessDenied"):
        emulator.client("sqs", keys).receive_message(QueueUrl=allowed)


def test_reserved_concurrency_throttles_and_is_no_invocation(emulator: Emulator) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(_: Any) -> Reply:
        started.set()
        release.wait(60)
        return Reply("done")

    name = emulator.function(slow)
    emulator.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    first = threading.Thread(target=invoke, args=(emulator, name))
    first.start()
    try:
        assert started.wait(60)
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            invoke(emulator, name)
    finally:
        release.set()
        first.join()
    eventually(lambda: emulator.statistic("AWS/Lambda", "Throttles", "Sum", FunctionName=name), 1.0)
    eventually(lambda: emulator.statistic("AWS/Lambda", "Invocations", "Sum", FunctionName=name), 1.0)
    assert emulator.statistic("AWS/Lambda", "Errors", "Sum", FunctionName=name) == 0.0
    assert emulator.statistic("AWS/Lambda", "ConcurrentExecutions", "Maximum", FunctionName=name) == 1.0


def test_the_emulator_writes_no_log_lines_of_its_own_for_hosted_functions(emulator: Emulator) -> None:
    name = emulator.function(lambda _: Reply("ok"))
    invoke(emulator, name)
    groups = emulator.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []


def test_durations_and_errors_are_measured_without_init(emulator: Emulator) -> None:
    replies = iter([Reply("ok", duration_ms=10.0), Reply({"errorType": "E"}, error="Unhandled", duration_ms=30.0)])
    name = emulator.function(lambda _: next(replies))
    invoke(emulator, name)
    invoke(emulator, name)
    eventually(lambda: emulator.statistic("AWS/Lambda", "Invocations", "Sum", FunctionName=name), 2.0)
    assert emulator.statistic("AWS/Lambda", "Errors", "Sum", FunctionName=name) == 1.0
    assert emulator.statistic("AWS/Lambda", "Duration", "Sum", FunctionName=name) == 40.0
    assert emulator.statistic("AWS/Lambda", "Duration", "Maximum", FunctionName=name) == 30.0


def test_an_account_metric_has_no_dimension(emulator: Emulator) -> None:
    name = emulator.function(lambda _: Reply("ok"))
    emulator.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
    other = emulator.function(lambda _: Reply("ok"))
    invoke(emulator, other)
    eventually(lambda: (emulator.statistic("AWS/Lambda", "ClaimedAccountConcurrency", "Maximum") or 0) >= 8)
    emulator.client("lambda").delete_function_concurrency(FunctionName=name)


def test_an_unreachable_host_is_a_service_error(emulator: Emulator) -> None:
    name = emulator.function(lambda _: None)
    body, answer = invoke(emulator, name)
    assert answer["FunctionError"] == "Unhandled"
    assert body["errorType"] == "ServiceException"
    assert emulator.statistic("AWS/Lambda", "Invocations", "Sum", FunctionName=name) is None


def test_batch_calls_of_sqs_need_the_permission_of_the_single_call(emulator: Emulator) -> None:
    _, url, arn = emulator.queue()
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:DeleteMessage"], "Resource": arn}
    name = emulator.function(
        lambda _: Reply("ok"), policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    invoke(emulator, name)
    minted = emulator.host.reported[name]["credentials"]
    sqs = emulator.client("sqs", (minted["AccessKeyId"], minted["SecretAccessKey"], minted["SessionToken"]))
    assert sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x"}])["Successful"]
    handle = emulator.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    assert sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handle}])["Successful"]
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0}]
        )
