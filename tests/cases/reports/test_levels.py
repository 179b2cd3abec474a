"""One rule for how bad a number is; a past range shows what was so at its end; an idle stack raises no warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.components import pipeline_view
from ops import formatting
from ops.aws.cloudwatch import Alarm, Points
from ops.cli.status.view import path_text
from ops.insight import time_window as windows
from ops.insight.report_types import Level, Window
from ops.insight.reports import concurrency, cost, dead_letters, overview, queue
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_parts.overview_cards import Card
from ops.insight.reports.queue import QueueReport
from ops.insight.rules import alarm_rules, backlog, levels
from tests.ops.insight import world
from tests.ops.insight.world import END, WINDOW, WORKLOAD

PAST = replace(WINDOW, past=True)
IDLE = {
    f"QueueName=jobs {name}": 0
    for name in (
        "NumberOfMessagesSent",
        "NumberOfMessagesReceived",
        "NumberOfMessagesDeleted",
        "NumberOfEmptyReceives",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateAgeOfOldestMessage",
    )
}


def flow(sent: float, deleted: float, received: float | None = None) -> dict[str, Any]:
    return IDLE | {
        "QueueName=jobs NumberOfMessagesSent": sent,
        "QueueName=jobs NumberOfMessagesReceived": deleted if received is None else received,
        "QueueName=jobs NumberOfMessagesDeleted": deleted,
    }


def pages(
    stage: world.Stage,
    metrics: dict[str, Any],
    depths: dict[str, tuple[int, int]] | None = None,
    window: Window = WINDOW,
    firing: Sequence[str] = (),
) -> tuple[OverviewReport, QueueReport]:
    with world.world(stage, metrics, depths=depths, firing=firing) as (aws, _):
        return overview.report(aws, WORKLOAD, window), queue.report(aws, WORKLOAD, window)


def card(report: OverviewReport, key: str) -> Card:
    return next(card for card in report.cards if card.key == key)


# --- backlog --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "done", "age", "level"),
    [
        (None, 60, 5, Level.NO_DATA),
        (0, 0, None, Level.OK),
        (40, 60, 5, Level.OK),
        (61, 60, 5, Level.WARNING),
        (6_000, 540, 20, Level.WARNING),
        (1, 0, 20, Level.OK),
        (1, 0, 60, Level.WARNING),
        (1, None, 300, Level.WARNING),
        (1, None, None, Level.NO_DATA),
    ],
)
def test_the_rule(waiting: float | None, done: float | None, age: float | None, level: Level) -> None:
    assert levels.backlog(waiting, done, age) is level


def test_a_burst_is_in_the_headline_and_on_no_page_green(stage: world.Stage) -> None:
    metrics = flow(2_580, 540) | {
        "QueueName=jobs ApproximateNumberOfMessagesVisible": [float(n * 600) for n in range(10)]
    }
    shown, page = pages(stage, metrics, {"jobs": (6_064, 30)})
    assert card(shown, "depth").level is Level.WARNING
    assert "6,064 queued" in shown.finding.text
    assert {shown.finding.level, page.finding.level} == {Level.WARNING}
    assert "6,094 messages in the queue" in page.finding.text


def test_a_backlog_is_in_the_headline_beside_dead_letters_and_alarms(stage: world.Stage) -> None:
    shown, _ = pages(stage, flow(2_580, 540), {"jobs": (6_064, 30), "dead": (48, 0)}, firing=["shop-age"])
    assert shown.finding.text.startswith("Critical: 48 dead letters")
    assert "6,064 queued" in shown.finding.text


def test_the_headline_and_the_tiles_are_of_one_sample(stage: world.Stage) -> None:
    behind = flow(60, 60) | {"QueueName=jobs ApproximateNumberOfMessagesVisible": 0}
    _, page = pages(stage, behind, {"jobs": (20, 19)})
    assert (page.waiting, page.in_flight) == (20, 19)
    assert "39 messages in the queue" in page.finding.text


# --- units ----------------------------------------------------------------------------------------------------------


def test_every_rate_is_per_minute_as_on_the_charts(stage: world.Stage) -> None:
    assert [formatting.rate(rate) for rate in (1_500, 9.5)] == ["1,500/min", "9.5/min"]
    metrics = flow(1_500, 528, received=700)
    found = pages(stage, metrics, {"jobs": (900, 3)})
    with world.world(stage, metrics, depths={"jobs": (900, 3)}) as (aws, _):
        told = [page.finding.text for page in (*found, concurrency.report(aws, WORKLOAD, WINDOW))]
    for text in told:
        assert "/s" not in text, text
    assert any("1,500/min" in text and "528/min" in text for text in told)


def test_the_command_line_and_the_page_write_the_path_alike(stage: world.Stage) -> None:
    shown, page = pages(stage, flow(2_580, 568, received=600))
    assert "sent 2,580/min → received 600/min → processed 568/min" in path_text(shown)
    drawn = "".join(pipeline_view.arrows(shown.path))
    assert all(f"<b>{rate}</b>" in drawn for rate in ("2,580/min", "600/min", "568/min"))
    assert "2,580/min arriving, 568/min processed" in page.finding.text


# --- the oldest message ---------------------------------------------------------------------------------------------

AGE_ALARM = Alarm("age", "OK", "", "", None, "AWS/SQS", backlog.AGE_METRIC, (), 135.0, 60, 15, 15)


def ages(*values: float, period: int = 60) -> tuple[Points, int]:
    first = datetime(2026, 11, 24, tzinfo=UTC)
    return tuple((first + timedelta(seconds=number * period), value) for number, value in enumerate(values)), period


@pytest.mark.parametrize(
    ("alarm", "points", "breached"),
    [
        (AGE_ALARM, ages(*[10.0] * 14, 142.0), False),
        (AGE_ALARM, ages(*[142.0] * 15), True),
        (AGE_ALARM, ages(*[142.0] * 14), False),
        (AGE_ALARM, ages(*[142.0] * 90, period=10), True),
        (AGE_ALARM, ages(*[1.0] * 6, *[142.0] * 84, period=10), False),
        (AGE_ALARM, ages(*[142.0] * 3, period=300), True),
        (replace(AGE_ALARM, to_alarm=3), ages(*[142.0, 1.0] * 7), True),
        (replace(AGE_ALARM, periods=1, to_alarm=1), ages(1.0, 142.0), True),
        (replace(AGE_ALARM, comparison="GreaterThanThreshold"), ages(*[135.0] * 15), False),
        (AGE_ALARM, ages(), False),
    ],
)
def test_the_alarms_own_rule(alarm: Alarm, points: tuple[Points, int], breached: bool) -> None:
    assert alarm_rules.breached(alarm, *points) is breached


def with_rule(stage: world.Stage, periods: int) -> None:
    """The age alarm looks at that many minutes."""
    plain = stage.fake.answer

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        found = plain(service, operation, asked)
        for alarm in found.get("MetricAlarms", []) if operation == "DescribeAlarms" else []:
            alarm |= {"EvaluationPeriods": periods, "DatapointsToAlarm": periods, "Period": 60}
        return found

    stage.fake.answer = answer


@pytest.mark.parametrize(
    ("points", "firing", "level"),
    [
        ([1.0] * 9 + [600], (), Level.WARNING),
        ([600.0] * 10, (), Level.CRITICAL),
        ([1.0] * 9 + [600], ("shop-age",), Level.CRITICAL),
    ],
)
def test_one_late_point_is_no_emergency(
    stage: world.Stage, points: list[float], firing: tuple[str, ...], level: Level
) -> None:
    metrics = flow(60, 60) | {"QueueName=jobs ApproximateAgeOfOldestMessage": points}
    with world.world(stage, metrics, depths={"jobs": (4, 5)}, firing=firing) as (aws, _):
        with_rule(stage, 5)
        shown, page = overview.report(aws, WORKLOAD, WINDOW), queue.report(aws, WORKLOAD, WINDOW)
    assert {card(shown, "age").level, page.finding.level, shown.finding.level} == {level}
    if level is Level.WARNING:
        assert "alarm threshold 9 min in 5 of 5 periods of 60 s" in page.finding.text


# --- nothing to do --------------------------------------------------------------------------------------------------


def test_an_idle_stack_raises_no_warning(stage: world.Stage) -> None:
    shown, page = pages(stage, IDLE)
    with world.world(stage, IDLE) as (aws, _):
        spent, lives = cost.report(aws, WORKLOAD, WINDOW), concurrency.report(aws, WORKLOAD, WINDOW)
        messages = dead_letters.report(aws, WORKLOAD, WINDOW)
    for report in (shown, page, spent, lives, messages):
        assert report.finding.level in (Level.OK, Level.NO_DATA), report.finding.text
    assert spent.break_even_jobs_per_hour is None
    assert "nothing was sent or processed" in spent.finding.text
    assert {card.level for card in shown.cards} <= {Level.OK, Level.NO_DATA}


def test_the_first_seconds_of_work_raise_no_warning(stage: world.Stage) -> None:
    """Three messages were sent and are at work; none is finished."""
    first = {name: [None] * 8 + [points, points] for name, points in flow(3, 0, received=3).items()}
    shown, page = pages(stage, first | {"Invocations": [None] * 8 + [1.0, 1.0]}, {"jobs": (0, 3)})
    with world.world(stage, first | {"Invocations": [None] * 8 + [1.0, 1.0]}) as (aws, _):
        spent = cost.report(aws, WORKLOAD, WINDOW)
    for report in (shown, page, spent):
        assert report.finding.level in (Level.OK, Level.NO_DATA), report.finding.text


def test_work_that_fails_is_still_told(stage: world.Stage) -> None:
    _, page = pages(stage, flow(60, 20, received=120), {"jobs": (0, 5)})
    assert "are not deleted and return to the queue" in page.finding.text


# --- a range that is over -------------------------------------------------------------------------------------------

THEN = flow(60, 50) | {
    "QueueName=jobs ApproximateNumberOfMessagesVisible": 60,
    "QueueName=jobs ApproximateNumberOfMessagesNotVisible": 7,
    "QueueName=dead ApproximateNumberOfMessagesVisible": [40.0, 40, 44, 44, 46, 46, 46, 46, 46, 46],
    "QueueName=dead ApproximateNumberOfMessagesNotVisible": 2,
}


def test_every_number_of_a_past_range_is_of_its_end(stage: world.Stage) -> None:
    with world.world(stage, THEN, depths={"jobs": (3_842, 5), "dead": (246, 0)}, firing=["shop-age"]) as (aws, fake):
        shown, page = overview.report(aws, WORKLOAD, PAST), queue.report(aws, WORKLOAD, PAST)
        messages, lives = dead_letters.report(aws, WORKLOAD, PAST), concurrency.report(aws, WORKLOAD, PAST)
        assert fake.count("GetQueueAttributes") == 0
    assert (card(shown, "depth").value, shown.path.waiting, page.waiting, lives.backlog) == (60, 60, 60, 60)
    assert (card(shown, "dead").value, shown.path.dead, messages.count, messages.arrived) == (48, 48, 48, 6)
    when = f"at {END:%H:%M} UTC"
    assert when in card(shown, "depth").note
    assert f"48 dead letters {when}, at least 6 arrived in the 10 min to {END:%H:%M} UTC" in shown.finding.text
    assert shown.alarms == messages.alarms == ()
    assert "shop-age" not in shown.finding.text
    assert "alarm age is in ALARM" not in shown.finding.text
    assert shown.at == page.at == messages.at == END


def test_a_past_range_without_metrics_is_not_known(stage: world.Stage) -> None:
    shown, page = pages(stage, {}, {"jobs": (9, 0), "dead": (3, 0)}, PAST)
    assert (card(shown, "depth").value, card(shown, "dead").value, page.waiting) == (None, None, None)
    assert card(shown, "depth").level is card(shown, "dead").level is Level.NO_DATA
    assert shown.finding.level is page.finding.level is Level.NO_DATA


def test_what_makes_a_range_past() -> None:
    now = END
    assert not windows.last(15, now=now).past
    assert not windows.between(now - timedelta(hours=1), now + timedelta(hours=1), now=now).past
    assert windows.between(now - timedelta(hours=1), now - timedelta(minutes=20), now=now).past
    assert [windows.last(days * 1_440, now=now).fine for days in (1, 20, 100)] == [60, 300, 3_600]
