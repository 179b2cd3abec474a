"""What is rare in a busy range is counted in all log lines, within a budget; where that is not possible, it is sampled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from handler import contract
from ops.aws import Aws
from ops.errors import UsageError
from ops.insight.report_types import Window
from ops.insight.reports import cold_starts, cost, failures, overview
from ops.insight.rules.cold_starts import versions
from ops.insight.sources.log_totals import (
    LineForm,
    LogTotals,
    TotalsAnswer,
    VersionTotal,
    line_form,
    query_texts,
    read_totals_of,
    reading,
)
from ops.insight.sources.log_totals.model import FAILED
from ops.insight.sources.log_totals.reading import BUDGET
from ops.workload import Workload
from tests.fakes.aws import FakeAws, Refusal
from tests.fakes.busy_day import BusyDay, BusyService, Deployed
from tests.fakes.busy_day.traffic import ERRORS
from tests.ops.insight.world import FUNCTION, WORKLOAD, Stage

NOON = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The end of yesterday: a day of the fake's, whole."""
DAY = Window(NOON - timedelta(days=1), NOON, 300, past=True)
INVOCATIONS = 30_000
QUEUE_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@contextmanager
def busy(
    stage: Stage, name: str, *, extension: bool = True, refused: tuple[str, ...] = ()
) -> Iterator[tuple[Aws, FakeAws, Workload, BusyService]]:
    """A day with ``INVOCATIONS``, of a function with a log group of its own."""
    group = f"/busy/{name}"
    day = BusyDay(Deployed("worker", "jobs", "dead", group, extension=extension), INVOCATIONS)
    service, counted = BusyService(day), (contract.JOB_NAMESPACE, contract.SERVICE)

    def answer(_: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in refused:
            raise Refusal("AccessDeniedException")
        if operation == "DescribeAlarms":
            return {"MetricAlarms": []}
        if "/provisioned-concurrency" in operation:
            return {"ProvisionedConcurrencyConfigs": []}
        if operation == "GetQueueAttributes":
            return {"Attributes": dict.fromkeys(QUEUE_COUNTS, "0")}
        if operation == "GetMetricData":
            return service.metrics.answer(asked, time.time())
        return service.insights.answer(operation, asked, time.time())

    stage.fake.answer = answer
    stage.fake.calls.clear()
    yield (
        stage.aws,
        stage.fake,
        replace(WORKLOAD, function=replace(FUNCTION, log_group=group, metrics=counted)),
        service,
    )


def aggregates(service: BusyService) -> int:
    return sum("| stats " in query for query in service.insights.queries)


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
    assert found.too_few == (found.invocations["cold"].sum() < versions.LEAST)
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


def crashed_share(found: cost.CostReport) -> float:
    """Of what Lambda and SQS cost, without the failed jobs' share."""
    crashed = found.failures[found.failures["what"] == "invocation failed"]["usd"].sum()
    parts = dict(zip(found.parts["component"], found.parts["usd"], strict=True))
    compute = ("Lambda duration", "Lambda INIT", "Lambda requests", "SQS requests")
    return float(crashed / sum(parts[name] for name in compute))


def test_records_without_a_cost_are_not_charged_their_milliseconds(stage: Stage) -> None:
    with busy(stage, "unpriced") as (aws, fake, workload, _):
        answer = fake.answer

        def without_costs(*asked: Any) -> Any:
            found = answer(*asked)
            for row in found.get("results", ()):
                if {"outcome", "usd"} <= {each["field"] for each in row}:
                    failed = any(each["field"] == "outcome" and each["value"] in FAILED for each in row)
                    row[:] = [each for each in row if not (failed and each["field"] == "usd")]
                    stripped.append(failed)
            return found

        stripped: list[bool] = []
        fake.answer = without_costs
        found = cost.report(aws, workload, DAY)
    assert any(stripped)
    assert not all(stripped)
    assert crashed_share(found) == 0


@pytest.mark.parametrize("extension", [True, False])
def test_what_failures_of_a_busy_day_cost_is_counted(stage: Stage, extension: bool) -> None:
    with busy(stage, f"cost-{extension}", extension=extension) as (aws, _, workload, service):
        found = cost.report(aws, workload, DAY)
        asked = list(service.insights.queries)
        again = cost.report(aws, workload, DAY)
    day = service.insights.day
    weights = day.usd if extension else day.billed_ms
    assert crashed_share(found) == pytest.approx(weights[day.failure > 0].sum() / weights.sum())
    jobs = found.failures[found.failures["what"] == "job failed, retried"]
    assert list(jobs["cause"]) == ["ValueError"]
    assert any("failures by type and failed jobs by cause (" in note for note in found.look.partial)
    assert len(asked) == len(set(asked)) + 23, "each moment of the sample once, and three aggregates"
    assert service.insights.queries == asked, "what does not change is not read again"
    assert again.look.usd < found.look.usd
    assert again.failures.equals(found.failures)
    assert again.refresh_usd == again.look.usd
    assert found.look.usd - found.refresh_usd > found.totals_hourly_usd / 4 > 0, (
        "a day's are read each quarter of an hour"
    )
    assert again.totals_hourly_usd == found.totals_hourly_usd


def test_above_the_budget_the_causes_of_failed_jobs_are_sampled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUDGET, "0.0004")
    with busy(stage, "cost-sampled") as (aws, _, workload, service):
        found = cost.report(aws, workload, DAY)
    assert aggregates(service) == 0
    assert "Causes of failed jobs are those in the sampled log lines." in found.look.partial
    assert found.look.usd < 0.0004


