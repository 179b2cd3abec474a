"""What takes longer than the page: the catalogue beside the alarms, a rehearsal, and whom they reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dashboard.time_range import TimeRange
from ops.alarms.catalogue import Recommendation, RecommendedAlarm
from ops.alarms.delivery import AlarmDelivery, DeliveryStatus
from ops.doctor.live import described_settings
from ops.insight.reports.alarms_page import coverage, recommended
from ops.insight.reports.alarms_page.checks import AlarmChecks
from tests.dashboard.samples.alarm_reports import AlarmReports
from tests.ops.insight.world import END, WORKLOAD

TOPIC = "arn:aws:sns:eu-west-1:1:oncall"


def definition(name: str, metric: str, queue: str = "dead", **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "AWS/SQS",
        "MetricName": metric,
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
        **more,
    }


def row(id: str, metric: str, **more: Any) -> RecommendedAlarm:
    made = definition(f"shop-{id}", metric, **more)
    return RecommendedAlarm(id, made, False, id, f"because {id}", "page", "runbooks/x.md", 0.1, ("a",))


DEAD = row("dead-letters", "ApproximateNumberOfMessagesVisible")
AGE = row("oldest-message-age", "ApproximateAgeOfOldestMessage", queue="jobs", Threshold=540.0)
CATALOGUE = Recommendation((DEAD, AGE), (), "us-east-1")


def checks(*definitions: Mapping[str, Any], **more: Any) -> AlarmChecks:
    return AlarmChecks(
        at=END,
        settings=described_settings.settings(WORKLOAD, ()),
        examination=None,
        deliveries=more.pop("deliveries", {}),
        recommendation=CATALOGUE,
        definitions=definitions,
        doctor_command="ops doctor",
        matches=recommended.match(definitions, CATALOGUE),
    )


@pytest.mark.parametrize(
    ("name", "metric", "more", "id", "same"),
    [
        ("shop-dead-letters", "ApproximateNumberOfMessagesVisible", {}, "dead-letters", True),
        ("shop-dead-letters", "ApproximateNumberOfMessagesVisible", {"Threshold": 100.0}, "dead-letters", False),
        ("ours", "ApproximateNumberOfMessagesVisible", {}, "dead-letters", True),
        ("ours", "ApproximateNumberOfMessagesVisible", {"queue": "another"}, None, None),
        ("ours", "NumberOfMessagesSent", {}, None, None),
    ],
)
def test_an_alarm_is_the_catalogues_by_name_or_metric(
    name: str, metric: str, more: dict[str, Any], id: str | None, same: bool | None
) -> None:
    found = recommended.match([definition(name, metric, **more)], CATALOGUE).get(name)
    assert (found and found.recommended.id, found and found.same) == (id, same)


def test_what_of_the_catalogue_is_missing() -> None:
    assert checks(definition("ours", "ApproximateNumberOfMessagesVisible")).missing == (AGE,)
    assert checks().missing == (DEAD, AGE)


def test_a_rehearsal_names_what_nothing_pages_for() -> None:
    found = coverage.cover(checks(definition("ours", "ApproximateNumberOfMessagesVisible")), (AGE,))
    assert found.required
    missed = {each.name for each in found.missed}
    assert "stalled-pollers" in missed, "a depth alarm on the dead-letter queue does not see it"
    assert found.incidents[0].name in missed, "what is missed comes first"
    assert all(each.because for each in found.missed)
    assert f"{len(missed)} incident" in found.clauses[0]
    assert not found.incidents[-1].required, "a quiet day comes last"
    assert found.wrong_pages == 0


def test_what_is_certain_to_reach_no_one_is_counted() -> None:
    broken = AlarmDelivery("a", "OK", False, DeliveryStatus.BROKEN, "It reaches no one.")
    found = checks(deliveries={"a": broken})
    some = AlarmReports().alarms(TimeRange(), "").rows[0]
    assert found.clauses([some]) == ()
    assert checks(deliveries={some.name: broken}).clauses([some]) == ("1 reaches no one",)
