"""Changes of code and configuration on the timeline: what Lambda tells of them, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ops.insight.sources import config_changes
from ops.insight.sources.event_model import CONFIG, DEPLOY, MEASUREMENT
from tests.fakes.aws import Refusal
from tests.ops.insight.world import FUNCTION, MAPPING, WINDOW, Stage, without, world

START = WINDOW.start


def version(number: int, minute: float, **settings: Any) -> dict[str, Any]:
    at = START + timedelta(minutes=minute)
    return {
        "FunctionName": "worker",
        "FunctionArn": f"{FUNCTION.arn}:{number}",
        "Version": str(number),
        "LastModified": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "CodeSha256": "one",
        "MemorySize": 512,
        "Timeout": 60,
        **settings,
    }


def read(stage: Stage, versions: list[dict[str, Any]], **more: Any) -> list[tuple[str, str, datetime]]:
    workload = more.pop("workload", without(function=replace(FUNCTION, deployed_at=None)))
    with world(stage, {}, versions=versions, **more) as (aws, _):
        events, notes = config_changes.read_changes(aws, workload, WINDOW)
    assert not notes
    return [(event.kind, event.name, event.start) for event in events]


def test_what_changed_from_version_to_version_is_named(stage: Stage) -> None:
    versions = [
        version(7, -30),
        version(8, 2, MemorySize=1024, Timeout=120),
        version(9, 4, MemorySize=1024, Timeout=120, CodeSha256="two"),
        version(10, 6, MemorySize=1024, Timeout=60, CodeSha256="three", Architectures=["arm64"]),
        version(11, 8, MemorySize=1024, Timeout=60, CodeSha256="three", Architectures=["arm64"]),
    ]
    assert [(kind, name) for kind, name, _ in read(stage, versions)] == [
        (CONFIG, "worker version 8: memory 512 → 1,024 MB, timeout 60 s → 2 min"),
        (DEPLOY, "worker version 9: code"),
        (DEPLOY, "worker version 10: code, timeout 2 min → 60 s, architecture x86_64 → arm64"),
        (CONFIG, "worker version 11: published"),
    ]


def test_a_first_version_is_published_and_no_change_is_claimed(stage: Stage) -> None:
    assert [name for _, name, _ in read(stage, [version(1, 2)])] == ["worker version 1: published"]


def test_of_an_unpublished_change_only_the_time_is_known(stage: Stage) -> None:
    at = START + timedelta(minutes=3)
    workload = without(function=replace(FUNCTION, deployed_at=at))
    assert read(stage, [], workload=workload) == [(DEPLOY, "worker: code or configuration changed", at)]


def test_what_a_sweep_published_and_changed_is_a_measurement(stage: Stage) -> None:
    versions = [
        version(7, -30),
        version(8, 2, MemorySize=1024, Description="ops rightsize 20261120T100000-ab12"),
        version(9, 4),
    ]
    at = START + timedelta(minutes=5)
    workload = without(function=replace(FUNCTION, deployed_at=None, measured_at=at))
    assert [(kind, name) for kind, name, _ in read(stage, versions, workload=workload)] == [
        (MEASUREMENT, "worker version 8: measured by ops rightsize"),
        (CONFIG, "worker version 9: published"),
        (MEASUREMENT, "worker: memory changed by ops rightsize to measure it"),
    ]


def test_a_published_version_that_runs_is_told_once(stage: Stage) -> None:
    at = START + timedelta(minutes=3)
    workload = without(function=replace(FUNCTION, version="8", deployed_at=at))
    assert len(read(stage, [version(8, 3)], workload=workload)) == 1


@pytest.mark.parametrize(("minute", "events"), [(3, 1), (-1, 0), (60, 0)])
def test_the_last_change_of_the_mapping_in_the_range(stage: Stage, minute: int, events: int) -> None:
    mapping = replace(MAPPING, changed_at=START + timedelta(minutes=minute))
    workload = without(function=replace(FUNCTION, deployed_at=None), mapping=mapping)
    told = read(stage, [], workload=workload)
    expected = (CONFIG, "event source mapping: configuration or state changed (now Enabled)", mapping.changed_at)
    assert told == [expected] * events


def test_without_permission_the_rest_is_told(stage: Stage) -> None:
    at = START + timedelta(minutes=3)
    workload = without(function=replace(FUNCTION, deployed_at=at))
    with world(stage, {}, refuse={"ListVersionsByFunction": Refusal("AccessDenied", "", 403)}) as (aws, _):
        events, (note,) = config_changes.read_changes(aws, workload, WINDOW)
    assert [event.kind for event in events] == [DEPLOY]
    assert note.startswith("No function versions: ")
    assert "lambda:ListVersionsByFunction" in note


def test_a_function_with_very_many_versions_is_not_compared(stage: Stage) -> None:
    with world(stage, {}) as (aws, fake):
        answered = fake.answer

        def endless(service: str, operation: str, asked: dict[str, Any]) -> Any:
            return {**answered(service, operation, asked), "NextMarker": "more"}

        fake.answer = endless
        events, notes = config_changes.read_changes(aws, without(function=replace(FUNCTION, deployed_at=None)), WINDOW)
    assert (events, notes) == ((), (config_changes.TOO_MANY,))
    assert len(fake.calls) == 4
