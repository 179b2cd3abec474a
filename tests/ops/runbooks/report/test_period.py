"""When an incident was, by the alarms that were in ALARM while the runbook was run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.aws.cloudwatch import StateChange, alarm_of
from ops.insight.sources.alarm_history import StateSpan
from ops.runbooks.report import account
from ops.runbooks.report import period as periods
from ops.runbooks.report.model import IncidentPeriod
from ops.runbooks.report.sparkline import sparkline

RAN = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
ENDED = RAN + timedelta(minutes=20)
NOW = RAN + timedelta(hours=2)


def at(minutes: int) -> datetime:
    return RAN + timedelta(minutes=minutes)


def period(**spans: tuple[int, int]) -> IncidentPeriod:
    """Of alarms in ALARM from and to these minutes after the run's start; the runbook is for those named ``own…``."""
    known = {name: [StateSpan(at(start), at(end), "ALARM")] for name, (start, end) in spans.items()}
    return periods.incident_period(known, lambda name: name.startswith("own"), RAN, ENDED, NOW, NOW)


def test_from_the_transition_to_alarm_until_ok() -> None:
    found = period(own=(-7, 12), other=(-60, 60))
    assert (found.start, found.end, found.alarms, found.ongoing) == (at(-7), at(12), ("own",), False)
    assert found.responded_s == 420


def test_the_first_and_the_last_of_several() -> None:
    found = period(own=(-7, 12), own_too=(-9, 3))
    assert (found.start, found.end, found.alarms) == (at(-9), at(12), ("own", "own_too"))


def test_an_alarm_that_the_runbook_is_not_for_where_there_is_no_other() -> None:
    found = period(other=(-7, 12))
    assert (found.start, found.alarms) == (at(-7), ("other",))
    assert "for none of these alarms" in found.why


def test_one_that_cleared_just_before_the_run_and_one_long_before() -> None:
    assert period(own=(-30, -5)).start == at(-30)
    assert period(own=(-90, -60)).alarms == ()
    assert period(own=(60, 90)).alarms == (), "after the run"


def test_without_an_alarm_it_is_the_run() -> None:
    found = period()
    assert (found.start, found.end, found.responded_s) == (RAN, ENDED, None)
    assert "No alarm" in found.why


def test_one_that_is_still_in_alarm() -> None:
    found = period(own=(-7, 120))
    assert found.ongoing
    assert found.in_alarm == ("own",)
    assert found.end == NOW


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((), ""),
        ((0.0, 0.0), "▁▁"),
        ((0.0, None, 7.0), "▁·█"),
        ((0, 1, 2, 3, 4, 5, 6, 7, 8), "▁▂▃▄▅▆▇██"),
        ((-4.0, 0.0, 4.0), "▁▅█"),
    ],
)
def test_sparklines(values: tuple[float | None, ...], line: str) -> None:
    assert sparkline(values) == line


def test_a_long_series_keeps_its_peak() -> None:
    values = [0.0] * 1_000
    values[501] = 9.0
    assert len(sparkline(values)) == 60
    assert sparkline(values).count("█") == 1


def test_what_an_incident_cost_begins_with_the_first_datapoint_that_breached() -> None:
    """The period, from which the response is counted, begins with the transition; where the history tells no more, so does the cost."""
    alarmed = RAN - timedelta(minutes=10)
    began = alarmed - timedelta(minutes=3)
    data: dict[str, Any] = {"threshold": 0.0, "evaluatedDatapoints": [{"timestamp": began.isoformat(), "value": 4.0}]}
    incident = IncidentPeriod(alarmed, ENDED, ("own-dead",))
    alarm = alarm_of({"AlarmName": "own-dead", "ComparisonOperator": "GreaterThanThreshold"})
    cases: tuple[tuple[dict[str, Any], datetime], ...] = ((data, began), ({}, alarmed))
    for known, start in cases:
        changes = (
            StateChange(alarmed, "own-dead", "OK", "ALARM", "", known),
            StateChange(alarmed, "another", "OK", "ALARM", "", data),
        )
        history = account.AlarmHistory(changes, alarms=(alarm,))
        found, why = account.cost_start(history, incident, "jobs", NOW)
        assert found == start
        assert ("the first datapoint that breached" in why) == bool(known)
