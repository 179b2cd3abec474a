"""Waiting for a depth, a metric or an alarm: how long, what is said meanwhile, and what is never taken for 0."""

from __future__ import annotations

import pytest

from ops.errors import AccessDenied, OpsError
from ops.insight.rules.drain_forecast import DepthSample, DrainForecast, forecast
from ops.runbooks.actions.action import PersonNeeded
from tests.fakes.aws import Refusal
from tests.fakes.observed_workload import an_alarm
from tests.ops.runbooks.conftest import Stage

DRAIN = {"measure": "queue-visible", "at_most": 0, "minutes": 10}


def test_a_depth_that_falls_is_forecast_as_an_interval(stage: Stage) -> None:
    depths = iter([300, 280, 260, 240, 220, 200, 150, 100, 50, 0])

    def fall(operation: str) -> None:
        if operation == "GetQueueAttributes" and stage.waited:
            stage.world.depth = next(depths)

    stage.world.depth = 320
    stage.world.before = fall
    found = stage.run("wait.until", **DRAIN)
    assert found["value"] == 0
    assert found["lines"] == ["messages waiting: 0, after 50 s"]
    assert stage.said[0] == "messages waiting: 320; waiting for 0; 10 min left"
    assert "more at the rate of the last 20 s" in stage.said[4]
    assert " to " in stage.said[-1], "faster lately: two rates, an interval"


def test_one_that_does_not_fall_says_so_and_ends_at_its_deadline(stage: Stage) -> None:
    with pytest.raises(OpsError) as caught:
        stage.run("wait.until", **DRAIN | {"minutes": 1})
    assert stage.waited == 60
    assert str(caught.value) == "Messages waiting: 7; not 0 within 60 s; not falling in the last 60 s."
    assert "resume" in caught.value.next_step
    assert "not falling" in stage.said[-1]


def test_a_fixed_time(stage: Stage) -> None:
    assert stage.run("wait.for", seconds=12) == {"seconds": 12}
    assert stage.said == ["waiting; 12 s left", "waiting; 7 s left", "waiting; 2 s left"]


def test_nothing_is_waited_for_in_a_read_only_run(stage: Stage) -> None:
    stage.waits = False
    with pytest.raises(PersonNeeded, match="Nothing was carried out to wait for"):
        stage.run("wait.for", seconds=12)
    with pytest.raises(PersonNeeded, match="nothing was carried out to wait for"):
        stage.run("wait.until", **DRAIN)


def test_a_sum_of_a_metric(stage: Stage) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "Invocations": 5.0, "Errors": 2.0}

    def fixed(operation: str) -> None:
        if stage.waited >= 30:
            stage.world.metrics.pop("Errors", None)

    stage.world.before = fixed
    found = stage.run("wait.until", measure="errors", at_most=0, over=3)
    assert found["value"] == 0
    assert stage.said[0].startswith("errors in 3 min: 6; waiting for 0")


def test_in_a_rehearsal_the_minutes_that_are_added_up_are_shorter(stage: Stage) -> None:
    """Its twin's alarms have periods of ten seconds; what a person reads is the time that was looked at."""
    stage.minute_s = 10
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "Invocations": 5.0, "Errors": 2.0}
    with pytest.raises(OpsError, match="within 60 s"):
        stage.run("wait.until", measure="errors", at_most=0, over=12, minutes=1)
    assert stage.said[0] == "errors in 2 min: 4; waiting for 0; 60 s left"


def test_a_bound_is_written_in_its_unit(stage: Stage) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "ApproximateAgeOfOldestMessage": 900.0}
    with pytest.raises(OpsError, match="15 min; not 9 min or less within 60 s"):
        stage.run("wait.until", measure="oldest-age", at_most=540, minutes=1)


def test_silence_while_messages_wait_is_not_zero_errors(stage: Stage) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 0.0}
    with pytest.raises(OpsError, match="nothing ran in 5 min while messages wait, so it cannot be told"):
        stage.run("wait.until", measure="errors", at_most=0, minutes=1)
    stage.world.depth = 0
    assert stage.run("wait.until", measure="errors", at_most=0)["value"] == 0


def test_no_metrics_at_all_are_not_zero(stage: Stage) -> None:
    stage.world.depth = 0
    with pytest.raises(OpsError, match="CloudWatch has no data of the last 11 min"):
        stage.run("wait.until", measure="throttles", at_most=0, minutes=1)


@pytest.mark.parametrize(
    ("measure", "metric", "value", "words"),
    [
        ("oldest-age", "ApproximateAgeOfOldestMessage", 300.0, "age of the oldest message now: 5 min"),
        ("concurrency", "ConcurrentExecutions", 4.0, "concurrent executions now: 4"),
        ("throttles", "Throttles", 0.0, "throttles in 5 min: 0"),
    ],
)
def test_metrics_by_name(stage: Stage, measure: str, metric: str, value: float, words: str) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "Invocations": 5.0, metric: value}
    found = stage.run("wait.until", measure=measure, at_most=300)
    assert (found["value"], found["lines"]) == (value, [words])


