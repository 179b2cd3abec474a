"""Calls to a twin that is no longer there, or that refuses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handler import contract
from ops.cli.app import run
from ops.errors import AwsError, TwinUnreachable
from ops.twin import clients, deploy, state_file
from ops.twin.processes import free_port
from ops.twin.workload import model
from ops.twin_state import TwinState
from tests.twins import Twin

GONE = TwinState(
    endpoint="",
    host_url="http://127.0.0.1:1",
    region="us-east-1",
    account_id="000000000000",
    access_key_id="AKIA",
    secret_access_key="secret",
    stack="scilearn",
    period=10,
    started_at="2026-11-20T10:00:00+00:00",
)


@pytest.mark.parametrize(
    "call",
    [
        lambda twin: clients.client(twin, "sqs").list_queues(),
        lambda twin: list(clients.client(twin, "s3").get_paginator("list_objects_v2").paginate(Bucket="results")),
        deploy.outputs,
        lambda twin: model.ensure(twin, lambda _line: None),
    ],
)
def test_each_call_says_that_it_does_not_answer(call: Any) -> None:
    twin = replace(GONE, endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TwinUnreachable, match=f"The twin at {twin.endpoint} does not answer") as raised:
        call(twin)
    assert "ops twin up" in raised.value.next_step


@pytest.mark.twin
def test_a_refusal_says_what_was_refused_and_where(twin: Twin) -> None:
    s3 = twin.client("s3")
    with pytest.raises(AwsError) as raised:
        s3.put_object(Bucket="no-such-results", Key="a", Body=b"")
    assert str(raised.value) == (
        f"The twin at {twin.state.endpoint} refused PutObject: NoSuchBucket: The specified bucket does not exist "
        "(no-such-results)."
    )
    assert raised.value.next_step.startswith("If the twin was restarted, what was in it is gone")
    assert raised.value.code == "NoSuchBucket"


@pytest.mark.twin
def test_a_refusal_is_botocore_s_error_too(twin: Twin) -> None:
    s3, sqs = twin.client("s3"), twin.client("sqs")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-results")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="no-such-queue")
    with pytest.raises(ClientError) as raised:
        s3.head_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key="nothing")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.twin
def test_a_command_on_a_twin_without_its_stack_says_so(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after its restart by another start in the same place."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path / "twin"))
    state_file.write(replace(twin.state, stack="no-such-stack"))
    assert run(["twin", "traffic", "--count", "1"]) == 3
    said = capsys.readouterr().err
    assert "refused DescribeStacks: ValidationError: Stack with id no-such-stack does not exist" in said
    assert "run the command again" in said