def test_init_of_a_busy_day_without_records_is_priced_on_cost_and_overview_alike(stage: Stage) -> None:
    with busy(stage, "alike", extension=False) as (aws, _, workload, service):
        costs, first = cost.report(aws, workload, DAY), overview.report(aws, workload, DAY)
        colds = cold_starts.report(aws, workload, DAY)
    day, cards = service.insights.day, {card.key: card for card in first.cards}
    parts = dict(zip(costs.parts["component"], costs.parts["usd"], strict=True))
    inits, usual = np.nansum(day.init_ms), day.billed_ms.sum()
    assert parts["Lambda INIT"] / parts["Lambda duration"] == pytest.approx(inits / (usual - inits))
    assert not any("INIT" in text for text in costs.left_out)
    assert cards["cost"].value == costs.usd_per_1000
    assert colds.share is not None
    assert cards["cold_share"].value == colds.share * 100
    assert colds.cold == int(day.cold.sum())


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


def test_the_outline_of_cost_has_every_number_but_that_of_failures(stage: Stage) -> None:
    with busy(stage, "outline-cost") as (aws, fake, workload, service):
        readings = cost.read_metrics(aws, workload, DAY)
        outline = cost.outline(aws, workload, readings)
        assert outline is not None
        assert outline.is_outline
        assert not service.insights.queries
        asked = fake.count("GetMetricData")
        found = cost.report(aws, workload, DAY, readings=readings)
        assert fake.count("GetMetricData") == asked + 1, "the log group's IncomingBytes"
        assert cost.outline(aws, workload, readings) is None, "the moments are kept: nothing is waited for"
    assert outline.parts.equals(found.parts)
    assert (outline.usd_per_1000, outline.month_usd) == (found.usd_per_1000, found.month_usd)
    assert found.failures_usd > 0


def test_init_that_is_in_the_logs_alone_has_no_outline_of_its_cost(stage: Stage) -> None:
    with busy(stage, "outline-lines", extension=False) as (aws, _, workload, _):
        assert cost.outline(aws, workload, cost.read_metrics(aws, workload, DAY)) is None


@pytest.mark.parametrize(
    ("after_ms", "cold", "expected"), [(1_100, 400, "yes"), (1_010, 400, "no"), (1_900, 9, "too few")]
)
def test_a_version_is_slower_if_its_median_is_by_more_than_chance(after_ms: float, cold: int, expected: str) -> None:
    def of(version: str, median: float) -> VersionTotal:
        return VersionTotal(version, 10_000, cold, {25: median - 100, 50: median, 75: median + 100}, {})

    frame = versions.of_totals(LogTotals((of("1", 1_000), of("2", after_ms)), None, NOON))
    assert list(frame["slower"]) == ["", expected]
    if cold >= versions.LEAST:
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
        reading.budget_usd({BUDGET: written})


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
