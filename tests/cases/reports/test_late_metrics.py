"""Metrics that come late: a rate is of the minutes that there are, and no page says that nothing happens now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dashboard.pages import PAGES
from ops import formatting
from ops.cli.status.view import path_text
from ops.insight.report_types import Level, Window
from ops.insight.reports import concurrency, cost, overview, queue
from tests.dashboard.app import App
from tests.ops.insight import world
from tests.ops.insight.world import END, WORKLOAD

LONG = Window((END - timedelta(minutes=30)).replace(second=0), END, 60)
QUEUE_METRICS = (
    "NumberOfMessagesSent",
    "NumberOfMessagesReceived",
    "NumberOfMessagesDeleted",
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
)


def until(minutes_ago: int, value: float = 12.0, first: int = 0) -> dict[str, Any]:
    """A value for each minute of the range up to the one that ended so many full minutes ago."""
    values = [None] * first + [value] * (30 - minutes_ago - first)
    return {f"QueueName=jobs {name}": values for name in QUEUE_METRICS} | {"ConcurrentExecutions": values}


@pytest.fixture(autouse=True)
def _half_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "WINDOW", LONG)


@pytest.mark.parametrize("report", [overview.report, queue.report, concurrency.report])
def test_findings_tell_until_when_there_is_data(stage: world.Stage, report: Any) -> None:
    with world.world(stage, until(10), depths={"jobs": (3, 0)}) as (aws, _):
        found = report(aws, WORKLOAD, LONG)
    ended = formatting.clock(END.replace(second=0) - timedelta(minutes=10), END)
    assert found.finding.text.endswith(f"; data until {ended}.")
    (note,) = [text for text in found.look.partial if "metrics end" in text]
    assert note.startswith(f"SQS's metrics end at {ended}, 10 min before now: CloudWatch is late, or the queue")


def test_a_headline_with_chips_tells_it_too(stage: world.Stage) -> None:
    with world.world(stage, until(10), depths={"jobs": (3, 0), "dead": (2, 0)}, firing=("shop-age",)) as (aws, _):
        found = overview.report(aws, WORKLOAD, LONG).finding
    assert found.headline == "Critical: 2 dead letters: review failure causes."
    assert found.chips[-1] == f"data until {formatting.clock(END.replace(second=0) - timedelta(minutes=10), END)}"


def test_rates_are_of_the_latest_minutes_with_data(stage: world.Stage) -> None:
    with world.world(stage, until(10), depths={"jobs": (3, 0)}) as (aws, _):
        shown, page = overview.report(aws, WORKLOAD, LONG), queue.report(aws, WORKLOAD, LONG)
    assert shown.path.accepted == page.arrivals_per_min == 12.0
    ended = END.replace(second=0) - timedelta(minutes=10)
    assert page.rates_over == shown.path.over == (ended - timedelta(minutes=5), ended)
    assert f"(mean of 5 min to {formatting.clock(ended, END)})" in path_text(shown)


@pytest.mark.parametrize(("minutes_ago", "past"), [(0, False), (3, False), (10, True)])
def test_metrics_of_the_usual_age_and_of_a_past_range_are_not_late(
    stage: world.Stage, minutes_ago: int, past: bool
) -> None:
    with world.world(stage, until(minutes_ago)) as (aws, _):
        found = queue.report(aws, WORKLOAD, replace(LONG, past=past))
    assert "data until" not in found.finding.text
    assert not [text for text in found.look.partial if "metrics end" in text]


def test_an_idle_function_is_not_late(stage: world.Stage) -> None:
    """Lambda publishes nothing while nothing runs; SQS publishes zeros."""
    idle = until(1, 0.0) | {"ConcurrentExecutions": [1.0], "Invocations": [4.0]}
    with world.world(stage, idle) as (aws, _):
        found = overview.report(aws, WORKLOAD, LONG)
    assert found.finding.text == "OK: no backlog and no arrivals."


def test_nothing_at_all_may_be_late(stage: world.Stage) -> None:
    """Of a range that is shorter than the delay."""
    with world.world(stage, {}) as (aws, _):
        for report in (overview.report, concurrency.report):
            finding = report(aws, WORKLOAD, LONG).finding
            assert finding.level is Level.NO_DATA and "CloudWatch is late" in finding.text
        priced = cost.report(aws, WORKLOAD, LONG).finding
    assert priced.level is Level.NO_DATA and "no metrics" in priced.text


def test_the_first_period_of_a_young_workload_is_not_part_of_its_rate(stage: world.Stage) -> None:
    """It began within that period: in a week's periods of half an hour the rate would be a fraction of what it was."""
    young = until(1, 12.0, first=26)
    young["QueueName=jobs NumberOfMessagesSent"][26] = 1.0
    with world.world(stage, young) as (aws, _):
        found = queue.report(aws, WORKLOAD, LONG)
    assert found.arrivals_per_min == 12.0
    assert found.rates_over is not None and found.rates_over[0] == LONG.start + timedelta(minutes=27)


def test_the_queue_page_names_the_time_of_its_rates(sample: Callable[[str], App]) -> None:
    app = sample("trouble").open(PAGES["queue"])
    assert app.text.count("5 min to ") == 2
