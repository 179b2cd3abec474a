"""What is rare in a busy range is counted in all log lines, within a budget; where that is not possible, it is sampled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ops.errors import UsageError
from ops.insight.reports import cold_starts, failures
from ops.insight.rules.cold_starts import versions
from ops.insight.sources.log_totals import (
    LineForm,
    LogTotals,
    TotalsAnswer,
    VersionTotal,
    line_form,
    query_texts,
    read_totals_of,
    totals_reader,
)
from ops.insight.sources.log_totals.totals_reader import BUDGET
from tests.fakes.busy_day.traffic import ERRORS
from tests.ops.insight.busy_range import DAY, MIDNIGHT, aggregates, busy
from tests.ops.insight.world import FUNCTION, Stage


@pytest.mark.parametrize("extension", [True, False])
def test_cold_starts_of_a_busy_day_are_counted_not_estimated(stage: Stage, extension: bool) -> None:
    with busy(stage, f"cold-{extension}", extension=extension) as (aws, _, workload, service):
        found = cold_starts.report(aws, workload, DAY)
    day = service.insights.day
    after = day.began >= 14 * 60
    assert list(found.by_version["invocations"]) == [int((~after).sum()), int(after.sum())]
    assert list(found.by_version["cold"]) == [int(day.cold[~after].sum()), int(day.cold[after].sum())]
    assert found.cold == int(day.cold.sum())
    inits = day.init_ms[after & day.cold]
    assert found.init_p95_ms == pytest.approx(np.percentile(inits, 95))
    assert found.init_of == found.by_version["version"].iloc[-1]
    assert found.too_few == (found.invocations["cold"].sum() < versions.MIN_COLD_STARTS)
    assert found.reasons.empty == found.too_few, "no count is made of a handful of sampled cold starts"
    assert any("read for" in note and "counts and percentiles by version" in note for note in found.look.partial)


def test_failures_of_a_busy_day_are_counted_by_type_and_period(stage: Stage) -> None:
    with busy(stage, "failed") as (aws, _, workload, service):
        found = failures.report(aws, workload, DAY)
    day = service.insights.day
    truth = {ERRORS[code]: int((day.failure == code).sum()) for code in (1, 2, 3) if (day.failure == code).any()}
    assert dict(zip(found.by_type["error_type"], found.by_type["invocations"], strict=True)) == truth
    assert found.errors.sum().to_dict() == truth
    assert list(found.by_version["failed"]) == [
        int((day.failure[day.began < 14 * 60] > 0).sum()),
        int((day.failure[day.began >= 14 * 60] > 0).sum()),
    ]
    assert "of logged failures" in found.finding.text
    assert found.memory.notna().all(axis=1).mean() > 0.9, "by the metric: a sample has gaps between its moments"


@pytest.mark.parametrize("made", [cold_starts, failures])
def test_an_outline_needs_no_log_lines_and_gives_its_metrics_to_the_report(stage: Stage, made: Any) -> None:
    with busy(stage, f"outline-{made.__name__}") as (aws, fake, workload, service):
        readings = made.read_metrics(aws, workload, DAY)
        outline = made.outline(aws, workload, readings)
        assert outline is not None
        assert outline.is_outline
        assert outline.invocations.empty
        assert not service.insights.queries
        found = made.report(aws, workload, DAY, readings)
        assert fake.count("GetMetricData") == 2, "the other one is the log group's IncomingBytes"
        assert made.outline(aws, workload, readings) is None, "the moments are kept: nothing is waited for"
    assert not found.is_outline
    assert len(found.invocations)
    if made is failures:
        assert (outline.failed, outline.total) == (found.failed, found.total)
        assert outline.durations.equals(found.durations)


@pytest.mark.parametrize(
    ("after_ms", "cold", "expected"), [(1_100, 400, "yes"), (1_010, 400, "no"), (1_900, 9, "too few")]
)
def test_a_version_is_slower_if_its_median_is_by_more_than_chance(after_ms: float, cold: int, expected: str) -> None:
    def of(version: str, median: float) -> VersionTotal:
        return VersionTotal(version, 10_000, cold, {25: median - 100, 50: median, 75: median + 100}, {})

    frame = versions.of_totals(LogTotals((of("1", 1_000), of("2", after_ms)), None, MIDNIGHT))
    assert list(frame["slower"]) == ["", expected]
    if cold >= versions.MIN_COLD_STARTS:
        assert frame["init_p50_low_ms"][0] == pytest.approx(1_000 - 1.96 * 0.93 * 200 / 20)


def test_aggregates_are_paid_for_once(stage: Stage) -> None:
    with busy(stage, "once") as (aws, _, workload, service):

        def read(minutes: int) -> TotalsAnswer:
            moved = timedelta(minutes=minutes)
            window = replace(DAY, start=DAY.start + moved, end=DAY.end + moved)
            return read_totals_of(aws, workload, window, has_records=True, with_outcomes=True)

        first, again = read(0), read(5)
        assert aggregates(service) == 2
        read(-20)
        assert aggregates(service) == 4
    assert again.totals == first.totals
    assert again.notes == first.notes
    assert first.usd > 0
    assert again.usd == 0


def test_a_range_above_the_budget_says_what_it_would_cost(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUDGET, "0.0004")
    with busy(stage, "budget") as (aws, _, workload, service):
        found = read_totals_of(aws, workload, DAY, has_records=True)
    assert found.totals is None
    assert aggregates(service) == 0
    assert found.notes == (
        "All log lines of the range are 93 MB: to aggregate them would cost $0.00046, above the budget of $0.00040 "
        f"({BUDGET}).",
    )


def test_no_budget_asks_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUDGET, "0")
    with busy(stage, "none") as (aws, fake, workload, _):
        assert read_totals_of(aws, workload, DAY, has_records=True) == TotalsAnswer()
    assert fake.calls == []


@pytest.mark.parametrize("written", ["much", "-1", "inf", "nan"])
def test_a_budget_that_is_not_an_amount_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="not a valid amount"):
        totals_reader.budget_usd({BUDGET: written})


def test_where_logs_insights_is_refused_the_sample_is_read_by_filter(stage: Stage) -> None:
    with busy(stage, "refused", refused=("StartQuery",)) as (aws, fake, workload, service):
        found = cold_starts.report(aws, workload, DAY)
    assert aggregates(service) == 0
    assert fake.count("FilterLogEvents") > 0
    assert len(found.invocations) > 500
    assert "not authorized to perform logs:StartQuery" in found.look.partial[0]
    assert "FilterLogEvents instead" in found.look.partial[0]


def test_an_endpoint_that_cannot_aggregate_leaves_the_sample(stage: Stage) -> None:
    """As the twin's, which answers any query with lines."""
    with busy(stage, "plain") as (aws, fake, workload, _):
        known = fake.answer

        def lines_only(of: str, operation: str, asked: dict[str, Any]) -> Any:
            if operation == "StartQuery":
                asked = {**asked, "queryString": "fields @message", "limit": 10}
            return known(of, operation, asked)

        fake.answer = lines_only
        found = read_totals_of(aws, workload, DAY, has_records=True)
    assert found.totals is None


def test_each_form_of_log_line_has_its_query() -> None:
    as_json = replace(FUNCTION, log_format="JSON")
    assert line_form(as_json, has_records=True) is LineForm.RECORD
    assert line_form(as_json, has_records=False) is LineForm.JSON
    assert line_form(FUNCTION, has_records=False) is LineForm.TEXT
    assert 'FunctionName = "worker"' in query_texts.by_version(LineForm.RECORD, "worker")
    assert "record.metrics.initDurationMs" in query_texts.by_version(LineForm.JSON, "worker")
    assert "bin(300s)" in query_texts.outcomes(LineForm.TEXT, "worker", 300)
