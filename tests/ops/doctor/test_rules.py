"""Each rule finds the workload that breaks it, leaves the one that just does not, and passes on nothing unseen."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from ops.doctor.examination import examine
from ops.doctor.registry import RULES
from ops.doctor.rule import Rule, RuleSeverity
from ops.doctor.settings import ObservedMetrics, Series, Unknown, WorkloadSettings
from tests.cases.doctor.healthy import (
    AGE_ALARM,
    HEALTHY,
    alarm,
    function,
    mapping,
    on_function,
    on_mapping,
    on_queue,
    with_alarms,
)
from tests.cases.doctor.rule_cases import CASES
from tests.fakes.regional_prices import priced

BY_ID = {rule.id: rule for rule in RULES}


def test_every_rule_has_a_case() -> None:
    assert len(RULES) == len(BY_ID) >= 30
    assert CASES.keys() == BY_ID.keys()


@pytest.mark.parametrize("rule_id", CASES)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule_id: str) -> None:
    broken, fine = CASES[rule_id]
    found = examine(broken, [BY_ID[rule_id]])
    assert [finding.rule for finding in found.findings] == [rule_id] * len(found.findings) != []
    assert not found.not_checked
    for finding in found.findings:
        assert finding.change.cli or finding.change.cloudformation
        assert not finding.text.endswith(".")
        assert finding.consequence.endswith((".", "date"))
    assert examine(fine, [BY_ID[rule_id]]).fine == (rule_id,)


def test_a_durable_function_on_latest_is_worse() -> None:
    """Its executions outlast a deployment, and replay with other code."""
    found = {}
    for durable_s in (None, 60):
        unpinned = replace(HEALTHY, mappings=(mapping(function(durable_s=durable_s), qualifier=""),))
        (found[durable_s],) = examine(unpinned, [BY_ID["function-on-latest"]]).findings
    assert (found[None].severity, found[60].severity) == (RuleSeverity.ADVICE, RuleSeverity.WARNING)
    assert "replay with the code of the next deployment" in found[60].text


def test_nothing_is_wrong_with_a_healthy_workload() -> None:
    found = examine(HEALTHY)
    assert not found.findings
    assert [unchecked.rule for unchecked in found.not_checked] == []
    assert set(found.fine) == BY_ID.keys()


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ('max({"ApproximateNumberOfMessagesVisible", QueueName="orders-dlq"}) > 0', "is not evaluated here"),
        (Unknown("it is created from a parameter"), "it is created from a parameter"),
        ('max({QueueName="orders-dlq-2"}) > 0', ""),
    ],
)
def test_a_promql_alarm_is_neither_ignored_nor_taken_for_one_on_the_metric(query: str | Unknown, why: str) -> None:
    promql = replace(alarm("dead", "", ("QueueName", "")), series=(), threshold=None, promql=query)
    found = examine(replace(HEALTHY, alarms=(AGE_ALARM, promql)), [BY_ID["dlq-alarm"]])
    assert bool(found.findings) == (not why)
    assert all(why in unchecked.why for unchecked in found.not_checked)
    assert len(found.not_checked) == bool(why)


def test_a_log_alarm_on_the_functions_lines_is_not_taken_for_none() -> None:
    lines = replace(
        alarm("lines", "", ("QueueName", "")), series=(), threshold=None, log_query='["/aws/lambda/worker"]'
    )
    (found,) = examine(replace(HEALTHY, alarms=(AGE_ALARM, lines)), [BY_ID["errors-alarm"]]).not_checked
    assert found.why == "lines is a log alarm, whose query is not evaluated here"
    other = replace(lines, log_query='["/aws/lambda/worker-2"]')
    assert examine(replace(HEALTHY, alarms=(AGE_ALARM, other)), [BY_ID["errors-alarm"]]).findings


def _hidden(settings: Any) -> Any:
    """The same settings with every value unknown."""
    keep = (
        "origin",
        "metric_names",
        "no_metric_names",
        "name",
        "arn",
        "scope",
        "math",
        "series",
        "rule",
        "promql",
        "log_query",
        "deadline_s",
    )
    unseen = {field.name: Unknown("no one may look") for field in fields(settings) if field.name not in keep}
    return replace(settings, **unseen)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_did_not_see(rule: Rule) -> None:
    """Whole parts unknown, or each value of every part: the answer is never fine, and never a finding."""
    unseen = _hidden(HEALTHY)
    assert not examine(unseen, [rule]).findings
    assert [unchecked.why for unchecked in examine(unseen, [rule]).not_checked] == ["no one may look"]
    found = examine(_hidden_inside(), [rule])
    assert not found.findings
    assert ["no one may look" in unchecked.why for unchecked in found.not_checked] == [
        True
    ] or rule.id in NEED_NO_VALUES


NEED_NO_VALUES = {"dlq-missing", "dlq-on-function", "dlq-alarm-received", "dlq-consumer-shares-function"}
"""They ask whether a part is there: in that workload all are."""


def test_one_of_two_mappings_may_be_off() -> None:
    rule = [BY_ID["mapping-disabled"]]
    on, off = HEALTHY.mappings[0], replace(HEALTHY.mappings[0], enabled=False)  # type: ignore[index]
    assert examine(replace(HEALTHY, mappings=(off, on)), rule).fine == ("mapping-disabled",)
    assert len(examine(replace(HEALTHY, mappings=(off, off)), rule).findings) == 2
    unread = replace(off, enabled=Unknown("not read"))
    assert examine(replace(HEALTHY, mappings=(off, unread)), rule).not_checked


def _hidden_inside() -> WorkloadSettings:
    """Every part is known to be there, and nothing else of it."""
    mappings: Any = HEALTHY.mappings
    alarms: Any = HEALTHY.alarms
    topics: Any = HEALTHY.topics
    hidden: WorkloadSettings = _hidden(HEALTHY)
    return replace(
        hidden,
        queue=_hidden(HEALTHY.queue),
        dlq=_hidden(HEALTHY.dlq),
        mappings=tuple(replace(_hidden(mapping), function=_hidden(mapping.function)) for mapping in mappings),
        other_mappings=(),
        dlq_mappings=(),
        alarms=tuple(replace(_hidden(alarm), series=tuple(map(_hidden_series, alarm.series))) for alarm in alarms),
        topics=tuple(_hidden(topic) for topic in topics),
    )


def _hidden_series(series: Series) -> Series:
    unknown = Unknown("no one may look")
    return Series(unknown, unknown, dict.fromkeys(series.dimensions, unknown), unknown, unknown)


def test_the_worst_is_first() -> None:
    workload = replace(on_queue(visibility_s=10, retention_s=3_600), dlq=None)
    severities = [finding.severity for finding in examine(workload).findings]
    assert severities == sorted(severities, key=list(RuleSeverity).index)
    assert severities[0] is RuleSeverity.CRITICAL


def test_one_unknown_mapping_does_not_hide_the_others() -> None:
    unknown = mapping(name="mapping-2", partial_batches=Unknown("may not be read"))
    workload = replace(on_mapping(partial_batches=False), mappings=(mapping(partial_batches=False), unknown))
    found = examine(workload, [BY_ID["partial-batch-responses"]])
    assert len(found.findings) == 1
    assert found.not_checked[0].why == "may not be read"
    assert not found.fine


def test_visibility_below_the_timeout_is_critical() -> None:
    found = examine(on_queue(visibility_s=29), [BY_ID["visibility-timeout"]]).findings[0]
    assert found.severity is RuleSeverity.CRITICAL
    assert "VisibilityTimeout=180" in found.change.cli
    assert found.change.cloudformation.endswith("VisibilityTimeout: 180")


def test_changes_name_what_is_known() -> None:
    broken = {rule: CASES[rule][0] for rule in ("redrive-allow-policy", "max-receive-count", "function-on-latest")}
    cli = {rule: examine(workload, [BY_ID[rule]]).findings[0].change.cli for rule, workload in broken.items()}
    assert "arn:aws:sqs:eu-west-1:111122223333:orders" in cli["redrive-allow-policy"]
    assert "arn:aws:sqs:eu-west-1:111122223333:orders-dlq" in cli["max-receive-count"]
    assert cli["function-on-latest"].endswith("--function-name worker:live")


def test_a_longer_timeout_takes_the_visibility_timeout_with_it() -> None:
    change = examine(CASES["timeout-headroom"][0], [BY_ID["timeout-headroom"]]).findings[0].change
    assert change.cli.index("VisibilityTimeout=360 && ") < change.cli.index("--timeout 60")


def test_names_are_quoted_in_commands() -> None:
    def renamed(workload: WorkloadSettings) -> WorkloadSettings:
        queue: Any = workload.queue
        return replace(workload, queue=replace(queue, origin=replace(queue.origin, id="$(reboot); x")))

    change = examine(renamed(on_queue(visibility_s=1)), [BY_ID["visibility-timeout"]]).findings[0].change
    assert "--queue-url '$(reboot); x' --attributes" in change.cli


def test_an_alarm_on_an_expression_beside_a_plain_one_hides_nothing() -> None:
    growth = alarm(
        "growth", "ApproximateNumberOfMessagesVisible", ("QueueName", "orders-dlq"), threshold=5.0, math=True
    )
    drain = alarm("drain", "ApproximateAgeOfOldestMessage", ("QueueName", "orders"), threshold=2.0, math=True)
    beside = with_alarms(growth, drain)
    for rule in ("dlq-alarm-threshold", "age-threshold"):
        assert examine(beside, [BY_ID[rule]]).fine, rule
    alone = replace(beside, alarms=(growth, drain))
    for rule, name in (("dlq-alarm-threshold", "growth"), ("age-threshold", "drain")):
        assert examine(alone, [BY_ID[rule]]).not_checked[0].why == f"{name} is on an expression"
    late = replace(with_alarms(replace(AGE_ALARM, threshold=340_000.0)), dlq=None)
    assert examine(replace(late, alarms=(*late.alarms, drain)), [BY_ID["age-threshold"]]).findings  # type: ignore[misc]


@pytest.mark.parametrize(
    ("timeout", "wanted"), [(600, "--timeout 900"), (900, ""), (3_000, "--timeout 5400"), (5_400, "")]
)
def test_no_timeout_is_proposed_beyond_what_lambda_allows(timeout: int, wanted: str) -> None:
    """Only Managed Instances have timeouts above 900 s."""
    assert isinstance(HEALTHY.observed, ObservedMetrics)
    observed = replace(HEALTHY.observed, duration_p99_ms=timeout * 1e3, duration_max_ms=timeout * 1e3)
    workload = replace(on_function(timeout_s=timeout, managed=timeout > 900), observed=observed)
    (found,) = examine(workload, [BY_ID["timeout-headroom"]]).findings
    assert wanted in found.change.cli
    assert bool(wanted) is bool(found.change.cli)
    assert ("is the most that Lambda allows" in found.text) is not bool(wanted)


@pytest.mark.parametrize("rule_id", ["idle-polling", "provisioned-pollers"])
def test_a_price_is_that_of_the_workloads_region(rule_id: str) -> None:
    def text(workload: WorkloadSettings) -> str:
        return examine(workload, [BY_ID[rule_id]]).findings[0].text

    broken, _ = CASES[rule_id]
    with priced("eu-west-1", sqs_request=1e-3, lambda_poller_hour=1.0):
        there, template = text(replace(broken, price_region="eu-west-1")), text(broken)
    assert "(eu-west-1 prices)" in there
    assert ("$1,460.00 a month" if rule_id == "provisioned-pollers" else "a month while it is idle") in there
    assert template.endswith("(us-east-1 prices)"), "a template has no region"
    assert there.removesuffix("(eu-west-1 prices)") != template.removesuffix("(us-east-1 prices)")
