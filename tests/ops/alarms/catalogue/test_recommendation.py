"""The alarms that are recommended for a workload: their thresholds, and what is not recommended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.alarms.catalogue import (
    CatalogueOptions,
    InitBaseline,
    JobMetrics,
    Recommendation,
    RecommendedAlarm,
    recommend,
    rows,
)
from ops.alarms.evaluate import simulate
from ops.doctor.settings import ObservedMetrics, Unknown, WorkloadSettings
from ops.errors import UsageError
from tests.cases.doctor import healthy
from tests.fakes.regional_prices import priced

ALL = CatalogueOptions(
    extension=True, jobs=JobMetrics("SciLearn", "service", "scilearn"), undelivered_queue="orders-undelivered"
)


def one(id_: str, workload: WorkloadSettings = healthy.HEALTHY, **options: Any) -> RecommendedAlarm:
    return recommend(workload, replace(ALL, only=(id_,), **options)).alarms[0]


def why_not(id_: str, workload: WorkloadSettings, **options: Any) -> str:
    found: Recommendation = recommend(workload, replace(ALL, **options))
    assert id_ not in [each.id for each in found.alarms]
    return next(each.why for each in found.skipped if each.id == id_)


def test_every_row_of_the_catalogue_is_recommended_where_all_is_known() -> None:
    found = recommend(healthy.HEALTHY, ALL)
    assert [each.id for each in found.alarms] == [each.id for each in rows()]
    assert found.skipped == ()


def test_the_evaluator_accepts_every_definition_and_no_data_is_no_alarm() -> None:
    found = recommend(healthy.HEALTHY, ALL)
    result = simulate([each.definition for each in found.alarms], {}, 0, 86_400)
    assert {each.new for each in result.transitions} == {"OK"}


def test_thresholds_follow_the_settings() -> None:
    workload = healthy.on_queue(visibility_s=600, retention_s=1_209_600)
    assert one("oldest-message-age", workload).definition["Threshold"] == 900
    assert one("backlog-past-retention", workload).definition["Threshold"] == 604_800
    slow = healthy.on_function(timeout_s=900, memory_mb=2_048)
    assert one("duration-near-timeout", slow).definition["Threshold"] == 720_000
    assert one("memory-near-limit", slow).definition["Metrics"][0]["Expression"] == "100 * memory / 2048"
    assert one("throttled-into-dlq", slow).definition["Metrics"][1]["MetricStat"]["Period"] == 1_080
    assert one("stalled", slow).definition["EvaluationPeriods"] == 20


@pytest.mark.parametrize("visibility_s", [0, 30])
def test_a_short_visibility_timeout_is_no_limit_of_the_wait(visibility_s: int) -> None:
    assert one("oldest-message-age", healthy.on_queue(visibility_s=visibility_s)).definition["Threshold"] == 300


def test_the_queue_of_failed_asynchronous_invocations_follows_the_function() -> None:
    """Unless another is named; where the settings leave a doubt, there is none."""

    def watched(workload: WorkloadSettings, **options: Any) -> Any:
        return one("undelivered", workload, **options).definition["Dimensions"]

    there = healthy.on_function(undelivered="failed")
    assert watched(there, undelivered_queue=None) == [{"Name": "QueueName", "Value": "failed"}]
    assert watched(there, undelivered_queue="mine") == [{"Name": "QueueName", "Value": "mine"}]
    for value, why in (
        (None, "no queue for failed asynchronous invocations is configured, or named (--undelivered)"),
        (Unknown("several queues keep them"), "several queues keep them"),
        ("orders-dlq", "failed asynchronous invocations go to orders-dlq, which other alarms watch"),
    ):
        assert why_not("undelivered", healthy.on_function(undelivered=value), undelivered_queue=None) == why


def test_a_given_deadline_is_the_threshold_and_the_reason() -> None:
    alarm = one("oldest-message-age", deadline_s=120)
    assert alarm.definition["Threshold"] == 96
    assert alarm.reason.startswith("80% of the deadline that was given for a message, 2 min.")


def test_the_limit_that_binds_is_the_least_of_three() -> None:
    by_mapping = healthy.changed(mappings=(healthy.mapping(healthy.BOUNDED, maximum_concurrency=20),))
    assert one("concurrency-near-limit", by_mapping).definition["Threshold"] == 18
    assert one("concurrency-near-limit", healthy.on_function(reserved=50)).definition["Threshold"] == 45
    assert one("concurrency-near-limit", healthy.on_function(reserved=None)).definition["Threshold"] == 900


def test_an_unknown_setting_skips_the_row_and_says_why() -> None:
    workload = healthy.on_function(memory_mb=Unknown("parameter Memory has no default"))
    assert why_not("memory-near-limit", workload) == "parameter Memory has no default"
    hidden = healthy.changed(mappings=Unknown("access was denied"))
    assert why_not("function-errors", hidden) == "access was denied"


def test_init_durations_are_compared_with_those_of_the_version_before_where_they_are_known() -> None:
    only = CatalogueOptions(only=("init-slower",), extension=True)
    (compared,) = recommend(healthy.HEALTHY, replace(only, init_before=InitBaseline(7, 2100.0, 340))).alarms
    assert compared.definition["Threshold"] == 3150
    assert compared.reason.startswith("Half as much again as the p95 of version 7: 2.1 s, of 340 cold starts.")
    for observed, threshold in ((ObservedMetrics(init_ms=900), 1800), (ObservedMetrics(), 8000)):
        (alone,) = recommend(healthy.changed(observed=observed), only).alarms
        assert alone.definition["Threshold"] == threshold


def test_without_the_accounts_number_the_alarm_asks_for_its_quota() -> None:
    unknown = healthy.changed(account_concurrency=Unknown("not in a template"))
    (asks,) = recommend(unknown, CatalogueOptions(only=("account-concurrency-near-limit",))).alarms
    assert asks.definition["Metrics"][0]["Expression"] == "100 * claimed / SERVICE_QUOTA(running)"
    assert (asks.definition["Threshold"], asks.monthly_usd) == (90, 0.2)
    (told,) = recommend(healthy.HEALTHY, CatalogueOptions(only=("account-concurrency-near-limit",))).alarms
    assert (told.definition["MetricName"], told.monthly_usd) == ("ClaimedAccountConcurrency", 0.1)


def test_what_is_not_there_has_no_alarm() -> None:
    assert why_not("dead-letters", healthy.changed(dlq=None)) == "the queue has no dead-letter queue"
    assert "extension" in why_not("extension-silent", healthy.changed(observed=ObservedMetrics()), extension=None)
    assert why_not("jobs-without-results", healthy.HEALTHY, jobs=None) == "no metrics of finished jobs are named"


def test_records_of_the_extension_in_its_metrics_are_enough() -> None:
    assert one("memory-near-limit", extension=None)


def test_each_function_of_several_has_alarms_of_its_own() -> None:
    second = healthy.mapping(healthy.function("slow", timeout_s=60), name="mapping-2")
    workload = healthy.changed(mappings=(healthy.mapping(healthy.BOUNDED), second))
    found = recommend(workload, replace(ALL, only=("duration-near-timeout", "stalled")))
    named = {each.name: each.definition.get("Threshold") for each in found.alarms}
    assert named["orders-duration-near-timeout-worker"] == 24_000
    assert named["orders-duration-near-timeout-slow"] == 48_000
    assert "orders-stalled" in named


def test_the_composite_names_the_alarms_that_page() -> None:
    found = recommend(healthy.HEALTHY, replace(ALL, actions=("arn:topic",), pager=("arn:pager",)))
    composite = next(each for each in found.alarms if each.composite)
    paging = [each.name for each in found.alarms if each.severity == "page" and not each.composite]
    assert composite.definition["AlarmRule"] == " OR ".join(f'ALARM("{name}")' for name in paging)
    assert composite.definition["AlarmActions"] == ["arn:pager"]
    assert one("stalled", actions=("arn:topic",)).definition["AlarmActions"] == ["arn:topic"]


def of_many_functions(name: str = "worker") -> Recommendation:
    mappings = (healthy.mapping(healthy.function(f"{name}-{number}"), name=f"mapping-{number}") for number in range(10))
    return recommend(
        healthy.changed(mappings=tuple(mappings)), replace(ALL, actions=("arn:topic",), pager=("arn:pager",))
    )


@pytest.mark.parametrize("name", ["worker", "worker-with-a-name-as-long-as-functions-may-have-it-nearly"])
def test_more_alarms_than_a_rule_may_name_are_named_in_parts(name: str) -> None:
    *parts, whole = (each for each in of_many_functions(name).alarms if each.composite)
    assert len(parts) >= 2
    assert all(len(each.definition["AlarmRule"]) <= 10_240 for each in parts)
    assert all(each.definition["AlarmRule"].count("ALARM(") <= 100 for each in parts)
    assert whole.definition["AlarmRule"] == " OR ".join(f'ALARM("{each.name}")' for each in parts)
    assert not any(each.definition.get("AlarmActions") for each in parts)
    assert whole.definition["AlarmActions"] == ["arn:pager"]


def test_each_alarm_that_pages_is_in_a_part_and_the_evaluator_takes_them() -> None:
    alarms = of_many_functions().alarms
    rules = " ".join(each.definition["AlarmRule"] for each in alarms if each.composite)
    paging = [each.name for each in alarms if each.severity == "page" and not each.composite]
    assert len(paging) > 100
    assert all(f'ALARM("{name}")' in rules for name in paging)
    simulate([each.definition for each in alarms], {}, 0, 3_600)


def test_an_alarm_costs_what_the_metrics_that_it_reads_cost() -> None:
    assert one("dead-letters").monthly_usd == 0.10
    assert one("stalled").monthly_usd == 0.30
    assert one("stalled", period_s=10).monthly_usd == 0.90
    found = recommend(healthy.HEALTHY, ALL)
    assert found.monthly_usd == round(sum(each.monthly_usd for each in found.alarms), 2)
    assert next(each.monthly_usd for each in found.alarms if each.composite) == 0.50


def test_a_row_that_the_catalogue_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="no alarm nope"):
        recommend(healthy.HEALTHY, CatalogueOptions(only=("nope",)))


def test_prices_are_those_of_the_workloads_region() -> None:
    with priced("eu-west-1", alarm_month=0.2, composite_alarm_month=0.7, lambda_gb_second_x86_64=1.0):
        there = recommend(replace(healthy.HEALTHY, price_region="eu-west-1"), ALL)
        template = recommend(healthy.HEALTHY, ALL)
    assert (there.price_region, template.price_region) == ("eu-west-1", "us-east-1")
    by_id = {each.id: each.monthly_usd for each in there.alarms}
    assert (by_id["dead-letters"], by_id["page-me"]) == (0.2, 0.7)
    assert {each.id: each.monthly_usd for each in template.alarms}["page-me"] == 0.5
    budgets = [{each.id: each.definition for each in found.alarms}["cost-per-day"] for found in (there, template)]
    assert budgets[0] == budgets[1], "EstimatedCost has us-east-1's prices in every region"
