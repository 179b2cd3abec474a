"""Whole events as AWS makes them (tests/events) through the handler."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.fakes.handler_aws import FakeAws
from tests.handler.worlds import Context, cause, job, record

EVENTS = Path(__file__).resolve().parents[1] / "events"


def event(name: str) -> Any:
    return json.loads((EVENTS / name).read_text())


def test_a_batch_of_a_standard_queue(app: ModuleType, aws: FakeAws) -> None:
    assert app.lambda_handler(event("sqs.json"), Context()) == {"batchItemFailures": []}
    assert aws.result("score-000017")["result"]["summary"]["rows"] == 2
    assert [cause(message) for message in aws.sent] == ["NotJson"]


@pytest.mark.parametrize("name", ["sqs_redriven.json", "sqs_fifo.json"])
def test_a_batch_with_more_attributes(app: ModuleType, aws: FakeAws, name: str) -> None:
    assert app.lambda_handler(event(name), Context()) == {"batchItemFailures": []}
    assert aws.result("score-000017")


def test_a_job_as_the_event(app: ModuleType, aws: FakeAws) -> None:
    assert app.lambda_handler(event("direct.json"), Context())["job_id"] == "score-000017"


def test_what_other_tests_build_has_the_same_members() -> None:
    real = event("sqs.json")["Records"][1]
    built = record("m", job())
    assert built.keys() == real.keys() and built["attributes"].keys() == real["attributes"].keys()


def test_every_event_is_in_the_readme() -> None:
    readme = (EVENTS / "README.md").read_text()
    assert all(f"`{path.name}`" in readme for path in EVENTS.glob("*.json"))
