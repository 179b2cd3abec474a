"""A range with more invocations than one query returns is sampled: evenly, cheaply, and said with its uncertainty."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from handler import contract
from ops.insight.report_types import Window
from ops.insight.reports import cold_starts, cost, failures
from ops.insight.rules.cold_starts.reasons import ColdReason
from ops.insight.rules.error_counts import ALL_ERRORS
from ops.insight.sources import invocations
from ops.insight.sources.invocations import range_sample
from ops.insight.sources.invocations.range_sample import PARTS, share_interval
from ops.workload import Workload
from tests.ops.insight.world import FUNCTION, WINDOW, WORKLOAD, Stage, record, world

DAY = Window(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC), 300, past=True)
MILLION = 1_000_000


def test_what_one_query_returns_is_not_sampled() -> None:
    assert range_sample.plan(DAY, 10_000) is None
    assert range_sample.plan(Window(DAY.start, DAY.start + timedelta(seconds=30), 1), MILLION) is None


def test_every_part_of_the_range_has_one_moment_of_the_same_length() -> None:
    sample = range_sample.plan(DAY, MILLION)
    assert sample is not None
    hours = [(begin - DAY.start) // timedelta(hours=1) for begin, _ in sample.moments]
    assert hours == list(range(PARTS))
    assert {end - begin for begin, end in sample.moments} == {sample.length}
    assert len({begin.minute for begin, _ in sample.moments}) > PARTS / 2, (
        "a job on the hour is not always in it, or never"
    )
    assert sample.length * PARTS < (DAY.length / 100), "a hundredth of the bytes at most is scanned"
    assert range_sample.plan(DAY, MILLION) == sample, "the same range gives the same sample"


def test_an_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    """Also where the share differs from moment to moment, which a plain binomial interval would ignore."""
    chance = np.random.default_rng(7)
    held, plain = 0, 0
    for _ in range(400):
        by_part = chance.beta(2, 18, PARTS)
        parts = np.repeat(np.arange(PARTS), 100)
        of = chance.random(len(parts)) < by_part[parts]
        low, high = share_interval(of, parts)
        held += low <= 0.1 <= high
        margin = 1.96 * np.sqrt(of.mean() * (1 - of.mean()) / len(of))
        plain += abs(of.mean() - 0.1) <= margin
    assert held / 400 > 0.88
    assert plain < held


def test_a_range_that_moves_with_the_clock_keeps_its_moments() -> None:
    """Also where a few more invocations came, and where it begins within a part."""
    before = range_sample.plan(DAY, MILLION)
    later = timedelta(minutes=25)
    after = range_sample.plan(replace(DAY, start=DAY.start + later, end=DAY.end + later), 1_002_000)
    assert before is not None and after is not None
    assert len(set(after.moments) & set(before.moments)) >= PARTS - 1
    assert all(DAY.start + later <= begin < end < DAY.end + later for begin, end in after.moments)


def test_each_part_of_a_moving_range_is_as_likely_to_be_read() -> None:
    inside = 0
    hours = range(24 * 30)
    for hour in hours:
        start = DAY.start + timedelta(hours=hour, minutes=45)  # three quarters of the first hour are outside
        sample = range_sample.plan(replace(DAY, start=start, end=start + timedelta(days=1)), MILLION)
        assert sample is not None
        inside += sample.moments[0][0] < start + timedelta(minutes=15)
    assert inside / len(hours) == pytest.approx(0.25, abs=0.05)


def test_a_moment_that_is_over_is_read_and_paid_for_once(stage: Stage) -> None:
    sample = range_sample.plan(DAY, MILLION)
    assert sample is not None
    with world(stage, BUSY, log_lines=LINES) as (aws, fake):
        first, scanned = range_sample.read_moments(aws, "/busy/kept", "fields @message", sample)
        again, scanned_again = range_sample.read_moments(aws, "/busy/kept", "fields @message", sample)
    assert fake.count("StartQuery") == PARTS
    assert again == first
    assert scanned == sum(rows.bytes_scanned for rows in first) > 0
    assert scanned_again == 0


def test_a_moment_of_the_last_minutes_is_read_again(stage: Stage) -> None:
    """Its lines may not all be there yet."""
    end = datetime.now(UTC)
    window = Window(end - timedelta(minutes=4), end, 60)
    counted = {"Invocations": 5_000.0}
    with world(stage, counted, log_lines=LINES) as (aws, fake):
        sample = range_sample.plan(window, MILLION)
        assert sample is not None
        for _ in range(2):
            range_sample.read_moments(aws, "/busy/new", "fields @message", sample)
    assert fake.count("StartQuery") == 2 * len(sample.moments)


def test_the_same_lines_are_parsed_once_for_one_setting(stage: Stage) -> None:
    workload = of_group("parsed")
    assert workload.function is not None
    larger = replace(workload, function=replace(workload.function, memory_mb=10_240))
    with world(stage, BUSY, log_lines=LINES) as (aws, _):
        first, again, other = (
            invocations.read(aws, examined, DAY, MILLION) for examined in (workload, workload, larger)
        )
    assert len(first.table) > 0
    assert again.table is first.table
    assert other.table is not first.table, "its price is of the function's memory"


@pytest.mark.parametrize(("rows", "expected"), [(0, (0.0, 1.0)), (1, (0.0, 1.0))])
def test_of_next_to_nothing_nothing_is_claimed(rows: int, expected: tuple[float, float]) -> None:
    assert share_interval(np.ones(rows, dtype=bool), np.zeros(rows, dtype=np.int64)) == expected


def test_none_of_few_is_not_taken_for_none_at_all() -> None:
    low, high = share_interval(np.zeros(60, dtype=bool), np.arange(60) % PARTS)
    assert low == 0.0
    assert high == pytest.approx(0.05)


def of_group(name: str) -> Workload:
    """A workload that logs in a group of its own: what was read of another test's is kept."""
    return replace(WORKLOAD, function=replace(FUNCTION, log_group=f"/busy/{name}"))


