"""Which workload a person means by what they say, by their environment, or by the twin that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import UsageError
from ops.target import resolve
from ops.twin import state
from ops.twin.state import TwinState


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwinState]:
    """A twin that counts as running: its processes (this one) are alive."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    twin = TwinState(
        endpoint="http://127.0.0.1:4566",
        host_url="http://127.0.0.1:4567",
        region="us-east-1",
        account_id="000000000000",
        access_key_id="key",
        secret_access_key="secret",
        stack="scilearn",
        period=10,
        started_at="2026-11-23T19:00:00+00:00",
        pids={"emulator": os.getpid()},
    )
    state.write(twin)
    yield twin
    state.clear()


def test_nothing_chosen() -> None:
    with pytest.raises(UsageError, match="No workload is chosen") as caught:
        resolve(environ={})
    assert "--stack" in caught.value.next_step
    assert "ops twin up" in caught.value.next_step


def test_the_running_twin_is_the_default(running: TwinState) -> None:
    target = resolve(environ={})
    assert target.is_twin
    assert (target.stack, target.endpoint, target.finest_period) == ("scilearn", running.endpoint, 10)


def test_a_queue_or_function_of_the_twin(running: TwinState) -> None:
    assert resolve(queue="other", environ={}).queue == "other"
    assert resolve(queue="other", environ={}).stack is None
    target = resolve(function="worker", environ={})
    assert target.is_twin
    assert (target.function, target.stack) == ("worker", None)


def test_another_stack_or_a_profile_means_aws(running: TwinState) -> None:
    assert not resolve(stack="shop", environ={}).is_twin
    assert not resolve(stack="scilearn", profile="work", environ={}).is_twin
    assert not resolve(environ={"OPS_STACK": "scilearn", "AWS_PROFILE": "work"}).is_twin
    assert not resolve(stack="scilearn", environ={"OPS_TARGET": "aws"}).is_twin


def test_the_environment_names_what_the_command_does_not(running: TwinState) -> None:
    environ = {"OPS_STACK": "shop", "OPS_TARGET": "aws"}
    assert resolve(environ=environ).stack == "shop"
    named = resolve(queue="jobs", environ=environ)
    assert (named.queue, named.stack) == ("jobs", None), "what is named goes before the environment"
    assert resolve(environ={"OPS_FUNCTION": "worker", "OPS_TARGET": "aws"}).function == "worker"


def test_insisting_on_the_twin(running: TwinState) -> None:
    assert resolve(environ={"OPS_TARGET": "twin", "AWS_PROFILE": "work"}).is_twin
    state.clear()
    with pytest.raises(UsageError, match="twin is not running"):
        resolve(environ={"OPS_TARGET": "twin"})
    with pytest.raises(UsageError, match="OPS_TARGET=moon"):
        resolve(environ={"OPS_TARGET": "moon"})
