"""How the rate follows what the workload can take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.deadletters.redrive.headroom import FLOOR_PER_S, WorkloadReading, next_rate

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
QUIET = WorkloadReading(visible=0, in_flight=3, oldest_s=0.0, done_per_s=20.0, concurrency=2, limit=10, metrics_at=AT)


def rate_after(
    now: WorkloadReading, rate: float = 40.0, cap: float | None = 100.0, acted_on: datetime | None = None
) -> float:
    return next_rate(rate, now, cap, acted_on)[0]


def test_while_nothing_presses_it_rises_to_the_cap_and_stays() -> None:
    assert next_rate(40.0, QUIET, 100.0, None) == (60.0, "the workload keeps up, rising")
    assert next_rate(90.0, QUIET, 100.0, None) == (100.0, "the workload keeps up, rising")
    assert next_rate(100.0, QUIET, 100.0, None) == (100.0, "the plan's cap; the workload keeps up")
    assert next_rate(0.0, QUIET, 100.0, None)[0] == FLOOR_PER_S


def test_without_a_cap_it_keeps_rising() -> None:
    assert next_rate(900.0, QUIET, None, None) == (1350.0, "the workload keeps up, rising")
    assert next_rate(20_000.0, QUIET, None, None)[1] == "no cap; the workload keeps up"


def test_a_cap_below_the_floor_holds() -> None:
    assert rate_after(QUIET, 0.5, cap=0.5) == 0.5
    assert rate_after(replace(QUIET, visible=10_000, done_per_s=None), 0.5, cap=0.5) <= 0.5


@pytest.mark.parametrize(
    ("changes", "rate", "why"),
    [
        ({"visible": 50, "oldest_s": 40.0}, 30.0, "the queue's oldest message is 40 s old, slowing"),
        ({"visible": 50, "oldest_s": 75.0}, 20.0, "the queue's oldest message is 75 s old, slowing"),
        ({"visible": 50, "oldest_s": 24.0}, 40.0, "the queue's oldest message is 24 s old, holding"),
        ({"visible": 50, "oldest_s": 600.0}, 0.0, "the queue's oldest message is 10 min old: paused"),
        ({"visible": 900}, 30.0, "900 messages wait, 45 s of work, slowing"),
        ({"visible": 5, "concurrency": 10}, 30.0, "10 of 10 environments are busy, slowing"),
        ({"visible": 5, "concurrency": 8}, 40.0, "8 of 10 environments are busy, holding"),
        ({"in_flight": 100_000}, 30.0, "100,000 of 120,000 messages in flight, slowing"),
        ({"in_flight": 119_000}, 0.0, "119,000 of 120,000 messages in flight: paused"),
        ({"throttles": 12.0}, 20.0, "12 invocations were throttled, slowing"),
        ({"claimed": 950, "quota": 1000}, 30.0, "the account uses 950 of 1,000 concurrent executions, slowing"),
    ],
)
def test_what_presses_most_is_the_reason(changes: dict[str, float], rate: float, why: str) -> None:
    assert next_rate(40.0, replace(QUIET, **changes), 100.0, None) == (rate, why)  # type: ignore[arg-type]


def test_an_old_message_that_is_tried_again_is_no_backlog() -> None:
    assert rate_after(replace(QUIET, visible=0, oldest_s=500.0)) == 60.0


def test_busy_environments_with_nothing_waiting_keep_up() -> None:
    assert rate_after(replace(QUIET, visible=0, concurrency=10)) == 60.0


def test_it_does_not_fall_twice_for_the_same_minute() -> None:
    late = replace(QUIET, visible=50, oldest_s=40.0)
    assert next_rate(30.0, late, 100.0, AT) == (
        30.0,
        "the queue's oldest message is 40 s old: waiting for the effect of the slower rate",
    )
    assert rate_after(replace(late, metrics_at=AT + timedelta(minutes=1)), 30.0, acted_on=AT) == 22.5


def test_it_never_falls_below_the_floor_but_to_pause() -> None:
    assert rate_after(replace(QUIET, visible=50, oldest_s=40.0), FLOOR_PER_S) == FLOOR_PER_S


def test_a_queue_that_fills_up_slows_before_any_metric_shows_it() -> None:
    filling = replace(QUIET, visible=150, done_per_s=None, growth_per_s=30.0)
    assert next_rate(40.0, filling, 100.0, None) == (30.0, "150 messages wait, 30 more per second, slowing")
    assert rate_after(replace(filling, visible=30)) == 60.0, "too few to matter yet"


@pytest.mark.parametrize("capacity", [5.0, 40.0, 90.0, 400.0])
def test_over_an_hour_the_queue_stays_short_and_the_workload_busy(capacity: float) -> None:
    """``capacity`` messages a second are done; CloudWatch shows it by the minute, and a minute late."""
    rate, waiting, sent, longest = 20.0, 0.0, 0.0, 0.0
    acted: datetime | None = None
    history: list[tuple[datetime, float, float | None]] = [(AT - timedelta(minutes=m), 0.0, None) for m in (2, 1)]
    for second in range(0, 3600, 5):
        before = waiting
        sent += rate * 5
        done = min(waiting + rate * 5, capacity * 5)
        waiting += rate * 5 - done
        longest = max(longest, waiting / capacity)
        if second % 60 == 0:
            history.append((AT + timedelta(seconds=second), waiting / capacity, done / 5 or None))
        at, age, per_s = history[-2]
        reading = WorkloadReading(int(waiting), 0, age, per_s, metrics_at=at, growth_per_s=(waiting - before) / 5)
        slower, _ = next_rate(rate, reading, 100.0, acted)
        acted = at if slower < rate else acted
        rate = slower
    assert longest < 150, "seconds that the last message waits"
    assert sent / 3600 > 0.6 * min(capacity, 100.0), "of what could go"
