"""When an incident was, by what its alarm's history says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.alarms.live_test import reasons
from ops.aws import Aws
from ops.errors import NotFound, UsageError
from ops.insight.sources import incident_time
from ops.insight.sources.incident_time import IncidentTime
from ops.target import Target
from tests.fakes.alarm_account import REGION, AlarmAccount, alarm, composite
from tests.fakes.aws import FakeAws, start

NOW = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
QUEUE = "orders"
AGE: dict[str, Any] = {
    "MetricName": "ApproximateAgeOfOldestMessage",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 600.0,
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeAws]:
    with start(lambda *_: None) as started:
        yield started


def at(text: str) -> datetime:
    hours, minutes = text.split(":")
    return NOW.replace(hour=int(hours), minute=int(minutes))


def change(time: str, before: str, after: str, reason: str = "", **data: Any) -> dict[str, Any]:
    new = {"stateValue": after, "stateReason": reason, **({"stateReasonData": data} if data else {})}
    return {
        "AlarmName": "slow",
        "AlarmType": "MetricAlarm",
        "Timestamp": at(time).timestamp(),
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {after}",
        "HistoryData": json.dumps({"version": "1.0", "oldState": {"stateValue": before}, "newState": new}),
    }


def evaluated(threshold: float, **values: float | None) -> dict[str, Any]:
    """As CloudWatch writes it: the newest first. ``values``: by time, ``t1402``."""
    points = [
        {"timestamp": f"2026-11-29T{key[1:3]}:{key[3:]}:00.000+0000", **({} if value is None else {"value": value})}
        for key, value in sorted(values.items(), reverse=True)
    ]
    return {"version": "1.0", "period": 60, "threshold": threshold, "evaluatedDatapoints": points}


def latest(fake: FakeAws, *history: Mapping[str, Any], now: datetime = NOW, **definition: Any) -> IncidentTime:
    account = AlarmAccount(alarms=[alarm("slow", **definition)], history=history[::-1])
    fake.answer = account.answer
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    return incident_time.latest(Aws(target, max_attempts=1), "slow", QUEUE, now)


def test_from_the_first_datapoint_that_breached_until_ok(fake: FakeAws) -> None:
    """M of N: the alarm changed three minutes after the first of them; the oldest evaluated one did not breach."""
    data = evaluated(5.0, t1401=1.0, t1402=9.0, t1403=2.0, t1404=7.0)
    found = latest(
        fake,
        change("14:05", "OK", "ALARM", **data),
        change("14:31", "ALARM", "OK"),
        ComparisonOperator="GreaterThanThreshold",
    )
    assert (found.start, found.end) == (at("14:02"), at("14:31"))
    assert found.why == (
        "From 14:02 UTC, the first datapoint that breached; in ALARM from 14:05 UTC.",
        "Until 14:31 UTC, when it was OK again.",
        incident_time.AFTERWARDS,
    )


def test_of_an_age_alarm_from_when_the_oldest_message_was_sent(fake: FakeAws) -> None:
    data = evaluated(600.0, t1402=660.0, t1403=720.0)
    found = latest(fake, change("14:05", "OK", "ALARM", **data), StateValue="ALARM", **AGE)
    assert (found.start, found.end) == (at("13:51"), None)
    assert found.why[0].startswith("From 13:51 UTC, when the oldest message was sent: it had waited 11 min")
    assert found.why[1] == "Until now: it is still in ALARM."


def test_an_age_on_another_queue_is_no_start(fake: FakeAws) -> None:
    """The age of a dead-letter queue's messages tells nothing of when the incident began."""
    other: dict[str, Any] = {**AGE, "Dimensions": [{"Name": "QueueName", "Value": "orders-dead"}]}
    found = latest(fake, change("14:05", "OK", "ALARM", **evaluated(600.0, t1402=86_400.0)), **other)
    assert found.start == at("14:02")


def test_evaluated_datapoints_may_be_fewer_than_the_recent_ones(fake: FakeAws) -> None:
    data = evaluated(0.0, t1425=20.0) | {
        "startDate": "2026-11-29T14:23:00.000+0000",
        "recentDatapoints": [20.0, 20.0, 20.0],
    }
    found = latest(fake, change("14:26", "OK", "ALARM", **data), ComparisonOperator="GreaterThanThreshold")
    assert found.start == at("14:23")


