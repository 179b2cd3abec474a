"""A twin that runs for days does not grow without bound."""

from __future__ import annotations

from typing import Any

from ops.twin.emulator.housekeeping import trim

DAY = 86_400.0


def stream(*times: float) -> dict[str, Any]:
    events = [{"timestamp": int(when * 1000), "message": "m"} for when in times]
    return {"events": events, "lastEventTimestamp": int(max(times) * 1000), "creationTime": 0}


def test_events_beyond_the_retention_go() -> None:
    group: dict[str, Any] = {"retentionInDays": 1, "streams": {"a": stream(0.0, 2 * DAY), "b": stream(2.5 * DAY)}}
    assert trim(group, cap=100, now=2.9 * DAY) == 1
    assert [len(each["events"]) for each in group["streams"].values()] == [1, 1]


def test_the_oldest_go_first_when_there_are_too_many() -> None:
    group: dict[str, Any] = {
        "retentionInDays": None,
        "streams": {"new": stream(7.0, 8.0, 9.0), "old": stream(1.0, 2.0, 3.0)},
    }
    events = group["streams"]["new"]["events"]
    assert trim(group, cap=4, now=10.0) == 2
    assert [event["timestamp"] for event in group["streams"]["old"]["events"]] == [3000]
    assert group["streams"]["new"]["events"] is events, "a writer keeps its list"


def test_a_stream_left_empty_goes_after_an_hour_but_a_new_one_stays() -> None:
    fresh: dict[str, Any] = {"events": [], "lastEventTimestamp": None, "creationTime": 0}
    group: dict[str, Any] = {"retentionInDays": 1, "streams": {"done": stream(1.0), "fresh": fresh}}
    trim(group, cap=100, now=3 * DAY)
    assert list(group["streams"]) == ["fresh"]
