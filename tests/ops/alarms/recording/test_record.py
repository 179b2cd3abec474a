"""A recording: what is asked for, and that its file is read again with the same points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.alarms.incidents import parse, points_of, shipped
from ops.alarms.recording import Recording, incident_text, record
from ops.aws import Aws, sqs
from ops.errors import UsageError
from ops.target import Target
from ops.workload import Workload
from tests.fakes.aws import FakeAws, serve

START = datetime(2026, 11, 20, 2, 0, 30, tzinfo=UTC)
NOW = START + timedelta(days=2)
Value = Callable[[str, str, int], float | None]
"""(metric, statistic, minute) → what CloudWatch has."""


def a_workload() -> Workload:
    arn = "arn:aws:sqs:eu-west-1:111122223333:"
    jobs, failed = (
        sqs.Queue(name, f"https://sqs/{name}", arn + name, 60, 345_600, 0, 0, None, 3, False)
        for name in ("jobs", "jobs-dlq")
    )
    nothing: Any = dict.fromkeys(("function", "mapping", "api_url", "results_queue_url", "results_bucket", "stack"))
    return Workload("w", "eu-west-1", "1" * 12, jobs, failed, alarms=(), account_concurrency=None, **nothing)


@contextmanager
def cloudwatch(value: Value, patch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    def answer(service: str, operation: str, parameters: dict[str, Any]) -> Any:
        assert operation == "GetMetricData"
        start, end = int(parameters["StartTime"]), int(parameters["EndTime"])
        results = []
        for query in parameters["MetricDataQueries"]:
            stat = query["MetricStat"]
            step, metric = stat["Period"], stat["Metric"]
            name = f"{metric['Dimensions'][0]['Value']} {metric['MetricName']}" if metric["Dimensions"] else ""
            found = [(at, value(name, stat["Stat"], (at - start) // 60)) for at in range(start, end, step)]
            known = [(at, each) for at, each in found if each is not None]
            times, values = [at for at, _ in known], [each for _, each in known]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": values, "StatusCode": "Complete"})
        return {"MetricDataResults": results}

    with serve(answer, patch) as fake:
        yield fake


def recorded(value: Value, patch: pytest.MonkeyPatch, minutes: int = 30, now: datetime = NOW) -> Recording:
    with cloudwatch(value, patch):
        aws = Aws(Target(queue="jobs", region="eu-west-1"))
        return record(aws, a_workload(), START, START + timedelta(minutes=minutes), now, 'night "one"')


def test_the_file_is_read_again_with_the_same_points(monkeypatch: pytest.MonkeyPatch) -> None:
    depth = [0.0] * 10 + [1.5, None, 3, 4, 5, 5] + [None] * 8 + [7.25] * 6

    def value(name: str, statistic: str, minute: int) -> float | None:
        if name == "jobs ApproximateNumberOfMessagesVisible":
            assert statistic == "Maximum"
            return depth[minute]
        if name == "jobs SentMessageSize":
            return {"Average": 900.0 + minute % 2, "SampleCount": float(minute + 1)}[statistic]
        return None

    recording = recorded(value, monkeypatch)
    assert [each.metric for each in recording.incident.series] == [
        "ApproximateNumberOfMessagesVisible",
        "SentMessageSize",
    ]
    assert "dlq.NumberOfMessagesReceived" in recording.without_data
    assert recording.requested == 36 and recording.usd == pytest.approx(0.00036)
    again = parse(incident_text(recording.incident), "night-one.toml")
    assert again.title == 'night "one"' and again.quiet and again.limits["visibility"] == 60
    assert again.start == START.timestamp() - 30 and again.length == 1800
    points = points_of(again.series[0], 0, again.length)
    assert {each.timestamp / 60: each.maximum for each in points} == {
        minute: each for minute, each in enumerate(depth) if each is not None
    }
    sizes = points_of(again.series[1], 0, again.length)
    assert [(each.samples, each.maximum) for each in sizes] == [(at + 1, 900.0 + at % 2) for at in range(30)]


def test_shipped_incidents_survive_being_written() -> None:
    for incident in shipped():
        if any(phase.noise or phase.late for series in incident.series for phase in series.phases):
            continue
        again = parse(incident_text(incident), "again.toml")
        for series, written in zip(incident.series, again.series, strict=True):
            before = points_of(series, incident.start, incident.length)
            after = points_of(written, incident.start, incident.length)
            assert [each.timestamp for each in after] == [each.timestamp for each in before]
            assert [each.total for each in after] == pytest.approx([each.total for each in before])


@pytest.mark.parametrize(
    ("minutes", "now", "said"),
    [
        (4, NOW, "shorter than 5 minutes"),
        (5 * 1440, NOW + timedelta(days=9), "5 days are too long"),
        (30, NOW + timedelta(days=70), "63 days"),
        (30, NOW, "No metric of w has data from 2026-11-20 02:00 to 02:30 UTC"),
    ],
)
def test_what_cannot_be_recorded(minutes: int, now: datetime, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=said):
        recorded(lambda *_: None, monkeypatch, minutes, now)


def test_after_two_weeks_only_five_minutes_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recorded(lambda *_: 1.0, monkeypatch, 30, NOW + timedelta(days=20))
    assert {each.period for each in recording.incident.series} == {300}
    assert parse(incident_text(recording.incident), "a.toml").series[0].period == 300
