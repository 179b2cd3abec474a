"""Alarms made true in an account: what is put, in which order, what is left alone, and what a refusal in the middle does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.alarms import applying
from ops.alarms.applying import AlarmDifference, ChangeKind
from ops.alarms.catalogue import CatalogueOptions, recommend
from ops.aws import Aws
from ops.doctor.template import workloads
from ops.errors import UsageError
from ops.target import Target
from tests.fakes.alarm_account import REGION
from tests.fakes.aws import FakeAws, Refusal, start
from tests.ops.alarms.applying.alarm_world import AlarmWorld
from tests.ops.twin.emulator.conftest import Emulator
from tests.template.resources import TEMPLATE

TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"
CREATE, UPDATE, UNCHANGED, FOREIGN, OBSOLETE = ChangeKind


def metric(name: str, **more: Any) -> dict[str, Any]:
    own = {"AlarmName": name, "Namespace": "AWS/SQS", "MetricName": "M", "Statistic": "Maximum", "Period": 60}
    rule = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    dimensions = [{"Name": "QueueName", "Value": "orders"}]
    return {**own, **rule, "Dimensions": dimensions, "AlarmActions": [TOPIC], **more}


def composite(name: str, rule: str, **more: Any) -> dict[str, Any]:
    return {"AlarmName": name, "AlarmRule": rule, "AlarmActions": [TOPIC], **more}


SET = (
    composite("shop-page", "ALARM(shop-both) OR ALARM(shop-a)"),
    composite("shop-both", "ALARM(shop-a) AND ALARM(shop-b)"),
    metric("shop-a"),
    metric("shop-b", TreatMissingData="notBreaching"),
)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeAws]:
    with start(lambda *_: None) as started:
        yield started


@pytest.fixture
def world(fake: FakeAws) -> AlarmWorld:
    made = AlarmWorld()
    fake.answer = made.answer
    return made


@pytest.fixture
def there(fake: FakeAws) -> Aws:
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    return Aws(target, max_attempts=1)


def kinds(found: AlarmDifference) -> dict[str, ChangeKind]:
    return {change.name: change.kind for change in found.changes}


def test_children_are_put_before_composites_and_a_second_time_nothing_is(world: AlarmWorld, there: Aws) -> None:
    result = applying.apply(there, applying.difference(there, "shop", SET))
    assert world.calls == ["put shop-a", "put shop-b", "put shop-both", "put shop-page"]
    assert (result.left, result.error) == ((), None)
    assert all(tags == {applying.OWNER_TAG: "shop"} for tags in world.tags.values())
    world.calls.clear()
    again = applying.difference(there, "shop", SET)
    assert set(kinds(again).values()) == {UNCHANGED}
    assert applying.apply(there, again).done == ()
    assert world.calls == []


def test_a_difference_names_each_field(world: AlarmWorld, there: Aws) -> None:
    applying.apply(there, applying.difference(there, "shop", SET))
    wanted = [metric("shop-a", Threshold=5, DatapointsToAlarm=1, TreatMissingData="missing"), *SET[3:]]
    found = applying.difference(there, "shop", wanted)
    assert kinds(found) == {"shop-a": UPDATE, "shop-b": UNCHANGED}
    (change,) = found.changes[0].fields
    assert (change.name, change.before, change.after) == ("Threshold", 0.0, 5.0)
    applying.apply(there, found)
    assert world.alarms["shop-a"]["Threshold"] == 5


def test_the_order_of_dimensions_actions_and_metrics_is_no_difference(world: AlarmWorld, there: Aws) -> None:
    dimensions = [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]

    def defined(turned: bool) -> dict[str, Any]:
        order = -1 if turned else 1
        stat = {
            "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": dimensions[::order]},
            "Period": 60,
            "Stat": "Sum",
        }
        more = {"ReturnData": True} if turned else {}
        queries = [{"Id": "e", "Expression": "m * 2", **more}, {"Id": "m", "MetricStat": stat, "ReturnData": False}]
        rule = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        return {"AlarmName": "shop-a", "Metrics": queries[::order], "AlarmActions": [TOPIC, "x"][::order], **rule}

    applying.apply(there, applying.difference(there, "shop", [defined(False)]))
    assert kinds(applying.difference(there, "shop", [defined(True)])) == {"shop-a": UNCHANGED}


def test_actions_that_someone_disabled_stay_so(world: AlarmWorld, there: Aws) -> None:
    applying.apply(there, applying.difference(there, "shop", SET[2:3]))
    world.alarms["shop-a"]["ActionsEnabled"] = False
    assert kinds(applying.difference(there, "shop", SET[2:3])) == {"shop-a": UNCHANGED}
    applying.apply(there, applying.difference(there, "shop", [metric("shop-a", Threshold=2)]))
    assert world.alarms["shop-a"]["ActionsEnabled"] is False


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({}, "another owner"),
        ({"aws__cloudformation__stack_name": "billing"}, "stack billing"),
        ({"scilearn_ops__owner": "billing"}, "workload billing"),
    ],
)
def test_someone_elses_alarm_of_the_same_name_is_refused_by_name(
    world: AlarmWorld, there: Aws, tags: dict[str, str], owner: str
) -> None:
    world.add(metric("shop-a", Threshold=99), **tags)
    found = applying.difference(there, "shop", SET)
    assert kinds(found)["shop-a"] is FOREIGN
    with pytest.raises(UsageError, match=f"shop-a \\({owner}\\). Nothing was done"):
        applying.apply(there, found)
    assert world.calls == []
    assert applying.remove(there, found).done == ()
    assert world.alarms["shop-a"]["Threshold"] == 99


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal("AccessDenied", "not authorized to perform: cloudwatch:PutMetricAlarm on resource: x", 403), "not authorized"),
        (Refusal("LimitExceeded", "The quota of alarms is reached"), "LimitExceeded"),
    ],
)  # fmt: skip
def test_a_refusal_in_the_middle_says_what_was_done_and_a_rerun_goes_on(
    world: AlarmWorld, there: Aws, refusal: Refusal, said: str
) -> None:
    world.refusals = {"shop-b": refusal}
    result = applying.apply(there, applying.difference(there, "shop", SET))
    assert result.done == ("shop-a",)
    assert result.left == ("shop-b", "shop-both", "shop-page")
    assert said in str(result.error)
    assert result.error is not None
    assert result.error.next_step
    world.refusals, world.calls = {}, []
    applying.apply(there, applying.difference(there, "shop", SET))
    assert world.calls == ["put shop-b", "put shop-both", "put shop-page"]


def test_removal_is_the_other_way_round_and_takes_obsolete_ones(world: AlarmWorld, there: Aws) -> None:
    applying.apply(there, applying.difference(there, "shop", (*SET, metric("shop-old"))))
    world.add(metric("shop-strangers"))
    found = applying.difference(there, "shop", SET, prefix="shop-")
    assert kinds(found)["shop-old"] is OBSOLETE
    assert "shop-strangers" not in kinds(found)
    world.calls.clear()
    world.refusals = {"shop-both": Refusal("AccessDenied", "no", 403)}
    result = applying.remove(there, found)
    assert result.done == ("shop-page",)
    assert "shop-both" in result.left
    world.refusals = {}
    applying.remove(there, applying.difference(there, "shop", SET, prefix="shop-"))
    assert world.calls[:2] == ["delete shop-page", "delete shop-both"]
    assert set(world.alarms) == {"shop-strangers"}


def test_an_alarm_that_someone_made_since_the_difference_is_left_alone(world: AlarmWorld, there: Aws) -> None:
    found = applying.difference(there, "shop", SET)
    world.add(metric("shop-b", Threshold=99))
    result = applying.apply(there, found)
    assert (result.done, result.left) == (("shop-a",), ("shop-b", "shop-both", "shop-page"))
    assert "shop-b now belongs to another owner" in str(result.error)
    assert world.alarms["shop-b"]["Threshold"] == 99
    ours = applying.difference(there, "shop", [metric("shop-a")])
    world.add(metric("shop-a"))
    assert applying.remove(there, ours).left == ("shop-a",)
    assert set(world.alarms) == {"shop-a", "shop-b"}


def test_composites_that_name_each_other(world: AlarmWorld, there: Aws) -> None:
    circle = [composite("a", "ALARM(b)"), composite("b", "ALARM(a)")]
    with pytest.raises(UsageError, match="name each other: a, b"):
        applying.difference(there, "shop", circle)


def test_five_thousand_alarms(world: AlarmWorld, there: Aws, fake: FakeAws) -> None:
    many = [metric(f"shop-{number}") for number in range(5_000)]
    for one in many:
        world.add(one, scilearn_ops__owner="shop")
    fake.calls.clear()
    assert set(kinds(applying.difference(there, "shop", many)).values()) == {UNCHANGED}
    assert fake.count("DescribeAlarms") == 50


def test_read_only(world: AlarmWorld, there: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    found = applying.difference(there, "shop", SET)
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    for act in (applying.apply, applying.remove):
        with pytest.raises(UsageError, match="OPS_READ_ONLY"):
            act(there, found)
    assert world.calls == []


def test_the_catalogue_of_the_reference_workload_on_the_emulator(
    aws: Aws, emulator: Emulator, make_alarm: Callable[..., Any]
) -> None:
    (workload,) = workloads.read(Path(TEMPLATE), {}, None).workloads[:1]
    definitions = [alarm.definition for alarm in recommend(workload, CatalogueOptions(prefix="applied")).alarms]
    found = applying.difference(aws, "applied", definitions)
    assert {change.kind for change in found.changes} == {CREATE}
    result = applying.apply(aws, found)
    assert result.error is None, result.error
    again = applying.difference(aws, "applied", definitions, prefix="applied-")
    assert {change.kind for change in again.changes} == {UNCHANGED}, [
        change for change in again.changes if change.fields
    ]
    assert applying.remove(aws, again).error is None
    assert {change.kind for change in applying.difference(aws, "applied", definitions, prefix="applied-").changes} == {
        CREATE
    }


def log_alarm(name: str, **more: Any) -> dict[str, Any]:
    query = {
        "QueryString": "fields @message",
        "LogGroupIdentifiers": ["/aws/lambda/worker"],
        "ScheduledQueryRoleARN": "arn:aws:iam::111122223333:role/query",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        "AggregationExpression": "count(*)",
    }
    rule = {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    results = {"QueryResultsToEvaluate": 1, "QueryResultsToAlarm": 1}
    return {"AlarmName": name, "ScheduledQueryConfiguration": query, **rule, **results, **more}


def test_a_log_alarm_is_put_last_and_removed_alone(world: AlarmWorld, there: Aws) -> None:
    wanted = [log_alarm("shop-a-lines"), *SET]
    applying.apply(there, applying.difference(there, "shop", wanted))
    assert world.calls[-2:] == ["put shop-page", "put shop-a-lines"]
    again = applying.difference(there, "shop", wanted)
    assert set(kinds(again).values()) == {UNCHANGED}, "CloudWatch gives the query an ARN, which is not a difference"
    found = applying.difference(there, "shop", [log_alarm("shop-a-lines", Threshold=3)])
    assert [(field.name, field.before, field.after) for field in found.changes[0].fields] == [("Threshold", 0.0, 3.0)]
    world.add(log_alarm("theirs-lines"))
    theirs = applying.difference(there, "shop", [log_alarm("theirs-lines"), metric("shop-a-lines")])
    assert kinds(theirs) == {"theirs-lines": FOREIGN, "shop-a-lines": FOREIGN}, "of another owner; of another type"
    world.calls.clear()
    applying.remove(there, again)
    assert world.calls == [
        "delete shop-page",
        "delete shop-both",
        "delete shop-a-lines",
        "delete shop-a",
        "delete shop-b",
    ]
    assert list(world.alarms) == ["theirs-lines"]


def test_an_endpoint_without_log_alarms(aws: Aws, make_alarm: Callable[..., Any]) -> None:
    """What the twin has not, too: all others are put, and what is used instead is said."""
    found = applying.difference(aws, "lines", [log_alarm("lines-a-lines"), metric("lines-a")])
    result = applying.apply(aws, found)
    assert (result.done, result.left) == (("lines-a",), ("lines-a-lines",))
    assert result.error is not None and "function-errors and its runbook are used instead" in result.error.next_step
    assert applying.remove(aws, applying.difference(aws, "lines", [metric("lines-a")])).done == ("lines-a",)
