"""What rows on metric math fire for, and what they leave alone: a value a minute, ``-`` for a minute without data."""

from __future__ import annotations

import pytest

from ops.alarms.catalogue import CatalogueOptions, JobMetrics, recommend, rows
from ops.alarms.evaluate import Metric, Point, account_quotas, dimensions_of, point, simulate
from ops.doctor.settings import ObservedMetrics, WorkloadSettings
from tests.cases.doctor.healthy import HEALTHY, on_queue

T0 = 1_780_272_000.0  # midnight UTC
JOBS = JobMetrics("SciLearn", "service", "scilearn")


def fired(id_: str, workload: WorkloadSettings = HEALTHY, **series: str) -> list[int]:
    """The minutes at which the alarm goes to ALARM. ``series``: by the ID of the row's query."""
    (alarm,) = recommend(workload, CatalogueOptions(only=(id_,), jobs=JOBS)).alarms
    metrics: dict[Metric, list[Point]] = {}
    for query in alarm.definition["Metrics"]:
        if "MetricStat" in query and query["Id"] in series:
            named = query["MetricStat"]["Metric"]
            metric = Metric(named["Namespace"], named["MetricName"], dimensions_of(named["Dimensions"]))
            values = enumerate(series[query["Id"]].split())
            metrics[metric] = [point(T0 + 60 * minute, float(each)) for minute, each in values if each != "-"]
    length = 60 * max(len(text.split()) for text in series.values())
    found = simulate([alarm.definition], metrics, T0, T0 + length)
    return [round((each.at - T0) / 60) for each in found.transitions if each.new == "ALARM"]


def test_a_second_dead_letter_is_growth_long_after_the_first() -> None:
    depth = "0 " * 5 + "1 " * 30 + "2 " * 5
    assert fired("dead-letters-growing", depth=depth, hidden="0 " * 40) == [7, 37]


def test_reading_the_dead_letter_queue_and_releasing_it_is_no_growth() -> None:
    assert fired("dead-letters-growing", depth="5 5 0 0 5 5 5", hidden="0 0 5 5 0 0 0") == []


@pytest.mark.parametrize(
    ("depth", "hidden"),
    [
        ("50 50 50 50 50 0 0 50 50 50", "0 0 0 0 50 50 50 0 0 0"),  # hidden, and still counted as visible for a minute
        ("50 50 50 50 0 0 0 50 50 50", "0 0 0 0 0 50 50 0 0 0"),  # for a minute counted nowhere
        ("50 50 50 50 48 50 50 50 50 50", "0 0 0 0 0 0 0 0 0 0"),
    ],
)
def test_a_sample_that_is_off_for_a_minute_is_no_growth(depth: str, hidden: str) -> None:
    assert fired("dead-letters-growing", depth=depth, hidden=hidden) == []


def test_one_more_after_a_reading_is_growth() -> None:
    assert fired("dead-letters-growing", depth="5 5 0 0 5 5 6 6 6", hidden="0 0 5 5 0 0 0 0 0") == [8]


def test_what_a_consumer_takes_between_two_samples_is_seen() -> None:
    assert fired("dlq-drained-unseen", received="0 0 0 2 0", depth="0 0 0 0 0", hidden="0 0 0 0 0") == [4]


def test_a_redrive_of_what_was_there_is_not_drained_unseen() -> None:
    received, depth, hidden = "0 0 10 10 0 0", "20 20 10 0 0 0", "0 0 0 0 0 0"
    assert fired("dlq-drained-unseen", received=received, depth=depth, hidden=hidden) == []


def test_a_queue_that_no_one_reads_is_stalled_after_ten_minutes() -> None:
    assert fired("stalled", waiting="5 " * 20, received="3 " * 5 + "0 " * 15, deleted="3 " * 5 + "0 " * 15) == [15]


def test_a_fifo_queue_waits_for_a_failed_message_before_it_is_stalled() -> None:
    fifo = on_queue(fifo=True, visibility_s=5_400)
    held_up = "1 " + "0 " * 89
    assert fired("stalled", fifo, waiting="5 " * 180, received=held_up * 2, deleted="0 " * 180) == []
    assert fired("stalled", fifo, waiting="5 " * 180, received="1 " + "0 " * 179, deleted="0 " * 180) == [96]


@pytest.mark.parametrize("waiting", ["0 " * 20, "- " * 20])
def test_an_idle_queue_is_not_stalled(waiting: str) -> None:
    assert fired("stalled", waiting=waiting, received="0 " * 20, deleted="0 " * 20) == []


