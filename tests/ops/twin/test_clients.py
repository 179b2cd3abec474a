"""Calls to a twin that is no longer there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.errors import TwinUnreachable
from ops.twin import clients, deploy
from ops.twin.processes import free_port
from ops.twin.workload import model
from ops.twin_state import TwinState

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
