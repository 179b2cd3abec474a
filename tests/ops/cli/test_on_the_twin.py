"""The commands on real traffic, and their numbers next to the reports that the dashboard shows."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.insight import time_window
from ops.insight.report_types import Level, Window
from ops.insight.reports import cold_starts, concurrency, cost, dead_letters, overview, queue
from ops.target import Target, resolve
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin
JOBS = 5
TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}


@pytest.fixture(scope="module")
def worked(twin: Twin) -> Twin:
    """The twin after a few real jobs whose metrics are there to be read."""
    for _ in range(JOBS):
        job: dict[str, Any] = {
            "schema": contract.JOB_SCHEMA,
            "job_id": uuid.uuid4().hex,
            "kind": "describe",
            "data": TABLE,
        }
        assert twin.post(job).status == 202
        twin.result(job["job_id"])

    state = twin.state
    target = Target(
        state.stack,
        region=state.region,
        endpoint=state.endpoint,
        access_key_id=state.access_key_id,
        secret_access_key=state.secret_access_key,
        finest_period=state.period,
    )
    aws = Aws(target)
    described = workload.describe(aws, target)

    def counted() -> bool:
        span = time_window.last(15, target.finest_period)
        return cost.report(aws, described, span).successes >= JOBS

    wait_for(counted, 120, "the jobs were not counted")
    return twin


def values(report: Any) -> dict[str, float | None]:
    """The Overview's cards by key."""
    return {card.key: card.value for card in report.cards}


def asked(aws: Aws) -> list[str]:
    """Records every GetMetricData call that ``aws`` makes from now on."""
    calls: list[str] = []
    aws.cloudwatch.meta.events.register("before-call.cloudwatch.GetMetricData", lambda **_: calls.append("metrics"))
    return calls


def test_every_page_from_one_call_and_all_of_them_agree(worked: Twin) -> None:
    target = resolve(environ={})
    aws = Aws(target)
    described = workload.describe(aws, target)
    calls = asked(aws)

    def answer(page: Any, span: Window) -> Any:
        calls.clear()
        report = page.report(aws, described, span)
        assert len(calls) == 1, page.__name__
        return report

    def quiet() -> tuple[Any, list[Any]] | None:
        """The Overview and the other pages, if no metric came while they were asked one after the other."""
        span = time_window.last(15, target.finest_period)
        cost.report(aws, described, span)  # it reads the week before this span, and keeps it
        seen = answer(overview, span)
        others = [answer(page, span) for page in (queue, concurrency, dead_letters, cold_starts, cost)]
        return (seen, others) if values(answer(overview, span)) == pytest.approx(values(seen)) else None

    seen, others = wait_for(quiet, 120, "metrics came in between, each time")
    _, busy, died, cold, spent = others
    cards = values(seen)
    assert cards["dead"] == died.count
    assert cards["cost"] == pytest.approx(spent.usd_per_1000)
    assert spent.successes >= JOBS
    assert cold.share is not None
    assert 0 < cold.share <= 1, "the first job met a cold start"
    assert cold.init_p95_ms is not None
    assert 50 < cold.init_p95_ms < 10_000
    assert set(cold.invocations["status"]) <= {"success", "timeout", "error", "failure"}
    assert len(cold.phases) >= 4
    assert busy.limits[0].name == "ESM MaximumConcurrency"
    assert busy.seconds_per_message is not None
    for report in (seen, *others):
        assert report.look.partial == ()
        assert report.finding.level is not Level.NO_DATA


def test_status_says_what_the_overview_says(worked: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    target = resolve(environ={})
    aws = Aws(target)
    described = workload.describe(aws, target)

    def shown() -> dict[str, float | None]:
        return values(overview.report(aws, described, time_window.last(15, target.finest_period)))

    def quiet() -> dict[str, float | None] | None:
        """What the Overview says, if that is the same before and after the command."""
        before = shown()
        code = run(["status", "--minutes", "15", "--json"])
        told.update(json.loads(capsys.readouterr().out))
        assert code == (1 if told["finding"]["level"] == "critical" else 0)
        return before if shown() == pytest.approx(before) else None

    told: dict[str, Any] = {}
    expected = wait_for(quiet, 120, "a period ended in between, each time")
    assert told["workload"]["name"] == "scilearn"
    assert {card["key"]: card["value"] for card in told["cards"]} == pytest.approx(expected)
    run(["status"])
    screen = capsys.readouterr().out
    for title in (
        "local twin",
        "Queued",
        "Age of oldest message",
        "Concurrency",
        "Cold starts",
        "Cost per 1,000 jobs",
        "Dead letters",
    ):
        assert title in screen


def test_costs_and_an_empty_dead_letter_queue(worked: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["costs"]) == 0
    screen = capsys.readouterr().out
    assert "last 15 min" in screen, "as far back as the dashboard on a twin"
    assert "of which failed jobs" in screen
    assert "Lambda duration" in screen
    assert "scilearn · us-east-1 · local twin" in screen
    assert "Excluded: S3" in screen
    assert "the same hours a week before: no data." in " ".join(screen.split())
    assert run(["costs", "--free-tier", "--volume-tiers"]) == 0
    assert "volume tiers, with the free tier" in " ".join(capsys.readouterr().out.split())
    assert run(["dlq", "scan", "--queue", "scilearn-results"]) == 2, "the results queue has no dead-letter queue"
    assert "has no dead-letter queue" in capsys.readouterr().err


def test_what_is_not_there(worked: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--queue", "nowhere"]) == 3
    assert "There is no queue nowhere in the twin" in capsys.readouterr().err


def test_a_forecast_of_the_real_queue(worked: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", "--backlog", "5000", "--arrivals", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    now = told["settings"][0]
    assert (now["setting"], now["limited_by"]) == ("as it is", "ESM MaximumConcurrency")
    assert now["drained_s"] == pytest.approx(5_000 * told["seconds_per_message"] / now["concurrency_limit"], rel=0.2)
    assert run(["forecast", "--backlog", "100", "--arrivals", "9e9"]) == 1
    screen = capsys.readouterr().out
    assert "never drained" in screen
    assert "arrivals: as given" in screen
