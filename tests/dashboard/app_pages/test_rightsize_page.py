"""The Right-sizing page: measured, not measured, refused, and by another objective."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dashboard.charts import rightsize as charts
from dashboard.pages import PAGES
from ops import pricing
from ops.rightsize import suggestion
from ops.rightsize.model import Objective
from tests.dashboard.app import App
from tests.dashboard.samples.sweeps import MEMORIES, sweep

Visit = Callable[[str], App]
ENTRY = PAGES["rightsize"]


def test_a_sweep_has_its_finding_its_curves_and_its_table(sample: Visit) -> None:
    app = sample("fine").open(ENTRY)
    assert not app.at.exception
    assert app.chart_titles == ["Cost by memory size", "Duration by memory size"]
    assert "Change scilearn-worker from 1,024 MB to 1,769 MB for cost and latency" in app.text
    assert "Settings" in app.text
    lines = app.charts[1]["data"]
    assert [line["name"] for line in lines] == ["p95", "p50"]
    assert list(lines[0]["x"]) == list(MEMORIES)


def test_another_objective_and_number_of_jobs_are_of_the_same_measurements(sample: Visit) -> None:
    app = sample("fine").open(ENTRY, **{"rs-objective": "Lowest cost", "rs-per-month": "0"})
    assert "clearly better for cost." in app.text
    assert "$0.00" in app.text


def test_a_change_that_costs_more_is_no_negative_saving(sample: Visit) -> None:
    app = sample("crowded").open(ENTRY)
    assert "Extra cost per month" in app.text
    assert "Saves per month" not in app.text


def test_a_change_whose_cost_is_too_close_to_tell_claims_no_saving(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY)
    assert "costs about the same; p95" in app.text
    assert "Cost per month about the same" in " ".join(app.text.split())
    assert "Extra cost per month" not in app.text and "Saves per month" not in app.text


def test_a_suggested_change_says_how_it_is_made(sample: Visit) -> None:
    app = sample("fine").open(ENTRY)
    command = (
        "aws lambda update-function-configuration --function-name scilearn-worker --memory-size 1769 --region us-east-1"
    )
    assert command in [code.value for code in app.at.code]


def test_the_unit_of_an_interval_is_written_once_unless_its_ends_have_two(sample: Visit) -> None:
    rows = sample("fine").open(ENTRY).at.dataframe[0].value
    assert re.fullmatch(r"[0-9.]+ ms \([0-9.]+ – [0-9.]+\)", rows["p50"].iloc[-1])


def test_what_may_not_be_suggested_says_why(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY)
    assert not app.at.exception
    assert "The sweep ended early: It reached the limit of $1 (--max-usd)." in app.text
    rows = app.at.dataframe[0].value
    assert "not suggested" in rows["verdict"].iloc[0]
    assert "128 MB: runs out of memory" in app.text


def test_both_charts_have_all_sizes_even_where_one_has_a_single_point() -> None:
    measured = sweep()
    attempts = tuple(attempt for attempt in measured.attempts if attempt.memory_mb == 512)
    failed = tuple(replace(attempt, succeeded=0, error="Sandbox.Timedout") for attempt in attempts)
    rest = tuple(replace(attempt, memory_mb=memory) for memory in (128, 3008) for attempt in failed)
    answer = suggestion.size_up(
        replace(measured, attempts=(*attempts, *rest)), pricing.load("us-east-1"), Objective.BALANCED
    )
    shown = [chart(answer).layout.xaxis.range for chart in (charts.cost, charts.latency)]
    assert shown[0] == shown[1]
    assert 10 ** shown[0][0] < 128 < 3008 < 10 ** shown[0][1]


def test_nothing_measured_shows_the_command(sample: Visit) -> None:
    app = sample("empty").open(ENTRY)
    assert not app.at.exception
    assert "No sweep yet" in app.text
    assert "ops rightsize" in app.text
    assert app.charts == []


def test_an_error_is_a_sentence(sample: Visit) -> None:
    app = sample("denied").open(ENTRY)
    assert not app.at.exception
    assert "Next step" in app.text


def test_batch_sizes_are_lines_of_their_own() -> None:
    answer = suggestion.size_up(sweep(batch_sizes=(1, 10)), pricing.load(), Objective.COST)
    chart = charts.cost(answer)
    assert [line.name for line in chart.data] == ["batches of 1", "batches of 10"]
    assert all(above > below for above, below in zip(chart.data[0].y, chart.data[1].y, strict=True))