def test_metrics_that_have_not_come_are_no_zeros() -> None:
    assert fired("stalled", waiting="5 " * 20, received="- " * 20, deleted="- " * 20) == []


def test_messages_that_come_back_without_an_error_are_seen_within_two_periods() -> None:
    received, deleted, nothing = "1 " * 30, "1 " * 10 + "0 " * 20, "0 " * 30
    assert fired("returned-without-delete", received=received, deleted=deleted, errors=nothing, throttles=nothing) == [
        18
    ]


def test_a_batch_on_the_border_of_two_periods_is_not_returned() -> None:
    received, deleted = "4 0 0 0 0 0 0 0 0 0 " * 4, "0 4 0 0 0 0 0 0 0 0 " * 4
    assert fired("returned-without-delete", received=received, deleted=deleted, errors="0 " * 40) == []


def test_errors_are_for_the_alarm_on_errors() -> None:
    assert fired("returned-without-delete", received="1 " * 30, deleted="0 " * 30, errors="1 " * 30) == []


def test_throttled_messages_in_a_queue_that_was_silent() -> None:
    throttles, depth = "- - 3 3 - 3 - - - -", "- - - - - - 3 3 3 3"
    others = {"depth": depth, "hidden": depth.replace("3", "0"), "waiting": "1 " * 10}
    assert fired("throttled-into-dlq", HEALTHY, throttles=throttles, **others) == [7]
    assert fired("throttled-into-dlq", HEALTHY, throttles="0 " * 10, **others) == []


def test_the_end_of_a_gap_in_metrics_is_no_rise_of_a_standing_depth() -> None:
    depth = "4 " * 10 + "- " * 20 + "4 " * 10
    hidden, waiting = depth.replace("4", "0"), depth.replace("4", "1")
    assert fired("throttled-into-dlq", throttles="2 " * 40, depth=depth, hidden=hidden, waiting=waiting) == []


def test_a_scale_up_is_no_way_to_the_quota() -> None:
    up = " ".join(str(min(14_000, 2_000 * minute)) for minute in range(40))
    assert fired("in-flight-near-quota", hidden=up) == []
    assert fired("in-flight-near-quota", hidden=" ".join(str(1_000 * minute) for minute in range(120))) == [53]


def days(*each: str) -> str:
    """A value at the beginning of each day."""
    return " ".join(f"{value} {'- ' * 1_439}" for value in each)


def test_a_day_without_a_success_costs_more_by_message() -> None:
    assert fired("cost-per-success", cost=days("5", "5", "5"), deleted=days("1000", "1000", "0"))
    assert fired("cost-per-success", cost=days("5", "5", "5"), deleted=days("1000", "1000", "900")) == []


def test_one_slow_start_is_no_slower_start() -> None:
    init = HEALTHY.observed
    assert isinstance(init, ObservedMetrics) and init.init_ms
    slow = str(3 * init.init_ms)
    assert fired("init-slower", init="- " * 5 + slow + " -" * 5) == []
    assert fired("init-slower", init="- " * 5 + f"{slow} " * 5) == [10]


SPARSE = {
    "destination-failures": {"destination": "0 0 1 0"},
    "jobs-without-results": {"deleted": "1 " * 60},
    "extension-silent": {"invocations": "1 " * 120},
    "returned-without-delete": {"received": "1 " * 30, "deleted": "0 " * 30},
}


@pytest.mark.parametrize("id_", SPARSE)
def test_a_metric_that_never_came_silences_no_alarm(id_: str) -> None:
    assert fired(id_, HEALTHY, **SPARSE[id_])
    (row,) = (each for each in rows() if each.id == id_)
    # Whether CloudWatch fills a metric without any data is not known, so that none of these may rely on it.
    assert not any("FILL(" in each.expression for each in row.thresholds)


def test_without_data_each_alarm_is_ok() -> None:
    """Why none has a warm-up: it would keep an alarm INSUFFICIENT_DATA until its metrics come, and these are OK until then."""
    options = CatalogueOptions(jobs=JOBS, extension=True, deadline_s=900, undelivered_queue="failed", day_budget_usd=5)
    alarms = recommend(HEALTHY, options).alarms
    assert len(alarms) > 20
    found = simulate([alarm.definition for alarm in alarms], {}, T0, T0 + 3_600, quotas=account_quotas(1_000))
    states = {each.alarm: each.new for each in found.transitions}
    assert states == dict.fromkeys([alarm.name for alarm in alarms], "OK")
