"""Checks that read an alarm, metrics, errors, logs, changes, destinations, readers of the dead-letter queue."""

from __future__ import annotations

import json
import time

import pytest

from ops.errors import UsageError
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect
from ops.runbooks.actions.observe import measures
from ops.runbooks.shown_outputs import shown_lines
from tests.cases.workloads.account_parts import M, Reads, arn
from tests.fakes.aws import Refusal
from tests.fakes.observed_workload import an_alarm
from tests.ops.runbooks.conftest import Stage


def invocation(request: str, status: str = "success", **more: object) -> str:
    return json.dumps(
        {
            "record": "invocation",
            "request_id": request,
            "function_version": "$LATEST",
            "status": status,
            "InvokeDuration": 900.0,
            "BilledDuration": 900.0,
            "memory_size_mb": 1024,
            "MaxMemoryUsed": 200.0,
            "ColdStarts": 0,
            "EstimatedCost": 0.001,
            **more,
        }
    )


def test_an_alarm_with_its_value_and_threshold(stage: Stage) -> None:
    stage.world.metrics = {"Errors": 4.0}
    found = stage.run("alarm.look", alarm="function-errors")
    assert (found["name"], found["state"], found["value"], found["threshold"]) == (
        "orders-function-errors",
        "ALARM",
        4.0,
        0.0,
    )
    assert found["breaching"] == 3
    text = "\n".join(found["lines"])
    assert "orders-function-errors is in ALARM since" in text
    assert "watches: Errors, worker; fires > 0 invocations, 3 of 3 × 60 s" in text
    assert "latest value 4 invocations" in text
    assert "3 of the last 3 periods breach, 3 make it fire" in text


def test_an_alarm_by_its_full_name_and_one_without_data(stage: Stage) -> None:
    found = stage.run("alarm.look", alarm="orders-function-errors")
    assert found["value"] is None
    assert "no data in the periods that it evaluates" in found["lines"]


def test_one_alarm_is_not_taken_for_another(stage: Stage) -> None:
    """``errors`` is the end of both names: neither is what was named."""
    stage.world.metric_alarms = [an_alarm("orders-function-errors"), an_alarm("x-function-errors", "OK")]
    found = stage.run("alarm.look", alarm="function-errors")
    assert found["name"] == "orders-function-errors"
    assert stage.run("alarm.look", alarm="errors")["name"] is None


def test_no_such_alarm_is_said_and_not_an_error(stage: Stage) -> None:
    found = stage.run("alarm.look", alarm="page-me")
    assert found["state"] is None
    assert found["lines"] == ["orders has no alarm page-me: judge by the numbers below"]


def test_metrics_with_sums_gauges_and_silence(stage: Stage) -> None:
    stage.world.metrics = {
        "NumberOfMessagesReceived": 10.0,
        "NumberOfMessagesDeleted": 4.0,
        "ApproximateAgeOfOldestMessage": 90.0,
    }
    found = stage.run("metrics.look", metrics=["received", "deleted", "oldest-age", "throttles"], minutes=30)
    assert found["totals"] == {"received": 100.0, "deleted": 40.0, "oldest_age": None, "throttles": None}
    assert found["highest"]["oldest_age"] == found["latest"]["oldest_age"] == 90.0
    assert found["lines"][0] == "messages received: 100"
    assert found["lines"][2].startswith("age of the oldest message: 90 s (")
    assert found["lines"][3] == "throttles: no data in 30 min"


def test_metrics_of_what_the_workload_lacks(stage: Stage) -> None:
    (line,) = stage.run("metrics.look", metrics=["jobs-succeeded"])["lines"]
    assert line == "jobs succeeded: the workload has no jobs"


def test_errors_by_type_and_the_newest_request(stage: Stage) -> None:
    stage.world.metrics = {"Errors": 1.0, "Invocations": 4.0}
    stage.world.log_lines = [
        invocation("r1"),
        invocation("r2", "timeout", error_type="Sandbox.Timedout"),
        invocation("r3", "error", error_type="Runtime.ExitError"),
        invocation("r4", "timeout", error_type="Sandbox.Timedout"),
    ]
    found = stage.run("function.errors")
    assert (found["failed"], found["leading"]) == (10.0, "Sandbox.Timedout")
    assert found["request"] in ("r2", "r3", "r4")
    text = "\n".join(found["lines"])
    assert "10 of 40 invocations failed" in text
    assert "Sandbox.Timedout: 2 invocations, 67% of the logged failures" in text
    assert "version $LATEST: 3 of 4 invocations failed" in text
    assert "these queries cost $0.005" in text


def test_errors_that_no_log_line_explains(stage: Stage) -> None:
    stage.world.metrics = {"Errors": 2.0, "Invocations": 2.0}
    found = stage.run("function.errors")
    assert found["leading"] is None
    assert any("the function may not start" in line for line in found["lines"])


def test_starts_and_costs_are_those_of_the_pages(stage: Stage) -> None:
    stage.world.log_lines = [invocation("r1", ColdStarts=1, InitDuration=2500.0), invocation("r2")]
    starts = stage.run("function.starts")
    assert starts["p95_ms"] == 2500.0
    assert "version $LATEST: 1 cold start in 2 invocations, p95 init 2.5 s" in starts["lines"]
    costs = stage.run("cost.look", minutes=1440)
    assert costs["failed_usd"] == 0
    assert any(line.startswith("on work that failed: ") for line in costs["lines"])


