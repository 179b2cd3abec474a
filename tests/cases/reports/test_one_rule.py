"""No card is better than the finding of its page, and the headline is no better than any page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handler import contract
from ops.insight.report_types import Level
from ops.insight.reports import cold_starts, concurrency, cost, dead_letters, failures, overview, queue
from ops.insight.reports.overview_parts.overview_cards import PAGE_OF_CARD
from ops.insight.rules import levels
from ops.workload import Workload
from tests.ops.insight import world
from tests.ops.insight.world import FUNCTION, MAPPING, QUEUE, WINDOW, WORKLOAD

WORKING = {
    "QueueName=jobs NumberOfMessagesSent": 60,
    "QueueName=jobs NumberOfMessagesReceived": 60,
    "QueueName=jobs NumberOfMessagesDeleted": 60,
    "QueueName=jobs ApproximateNumberOfMessagesVisible": 0,
    "QueueName=jobs ApproximateAgeOfOldestMessage": 1,
    "ConcurrentExecutions": 3,
    "Invocations": 20,
    "Duration": 100,
    "ColdStarts": 0,
    "ColdStarts/count": 20,
    "JobsSucceeded": 60,
}


@pytest.mark.parametrize(
    ("metrics", "depths", "workload", "firing"),
    [
        ({}, {}, WORKLOAD, ()),
        ({}, {"jobs": (200, 5)}, WORKLOAD, ()),
        ({"ApproximateAgeOfOldestMessage": 600}, {"jobs": (20, 5)}, WORKLOAD, ("shop-age",)),
        ({"ApproximateAgeOfOldestMessage": 400}, {"jobs": (20, 5)}, replace(WORKLOAD, alarms=()), ()),
        ({"QueueName=jobs NumberOfMessagesReceived": 200}, {}, WORKLOAD, ()),
        ({"Throttles": 2}, {}, WORKLOAD, ()),
        ({"ConcurrentExecutions": 10, "QueueName=jobs NumberOfMessagesSent": 90}, {"jobs": (9, 9)}, WORKLOAD, ()),
        ({}, {}, replace(WORKLOAD, function=replace(FUNCTION, reserved=4)), ()),
        ({"ColdStarts": 5}, {}, WORKLOAD, ()),
        ({"ColdStarts": 1, "InitDuration": 9_000}, {}, WORKLOAD, ()),
        ({"Errors": 1}, {}, WORKLOAD, ()),
        ({"Errors": 10}, {}, WORKLOAD, ()),
        ({"Errors": 1}, {}, replace(WORKLOAD, alarms=("worker-errors",)), ("worker-errors",)),
        ({"JobsFailed": 30}, {}, WORKLOAD, ()),
        ({"JobsSucceeded": 0, "JobsFailed": 1, "QueueName=jobs NumberOfMessagesDeleted": 0}, {}, WORKLOAD, ()),
        ({"Duration": 55_000}, {}, WORKLOAD, ()),
        ({"MaxMemoryUsed": 1_000}, {}, WORKLOAD, ()),
        ({}, {"dead": (3, 0)}, WORKLOAD, ("shop-dead",)),
        ({}, {}, replace(WORKLOAD, dlq=None), ()),
        ({}, {"jobs": (5, 0)}, replace(WORKLOAD, mapping=replace(MAPPING, state="Disabled")), ()),
        ({}, {}, replace(WORKLOAD, queue=replace(QUEUE, visibility_s=30)), ()),
        ({}, {"jobs": (500, 0)}, replace(WORKLOAD, mapping=None, function=None), ()),
    ],
)
@pytest.mark.parametrize("past", [False, True])
def test_a_card_and_the_headline_are_no_better_than_a_page(
    stage: world.Stage,
    metrics: dict[str, Any],
    depths: dict[str, tuple[int, int]],
    workload: Workload,
    firing: Sequence[str],
    past: bool,
) -> None:
    window = replace(WINDOW, past=past)
    with world.world(stage, WORKING | metrics, depths=depths, firing=firing) as (aws, _):
        shown = overview.report(aws, workload, window)
        pages = {
            "queue": queue.report(aws, workload, window).finding,
            "concurrency": concurrency.report(aws, workload, window).finding,
            "cold_starts": cold_starts.report(aws, workload, window).finding,
            "failures": failures.report(aws, workload, window).finding,
            "cost": cost.report(aws, workload, window).finding,
            "dead_letters": dead_letters.report(aws, workload, window).finding,
        }
    for card in shown.cards:
        page = pages[PAGE_OF_CARD[card.key]]
        worse = page.level in (Level.WARNING, Level.CRITICAL)
        assert card.level is page.level if worse else card.level in (Level.OK, Level.NO_DATA), (card, page)
    for page in pages.values():
        if page.level in (Level.WARNING, Level.CRITICAL):
            assert levels.worst(shown.finding.level, page.level) is shown.finding.level, (shown.finding, page)


def test_what_is_recent_does_not_depend_on_what_else_a_page_reads(stage: world.Stage) -> None:
    """The function's metrics are two minutes ahead of the queue's: only the Overview reads all of both."""
    late = {name: [60.0] * 6 + [None] * 4 if "jobs" in name else 1.0 for name in WORKING}
    late["QueueName=jobs NumberOfMessagesSent"] = [float(minute) for minute in range(6)] + [None] * 4
    with world.world(stage, late) as (aws, _):
        shown, page = overview.report(aws, WORKLOAD, WINDOW), queue.report(aws, WORKLOAD, WINDOW)
        lives = concurrency.report(aws, WORKLOAD, WINDOW)
    assert shown.path.accepted == page.arrivals_per_min == lives.arrivals_per_min == 3


def test_a_past_range_marks_what_is_read_now(stage: world.Stage) -> None:
    off = replace(WORKLOAD, mapping=replace(MAPPING, state="Disabled"), queue=replace(QUEUE, visibility_s=30))
    past = replace(WINDOW, past=True)
    with world.world(stage, WORKING | {"Duration": 55_000}) as (aws, _):
        shown, page = overview.report(aws, off, past), queue.report(aws, off, past)
        lives, failed = concurrency.report(aws, off, past), failures.report(aws, WORKLOAD, past)
    notes = {card.key: card.note for card in shown.cards}
    assert notes["concurrency"].endswith("limit 10 now (ESM MaximumConcurrency)")
    assert notes["age"].endswith("alarm ≥ 9 min now")
    for report in (shown, page, lives):
        assert (
            "the event source mapping of worker is disabled: nothing is processed until you enable it: "
            "follow runbooks/stalled-consumer.md (now)" in report.finding.text
        )
    assert [line.name for line in (*lives.limits, *page.age_lines, *failed.duration_lines)] == [
        "now: ESM MaximumConcurrency",
        "now: account quota",
        "now: alarm shop-age ≥",
        "now: timeout",
    ]
    assert "of a 60 s timeout (now)" in failed.finding.text


def test_a_past_range_marks_shares_of_settings_that_are_read_now(stage: world.Stage) -> None:
    """The memory size, the retention and what else is priced may have been others then."""
    past, old = replace(WINDOW, past=True), QUEUE.retention_s * 0.6
    used: dict[str, Any] = {contract.INV_MEMORY_USED: 1_000.0, "QueueName=jobs ApproximateAgeOfOldestMessage": old}
    used |= {"QueueName=jobs ApproximateNumberOfMessagesVisible": 4.0}
    for window, mark, noted in ((WINDOW, "", 0), (past, " (now)", 1)):
        with world.world(stage, {**WORKING, **used}, depths={"jobs": (4, 0)}) as (aws, _):
            failed, page = failures.report(aws, WORKLOAD, window), queue.report(aws, WORKLOAD, window)
            priced = cost.report(aws, WORKLOAD, window)
        assert f"an invocation used 98% of the function's memory{mark}." in failed.finding.text
        assert failed.memory_now is window.past
        assert f"expires unprocessed after 4 d{mark}" in page.finding.text
        assert priced.inferred.count(cost.SETTINGS_OF_NOW) == noted