def test_missing_data_that_counts_as_breaching(fake: FakeAws) -> None:
    history = change("14:05", "OK", "ALARM", **evaluated(1.0, t1402=None, t1403=None))
    silent: dict[str, Any] = {"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"}
    assert latest(fake, history, **silent).start == at("14:02")
    found = latest(fake, history, **(silent | {"TreatMissingData": "missing"}))
    assert found.start == at("14:05")
    assert found.why[0].endswith("the change to ALARM: the alarm's history has no datapoint that breached.")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"threshold": "5", "evaluatedDatapoints": [{"timestamp": "2026-11-29T14:02:00.000+0000", "value": 9.0}]},
        {"threshold": 5.0, "evaluatedDatapoints": ["14:02", None, {"timestamp": "soon", "value": 9.0}, {"value": 9.0}]},
        {"threshold": 5.0, "evaluatedDatapoints": 3, "recentDatapoints": "9", "startDate": 7},
        {"recentDatapoints": [9.0], "recentUpperThresholds": [2.0], "startDate": "2026-11-29T14:02:00.000+0000"},
    ],
)
def test_a_history_that_does_not_tell_it_is_no_guess(fake: FakeAws, data: Mapping[str, Any]) -> None:
    found = latest(fake, change("14:05", "OK", "ALARM", **data), ComparisonOperator="GreaterThanThreshold")
    assert found.start == at("14:05")
    assert "no datapoint that breached" in found.why[0]


def test_history_data_that_is_cut(fake: FakeAws) -> None:
    item = change("14:05", "OK", "ALARM", **evaluated(5.0, t1402=9.0))
    assert latest(fake, item | {"HistoryData": item["HistoryData"][:90]}).start == at("14:05")


def test_an_incident_goes_on_until_ok(fake: FakeAws) -> None:
    """No data between two times in ALARM ends nothing; no data at its end does, as nothing is known to breach."""
    began, silent = change("14:05", "OK", "ALARM"), change("14:10", "ALARM", "INSUFFICIENT_DATA")
    again, ended = change("14:12", "INSUFFICIENT_DATA", "ALARM"), change("14:20", "ALARM", "OK")
    found = latest(fake, change("11:00", "OK", "ALARM"), change("11:01", "ALARM", "OK"), began, silent, again, ended)
    assert (found.start, found.end) == (at("14:05"), at("14:20"))
    found = latest(fake, began, silent, change("14:50", "INSUFFICIENT_DATA", "OK"))
    assert (found.end, found.why[1]) == (
        at("14:10"),
        "Until 14:10 UTC, when it had no more data (INSUFFICIENT_DATA).",
    )


def test_a_test_of_the_alarm_is_no_incident(fake: FakeAws) -> None:
    incident = (change("12:00", "OK", "ALARM"), change("12:10", "ALARM", "OK"))
    test = (change("14:00", "OK", "ALARM", reasons.reason("page-test", "OK")), change("14:01", "ALARM", "OK"))
    found = latest(fake, *incident, *test)
    assert (found.start, found.end) == (at("12:00"), at("12:10"))
    with pytest.raises(UsageError, match="has not been in ALARM in the last 30 days"):
        latest(fake, *test)


def test_a_composite_alarm_has_no_datapoints(fake: FakeAws) -> None:
    history = [change("14:05", "OK", "ALARM", triggeringAlarms=[{"arn": "arn"}]) | {"AlarmType": "CompositeAlarm"}]
    fake.answer = AlarmAccount(alarms=[], composites=[composite("slow", "ALARM(a)")], history=history).answer
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    found = incident_time.latest(Aws(target, max_attempts=1), "slow", QUEUE, NOW)
    assert found.start == at("14:05")
    assert "a composite alarm evaluates no datapoints" in found.why[0]
    with pytest.raises(NotFound):
        incident_time.latest(Aws(target, max_attempts=1), "other", QUEUE, NOW)


def test_a_start_that_is_not_in_the_history(fake: FakeAws) -> None:
    """Still in ALARM: its definition has the time of the change. Else the start is not known, and nothing is priced."""
    since = (NOW - timedelta(days=40)).timestamp()
    found = latest(fake, StateValue="ALARM", StateTransitionedTimestamp=since)
    assert found.start == NOW - timedelta(days=40)
    assert "no longer in the alarm's history" in found.why[0]
    with pytest.raises(UsageError, match=r"was in ALARM until 14:31 UTC, but its history does not have the change"):
        latest(fake, change("14:31", "ALARM", "OK"))


def test_a_log_alarm_is_named_as_one(fake: FakeAws) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        return {"LogAlarms": [{"AlarmName": "slow"}]} if "LogAlarm" in asked.get("AlarmTypes", ()) else {}

    fake.answer = answer
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    with pytest.raises(UsageError, match="slow is a log alarm"):
        incident_time.latest(Aws(target, max_attempts=1), "slow", QUEUE, NOW)