def test_lines_of_one_invocation_are_flat_bounded_and_paid_within_a_limit(stage: Stage) -> None:
    entry = {
        "level": "ERROR",
        "message": "job failed",
        "function_request_id": "3f8c1d6e-0000-4000-8000-000000000001",
        "timestamp": "x",
        "error_type": "DataNotFound",
        "exception": "Traceback (most recent call last):\n  File\nKeyError: 'vat'",
        "message_ids": ["a", "b", "c", "d"],
        "detail": "y" * 1000,
    }
    stage.world.log_lines = [json.dumps(entry), "plain\x1b[31m\n text"]
    found = stage.run("logs.look", text="job failed", lines=5)
    (line,) = [each for each in found["lines"] if "job failed" in each]
    assert line[9:].startswith(
        "ERROR job failed error_type=DataNotFound exception=KeyError: 'vat' message_ids=4 values"
    )
    assert line.endswith("more characters)")
    assert "function_request_id" not in line
    assert found["usd"] > 0
    assert "the limit is $0.10" in stage.said[0]


def test_the_newest_lines_cost_no_query(stage: Stage) -> None:
    stage.world.log_lines = ["START", "END"]
    found = stage.run("logs.look")
    assert [line[9:] for line in found["lines"]] == ["START", "END"]
    assert (found["usd"], stage.world.queries) == (0.0, [])


def test_logs_are_searched_by_one_thing(stage: Stage) -> None:
    with pytest.raises(UsageError, match="Both request and text"):
        stage.run("logs.look", text="x", request="y")


def test_changes_newest_first_and_none(stage: Stage) -> None:
    assert stage.run("changes.look", hours=2)["lines"] == ["no change of the function or the mapping in 2 h"]
    changed = time.time() - 600
    stage.world.changed_at = changed
    found = stage.run("changes.look", hours=2)
    assert (found["count"], found["minutes"]) == (1, 10)
    assert "10 min ago: event source mapping: configuration or state changed (now Enabled)" in found["lines"][0]


def test_readers_of_the_dead_letter_queue(stage: Stage) -> None:
    assert stage.run("dlq.readers")["lines"] == ["no mapping of this account and no move task reads orders-dead"]
    stage.world.more_mappings = {M[1]: Reads("orders-dead", "retrier")}
    stage.world.move_tasks = [
        {"Status": "RUNNING", "StartedTimestamp": 1_795_000_000_000, "ApproximateNumberOfMessagesMoved": 3}
    ]
    found = stage.run("dlq.readers")
    assert (found["mappings"], found["enabled"], found["move_tasks"]) == ([M[1]], 1, 1)
    assert f"mapping {M[1]} → retrier: Enabled" in found["lines"]


def test_where_failed_events_go(stage: Stage) -> None:
    found = stage.run("function.async-look")
    assert (found["destination"], found["usable"]) == (None, False)
    assert "failures go to nothing: a dropped event is lost" in found["lines"]
    name = arn("lambda", "function:worker:$LATEST")
    config = {"FunctionArn": name, "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 3600}
    for queue, usable, words in (
        ("orders-dead", True, "orders-dead, which has 0 messages"),
        ("gone", False, "gone, which does not exist"),
    ):
        stage.world.invoke_configs = [
            {**config, "DestinationConfig": {"OnFailure": {"Destination": arn("sqs", queue)}}}
        ]
        found = stage.run("function.async-look")
        assert (found["retries"], found["maximum_age"], found["usable"]) == (1, 3600, usable)
        assert found["lines"][1] == f"failures go to {words}"
    assert found["lines"][0] == "an event is tried 2 times and is dropped after 60 min"


def test_the_alarms_of_the_workload(stage: Stage) -> None:
    stage.world.metric_alarms = [
        an_alarm("orders-a", metric="Errors"),
        an_alarm("orders-b", "OK"),
        an_alarm("orders-c", "INSUFFICIENT_DATA"),
    ]
    found = stage.run("alarms.look")
    assert found["lines"] == ["in ALARM: orders-a", "OK: 1 alarm", "no data: orders-c"]


def test_what_a_person_reads_of_outputs() -> None:
    def shown(**outputs: object) -> list[str]:
        return shown_lines(outputs, str, lambda time: f"{time:%H:%M} UTC")

    assert shown(lines=["one", "two"], found=2) == ["one", "two"]
    assert shown(lines=[], found=0) == ["found 0"]
    assert shown() == []
    assert shown(
        timeout=30, memory=1024, reserved_concurrency=None, deployed_at="2026-11-30T07:40:35.482000+00:00"
    ) == ["timeout 30 s · memory 1,024 MB · reserved concurrency None · deployed 07:40 UTC"]
    assert shown(reason="2026-11-30") == ["reason 2026-11-30"], "a date is no time"
    plan = "20261130T095109-1047"
    assert shown(plan=plan) == [f"plan {plan}"], "an ID that ISO 8601 reads as a time is none"


def test_the_account(stage: Stage) -> None:
    assert stage.run("account.look") == {"limit": 1000, "unreserved": None}


def test_what_may_not_be_read_is_named(stage: Stage) -> None:
    stage.world.refused = {"GetMetricData": Refusal("AccessDenied", status=403)}
    with pytest.raises(Exception, match="GetMetricData"):
        stage.run("metrics.look", metrics=["errors"])


def test_every_metric_is_in_the_table_and_on_paper() -> None:
    assert set(measures.METRICS) == set(measures.MetricName.__args__)  # type: ignore[attr-defined]
    for name in measures.METRICS:
        assert measures.METRICS[name].metric in measures.paper(name, "30")


def test_looks_only_read() -> None:
    looks = [name for name in ACTIONS if name.endswith((".look", ".readers", ".errors", ".starts", ".async-look"))]
    assert len(looks) >= 15
    assert {ACTIONS[name].effect for name in looks} == {Effect.READ}
