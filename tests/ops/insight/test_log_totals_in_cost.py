"""What failures and INIT of a busy range cost, from all log lines or from a sample."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from handler import contract
from ops.insight.reports import cold_starts, cost, overview
from ops.insight.sources.log_totals import query_texts
from ops.insight.sources.log_totals.model import FAILED, job_failure_totals
from ops.insight.sources.log_totals.totals_reader import BUDGET
from tests.ops.insight.busy_range import DAY, aggregates, busy
from tests.ops.insight.world import Stage


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
    odd = np.flatnonzero(day.failure) % 2 == 1
    shares = {"ValueError: model is too old": odd.mean(), "ValueError: no segment …": 1 - odd.mean()}
    assert dict(zip(jobs["cause"], jobs["usd"] / jobs["usd"].sum(), strict=True)) == pytest.approx(shares)
    assert any("A shorter range" in note and "ops costs --since" in note for note in found.look.partial)
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


def test_messages_that_begin_in_too_many_ways_leave_the_other_aggregates(stage: Stage) -> None:
    """An answer has 10,000 rows at most: of more, the causes are those of the sample."""
    with busy(stage, "cost-unlike") as (aws, fake, workload, service):
        answer = fake.answer

        def unlike(*asked: Any) -> Any:
            found = answer(*asked)
            for row in [row for row in found.get("results", ()) if {"attempts"} <= {each["field"] for each in row}][:1]:
                found = found | {"results": [row] * 10_000}
            return found

        fake.answer = unlike
        found = cost.report(aws, workload, DAY)
        asked = list(service.insights.queries)
        cost.report(aws, workload, DAY)
    day = service.insights.day
    assert crashed_share(found) == pytest.approx(day.usd[day.failure > 0].sum() / day.usd.sum())
    assert "Causes of failed jobs are those in the sampled log lines." in found.look.partial
    assert sum("| stats " in query for query in service.insights.queries) == sum("| stats " in one for one in asked)


@pytest.mark.parametrize(
    ("message", "words", "is_whole"),
    [
        ("model is too old", "model is too old", True),
        ("no segment S17 in the list", "no segment", False),
        ("job 3f2a91 timed out", "job", False),
        ("'recipient' is not a column", "", False),
        ("s3://bucket/key is not there", "", False),
        ("first line\nsecond line", "first line second line", True),
        ("Größe fehlt", "Größe fehlt", True),
        ("a b c d e f g h i j k l m n", "a b c d e f g h i j k l", False),
    ],
)
def test_how_a_message_begins(message: str, words: str, is_whole: bool) -> None:
    parsed = re.search(rf"parse {contract.LOG_ERROR_MESSAGE} /(.*?)/ \|", query_texts.failed_jobs())
    assert parsed is not None
    found = re.match(parsed[1].replace("(?<", "(?P<"), message)
    row = {"attempts": "1", "words": found["words"] if found else "", "longest": str(len(message))}
    (total,) = job_failure_totals([row])
    assert (" ".join(total.words.split()), total.is_whole) == (words, is_whole)


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