BUSY = {"Invocations": 5_000.0, "Errors": 100.0, "Duration": 500_000.0}


def line(number: int) -> str:
    """One in ten is cold, one in twenty fails; spread over the range."""
    failed = {contract.INV_STATUS: "timeout", contract.INV_ERROR_TYPE: "Sandbox.Timedout"} if number % 20 == 0 else {}
    values = {
        contract.INV_REQUEST_ID: f"r{number}",
        contract.INV_STARTED: (WINDOW.start + timedelta(seconds=number * 2.3)).isoformat(),
        contract.INV_VERSION: str(1 + number % 2),
        contract.INV_DURATION: 100.0,
        contract.INV_COLD: int(number % 10 == 0),
        contract.INV_INIT: 900.0 if number % 10 == 0 else None,
    }
    return record(**{**values, **failed})


LINES = [line(number) for number in range(240)]


def test_failures_of_a_busy_range_are_the_metrics_with_the_samples_shares(stage: Stage) -> None:
    with world(stage, BUSY, log_lines=LINES) as (aws, fake):
        found = failures.report(aws, of_group("failures"), WINDOW)
    moments = fake.count("StartQuery")
    sample = range_sample.plan(WINDOW, 50_000)
    assert sample is not None
    assert moments == len(sample.moments), "one query for each moment"
    assert fake.count("GetMetricData") == 2, "the page's, and how large the logs are"
    assert list(found.errors.columns) == [ALL_ERRORS]
    assert found.total is not None
    assert found.failed == found.errors[ALL_ERRORS].sum() == sum(found.by_type["invocations"])
    assert sum(found.by_version["invocations"]) == pytest.approx(found.total, rel=0.01)
    assert found.duration_counts.sum().sum() == pytest.approx(found.total, rel=0.01)
    assert "sampled failures" in found.finding.text
    [note] = [text for text in found.look.partial if "sampled" in text]
    assert note.startswith(
        f"Log lines are sampled: 240 of 50,000 invocations, from {moments} moments of 1 s spread over the range."
    )


def test_cold_starts_of_a_busy_range_have_an_interval_and_no_inferred_reasons(stage: Stage) -> None:
    with world(stage, BUSY, log_lines=LINES) as (aws, _):
        found = cold_starts.report(aws, of_group("cold"), WINDOW)
    assert "about 5,000 of 50,000 invocations were cold (10%, " in found.finding.text
    assert "by a sample" in found.finding.text
    assert set(found.reasons["reason"]) == {ColdReason.UNKNOWN.value}
    assert sum(found.reasons["cold"]) == 5_000
    assert sum(found.by_version["cold"]) == 5_000


def test_the_cost_of_looking_is_that_of_the_moments(stage: Stage) -> None:
    with world(stage, BUSY, log_lines=LINES) as (aws, _):
        found = cost.report(aws, of_group("cost"), WINDOW)
    assert found.look.usd > 0
    assert any("sampled" in text for text in found.look.partial)
    assert found.measured_log_bytes is None, "an invocation's bytes are not known from a part of the lines"


def test_no_traffic_is_not_sampled(stage: Stage) -> None:
    with world(stage, {"Invocations": 0.0}) as (aws, fake):
        found = failures.report(aws, WORKLOAD, WINDOW)
    assert fake.count("StartQuery") == 1
    assert found.look.partial == ()
