"""The overview over time: the metrics of its charts, and the events on their axis."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from ops.aws.cloudwatch import Alarm, StateChange
from ops.insight.reports import overview
from ops.insight.reports.overview_parts.timeline import OverviewTimeline
from ops.insight.sources.event_model import ALARM, DEPLOY, Event
from ops.insight.sources.events import alarm_times, read_events
from ops.workload import Workload
from tests.fakes.aws import Refusal
from tests.ops.insight.world import END, FUNCTION, MINUTES, WINDOW, WORKLOAD, Stage, without, world

START = WINDOW.start


def timeline(
    stage: Stage, metrics: dict[str, Any], workload: Workload = WORKLOAD, **of_the_world: Any
) -> OverviewTimeline:
    with world(stage, metrics, **of_the_world) as (aws, fake):
        report = overview.report(aws, workload, WINDOW, over_time=True)
    assert fake.count("GetMetricData") == 1
    assert fake.count("DescribeAlarmHistory") <= 1
    assert report.timeline is not None
    return report.timeline


def test_the_charts_have_their_metrics(stage: Stage) -> None:
    metrics = {
        "QueueName=jobs NumberOfMessagesSent": 60,
        "QueueName=jobs NumberOfMessagesDeleted": 30,
        "QueueName=jobs ApproximateNumberOfMessagesVisible": 4,
        "QueueName=dead ApproximateNumberOfMessagesVisible": 2,
        "Errors": [0, 3.0],
        "Duration": 1_500.0,
    }
    found = timeline(stage, metrics)
    first = found.frame.iloc[1]
    assert (first["sent"], first["deleted"], first["visible"], first["dead"], first["errors"]) == (60, 30, 4, 2, 3)
    assert (first["p50_ms"], first["p99_ms"]) == (1_500, 1_500)
    assert found.timeout_ms == 60_000
    assert isinstance(found.frame.index, pd.DatetimeIndex)
    assert list(found.frame.index[:2].to_pydatetime()) == [START, START + timedelta(minutes=1)]


def test_failures_of_the_minute_that_is_not_over_are_drawn(stage: Stage) -> None:
    """A sentence that counts them stands above the chart."""
    found = timeline(stage, {"QueueName=jobs NumberOfMessagesSent": 60, "Errors": [*[None] * (MINUTES - 1), 3.0]})
    assert found.frame["errors"].sum() == 3
    assert pd.isna(found.frame["sent"].iloc[-1]), "a rate is of whole minutes"


def test_a_metric_that_says_nothing_is_a_gap(stage: Stage) -> None:
    assert timeline(stage, {}).frame.isna().all(axis=None)


def test_ops_status_asks_for_no_timeline(stage: Stage) -> None:
    with world(stage, {}) as (aws, fake):
        assert overview.report(aws, WORKLOAD, WINDOW).timeline is None
    assert fake.count("DescribeAlarmHistory") == 0


def test_a_deployment_in_the_range_is_marked(stage: Stage) -> None:
    at = START + timedelta(minutes=3)
    found = timeline(stage, {}, without(function=replace(FUNCTION, deployed_at=at)))
    assert found.events == (Event(DEPLOY, "worker: code or configuration changed", at, at),)
    earlier = without(function=replace(FUNCTION, deployed_at=START - timedelta(minutes=1)))
    assert timeline(stage, {}, earlier).events == ()


def test_alarms_are_marked_for_as_long_as_they_were_in_alarm(stage: Stage) -> None:
    changes = [
        (6.0, "somebody-elses", "OK", "ALARM"),
        (5.0, "shop-dead", "ALARM", "OK"),
        (2.0, "shop-dead", "OK", "ALARM"),
    ]
    (event,) = timeline(stage, {}, alarm_changes=changes).events
    assert (event.kind, event.name, event.ongoing) == (ALARM, "shop-dead", False)
    assert (event.start, event.end) == (START + timedelta(minutes=2), START + timedelta(minutes=5))


def test_a_denied_alarm_history_leaves_the_rest(stage: Stage) -> None:
    refused = {"DescribeAlarmHistory": Refusal("AccessDenied", "", 403)}
    found = timeline(stage, {"QueueName=jobs NumberOfMessagesSent": 60}, refuse=refused)
    assert found.events == ()
    assert any(note.startswith("No alarm history: ") for note in found.notes)
    assert found.frame["sent"].notna().any()


def test_a_workload_without_alarms_reads_no_history(stage: Stage) -> None:
    with world(stage, {}) as (aws, fake):
        overview.report(aws, without(alarms=()), WINDOW, over_time=True)
    assert fake.count("DescribeAlarmHistory") == 0


def alarm(state: str, since: datetime | None) -> Alarm:
    return Alarm("a", state, "", "", since, "AWS/SQS", "M")


def change(minute: float, before: str, after: str, name: str = "a") -> StateChange:
    return StateChange(START + timedelta(minutes=minute), name, before, after)


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        ([change(1, "ALARM", "OK")], [(0, 1, False)]),
        ([change(1, "OK", "ALARM"), change(2, "ALARM", "INSUFFICIENT_DATA")], [(1, 2, False)]),
        ([change(1, "OK", "ALARM")], [(1, None, True)]),
        ([change(1, "OK", "ALARM"), change(2, "OK", "ALARM"), change(3, "ALARM", "OK")], [(1, 3, False)]),
        ([change(1, "INSUFFICIENT_DATA", "OK")], []),
        ([change(1, "OK", "ALARM", "another")], []),
    ],
)
def test_times_in_alarm(changes: list[StateChange], times: list[tuple[float, float | None, bool]]) -> None:
    expected = [
        Event(
            ALARM,
            "a",
            START + timedelta(minutes=start),
            END if end is None else START + timedelta(minutes=end),
            ongoing,
        )
        for start, end, ongoing in times
    ]
    assert alarm_times(alarm("OK", None), changes, WINDOW) == expected


def test_an_alarm_that_did_not_change_has_lasted_since_its_last_change() -> None:
    before, within, after = START - timedelta(days=2), START + timedelta(minutes=4), END + timedelta(minutes=1)
    assert alarm_times(alarm("ALARM", before), [], WINDOW) == [Event(ALARM, "a", START, END, True)]
    assert alarm_times(alarm("ALARM", within), [], WINDOW) == [Event(ALARM, "a", within, END, True)]
    assert alarm_times(alarm("ALARM", after), [], WINDOW) == []
    assert alarm_times(alarm("OK", before), [], WINDOW) == []


def test_a_past_range_before_an_alarms_only_known_change_says_that_its_state_is_not_known(stage: Stage) -> None:
    past = replace(WINDOW, end=WINDOW.end - timedelta(minutes=2), past=True)
    with world(stage, {}) as (aws, _):  # both alarms changed at END, after the range
        report = overview.report(aws, WORKLOAD, past, over_time=True)
    unknown = [note for note in report.look.partial if note.startswith("Whether shop-")]
    assert len(unknown) == 2
    assert "it changed after this range" in unknown[0]
    assert report.timeline is not None
    assert report.timeline.events == ()
    with world(stage, {}) as (aws, _):
        now = overview.report(aws, WORKLOAD, WINDOW, over_time=True)
    assert not [note for note in now.look.partial if note.startswith("Whether ")]


def test_of_the_time_before_the_oldest_change_that_was_read_nothing_is_known(stage: Stage) -> None:
    changes = [(3.0, "shop-dead", "ALARM", "OK"), (2.0, "shop-age", "ALARM", "OK")]
    with world(stage, {}, alarm_changes=changes, more_history=True) as (aws, _):
        alarms = [replace(alarm("OK", None), name=name) for name in ("shop-dead", "shop-age")]
        events, (note,) = read_events(aws, WORKLOAD, WINDOW, alarms)
    times = {event.name: (event.start - START, event.end - START) for event in events}
    assert times["shop-dead"] == (timedelta(minutes=2), timedelta(minutes=3))
    assert note.startswith("Earlier alarm changes are not shown")
