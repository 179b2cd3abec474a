"""Which workload a person means by what they say, by their environment, or by the twin that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops.errors import TwinError, UsageError
from ops.target import Target, ensure_whole, resolve, resolve_place, workload_names
from ops.twin import state_file
from ops.twin_state import TwinState


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
    state_file.write(twin)
    yield twin
    state_file.clear()


def test_nothing_chosen() -> None:
    with pytest.raises(UsageError, match="No workload is chosen") as caught:
        resolve(environ={})
    assert "--stack" in caught.value.next_step
    assert "ops twin up" in caught.value.next_step


def test_the_running_twin_is_the_default(running: TwinState) -> None:
    target = resolve(environ={})
    assert target.is_twin
    assert (target.stack, target.endpoint, target.finest_period) == ("scilearn", running.endpoint, 10)


OF_TWIN, OF_AWS = "arn:aws:sqs:us-east-1:000000000000:jobs", "arn:aws:sqs:eu-west-1:111122223333:jobs"


def test_a_queue_arn_of_another_account_is_not_the_twins(running: TwinState) -> None:
    assert resolve(queue=OF_TWIN, environ={}).is_twin
    target = resolve(queue=OF_AWS, environ={})
    assert (target.is_twin, target.queue) == (False, OF_AWS)
    assert "Using AWS" in target.why_aws


def test_a_place_needs_no_workload(running: TwinState) -> None:
    place = resolve_place(profile="work", region="eu-west-1", environ={})
    assert (place.is_twin, place.stack, place.profile, place.region) == (False, None, "work", "eu-west-1")
    assert resolve_place(environ={}).is_twin
    with pytest.raises(UsageError, match="OPS_TARGET"):
        resolve_place(environ={"OPS_TARGET": "elsewhere"})


@pytest.mark.parametrize("alone", [True, False])
def test_a_workload_is_named_so_that_the_name_leads_there_beside_a_twin(running: TwinState, alone: bool) -> None:
    def named(place: Target, stack: str | None, arn: str) -> tuple[str | None, str | None]:
        return workload_names(place, stack, arn, alone, environ={})

    twin, aws, profile = resolve(environ={}), Target(region="eu-west-1"), Target(profile="work", region="eu-west-1")
    queue = None if alone else "jobs"
    assert named(twin, "scilearn", OF_TWIN) == ("scilearn", queue)
    assert named(twin, "another", OF_TWIN) == (None, "jobs"), "--stack another would be AWS"
    assert named(twin, None, OF_TWIN) == (None, "jobs")
    assert named(aws, "shop", OF_AWS) == ("shop", queue)
    assert named(aws, "scilearn", OF_AWS) == (None, OF_AWS), "--stack scilearn would be the twin"
    assert named(aws, None, OF_AWS) == (None, OF_AWS), "--queue jobs would be the twin"
    assert named(profile, "scilearn", OF_AWS) == ("scilearn", queue), "the profile selects AWS"


def test_a_workload_is_named_by_its_queue_without_a_twin() -> None:
    assert workload_names(Target(), None, OF_AWS, False, environ={}) == (None, "jobs")


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
    state_file.clear()
    with pytest.raises(UsageError, match="twin is not running"):
        resolve(environ={"OPS_TARGET": "twin"})
    with pytest.raises(UsageError, match="OPS_TARGET=moon"):
        resolve(environ={"OPS_TARGET": "moon"})


def without_its_host(twin: TwinState) -> TwinState:
    """``twin`` after its host has died."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lost = replace(twin, pids={**twin.pids, "host": ended.pid})
    state_file.write(lost)
    return lost


def test_a_twin_that_lost_a_process_is_named_as_such(running: TwinState) -> None:
    before = resolve(environ={})
    ensure_whole(before)
    pid = without_its_host(running).pids["host"]
    for environ in ({}, {"OPS_TARGET": "twin"}):
        with pytest.raises(TwinError, match=rf"not whole: its host \(process {pid}\) is gone") as caught:
            resolve(environ=environ)
        assert "ops twin up" in caught.value.next_step
    with pytest.raises(TwinError, match="not whole"):
        ensure_whole(before)


def test_a_twin_that_lost_a_process_does_not_stand_before_aws(running: TwinState) -> None:
    without_its_host(running)
    shop = resolve(stack="shop", environ={})
    assert (shop.is_twin, shop.why_aws) == (False, "")
    ensure_whole(shop)
    assert not resolve(stack="scilearn", profile="work", environ={}).is_twin


@pytest.mark.parametrize(
    ("profile", "environ", "culprit"),
    [
        ("nope", {}, "--profile nope"),
        (None, {"AWS_PROFILE": "nope"}, "AWS_PROFILE=nope"),
        (None, {"OPS_TARGET": "aws", "AWS_PROFILE": "nope"}, "OPS_TARGET=aws"),
    ],
)
def test_what_points_at_aws_while_a_twin_runs_is_named(
    running: TwinState, profile: str | None, environ: dict[str, str], culprit: str
) -> None:
    with pytest.raises(UsageError, match=f"^{culprit} selects AWS") as caught:
        resolve(profile=profile, environ=environ)
    assert "a twin is running" in str(caught.value)
    assert "--stack" in caught.value.next_step
    assert "OPS_TARGET=twin" in caught.value.next_step


def test_another_region_than_the_twins_is_refused_when_named(running: TwinState) -> None:
    with pytest.raises(UsageError, match="in region us-east-1, not eu-west-1") as caught:
        resolve(region="eu-west-1", environ={})
    assert "OPS_TARGET=aws" in caught.value.next_step
    assert resolve(region="us-east-1", environ={}).is_twin
    assert resolve(environ={"AWS_REGION": "eu-west-1"}).region == "us-east-1", "a shell's setting is for AWS"
    assert resolve(stack="shop", environ={"AWS_REGION": "eu-west-1"}).region == "eu-west-1"


def test_another_stack_than_the_twins_says_that_it_is_on_aws(running: TwinState) -> None:
    assert "running twin has stack scilearn, not shop" in resolve(stack="shop", environ={}).why_aws
    assert resolve(stack="shop", profile="work", environ={}).why_aws == ""
    assert resolve(stack="shop", environ={"OPS_TARGET": "aws"}).why_aws == ""


def test_the_twins_stack_by_its_arn(running: TwinState) -> None:
    arn = f"arn:aws:cloudformation:{running.region}:{running.account_id}:stack/{running.stack}/0aa-1"
    assert resolve(stack=arn, environ={}).is_twin
    for other in (arn.replace(running.region, "eu-west-1"), arn.replace(running.account_id, "1" * 12)):
        assert not resolve(stack=other, environ={}).is_twin