def test_an_alarm(stage: Stage) -> None:
    def clear(operation: str) -> None:
        if stage.waited >= 60:
            stage.world.metric_alarms = [an_alarm("orders-function-errors", "OK")]

    stage.world.before = clear
    found = stage.run("wait.alarm-ok", alarm="function-errors")
    assert found["state"] == "OK"
    assert found["seconds"] == 60
    assert "OK at the earliest 60 s after the last period that breaches" in stage.said[0]


def test_one_of_fifteen_clears_late(stage: Stage) -> None:
    stage.world.metric_alarms = [an_alarm("orders-function-errors", EvaluationPeriods=15, DatapointsToAlarm=1)]
    with pytest.raises(OpsError, match="not OK within 2 min; OK at the earliest 15 min after"):
        stage.run("wait.alarm-ok", alarm="function-errors", minutes=2)


def test_an_alarm_that_was_ok_before_the_change_counts_once_it_could_have_fired_again(stage: Stage) -> None:
    """While a mapping is paused, nothing fails: OK at once would say nothing of what runs again."""
    stage.world.metric_alarms = [an_alarm("orders-function-errors", "OK")]
    stage.changed_ago_s = 20
    found = stage.run("wait.alarm-ok", alarm="function-errors")
    assert (found["state"], stage.waited) == ("OK", 165), "3 of 3 minutes after the change, looked at every 15 s"
    assert (
        "orders-function-errors is in OK; waiting for OK; tells whether the last change has helped in 2 min 40 s"
        in stage.said[0]
    )
    stage.waited, stage.changed_ago_s = 0, 200
    assert stage.run("wait.alarm-ok", alarm="function-errors")["seconds"] == 0, "it has been long enough"


def test_an_alarm_that_clears_during_the_wait_counts_at_once(stage: Stage) -> None:
    stage.changed_ago_s = 0

    def clear(operation: str) -> None:
        if stage.waited >= 30:
            stage.world.metric_alarms = [an_alarm("orders-function-errors", "OK")]

    stage.world.before = clear
    assert stage.run("wait.alarm-ok", alarm="function-errors")["seconds"] == 30


def test_an_alarm_that_fires_again_meanwhile_is_waited_for(stage: Stage) -> None:
    stage.changed_ago_s = 0
    stage.world.metric_alarms = [an_alarm("orders-function-errors", "OK")]

    def fire(operation: str) -> None:
        state = "ALARM" if 60 <= stage.waited < 300 else "OK"
        stage.world.metric_alarms = [an_alarm("orders-function-errors", state)]

    stage.world.before = fire
    assert stage.run("wait.alarm-ok", alarm="function-errors")["seconds"] == 300


def test_a_metric_counts_from_the_last_change_on(stage: Stage) -> None:
    """No errors in ten minutes, of which the mapping was off for nine."""
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "Invocations": 5.0}
    stage.changed_ago_s = 60
    found = stage.run("wait.until", measure="errors", at_most=0, over=10)
    assert (found["value"], stage.waited) == (0, 540)
    assert "tells whether the last change has helped in 9 min" in stage.said[0]


def test_a_wait_that_is_shorter_than_what_it_adds_up_ends_at_its_deadline(stage: Stage) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 5.0, "Invocations": 5.0}
    stage.changed_ago_s = 0
    assert stage.run("wait.until", measure="errors", at_most=0, over=10, minutes=2)["value"] == 0
    assert stage.waited == 120


def test_an_alarm_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(OpsError, match="orders has no alarm unknown"):
        stage.run("wait.alarm-ok", alarm="unknown")


def test_aws_that_does_not_answer_is_asked_again_and_one_that_denies_is_not(stage: Stage) -> None:
    stage.world.metrics = {"NumberOfMessagesDeleted": 1.0}
    stage.world.refused = {"GetMetricData": Refusal("Throttling", status=400)}
    with pytest.raises(OpsError, match="throttl"):
        stage.run("wait.until", measure="errors", at_most=0, minutes=1)
    assert stage.waited >= 60, "asked until the deadline"
    assert "AWS did not answer" in stage.said[0]
    stage.world.refused = {"GetMetricData": Refusal("AccessDenied", status=403)}
    with pytest.raises(AccessDenied):
        stage.run("wait.until", measure="errors", at_most=0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([(0, 100), (10, 90)], None),
        ([(0, 100), (30, 100), (60, 100)], DrainForecast(60, None)),
        ([(0, 100), (30, 130), (60, 120)], DrainForecast(30, 360)),
        ([(0, 100), (30, 90), (60, 100)], DrainForecast(60, None)),
        ([(0, 120), (30, 90), (60, 90)], DrainForecast(30, None)),
        ([(0, 120), (30, 90), (60, 60)], DrainForecast(60, 60, 60)),
        ([(0, 120), (30, 110), (60, 60)], DrainForecast(60, 36, 60)),
    ],
)
def test_forecasts(values: list[tuple[float, float]], expected: DrainForecast | None) -> None:
    assert forecast([DepthSample(*each) for each in values], 0) == expected


def test_forecasts_in_words() -> None:
    assert DrainForecast(60, None).text == "not falling in the last 60 s"
    assert DrainForecast(60, 60, 66).text == "about 66 s more at the rate of the last 60 s"
    assert DrainForecast(60, 36, 60).text == "36 s to 60 s more at the rates of the last 60 s"
    assert "not before 6 min" in DrainForecast(30, 360).text
