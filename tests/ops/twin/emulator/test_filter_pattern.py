"""Filter patterns of CloudWatch Logs."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from ops.twin.emulator.logs.filter_pattern import PatternError, compile_pattern
from tests.ops.twin.emulator.conftest import Emulator

LINE = "REPORT RequestId: 7f Status: error Error Type: Runtime.OutOfMemory"
RECORD = json.dumps(
    {
        "message": "job failed",
        "n": 5,
        "ratio": 0.5,
        "permanent": True,
        "cause": None,
        "job": {"id": "job-17", "tags": ["a", "b"]},
        "ip": "10.1.2.3",
        "odd name": 1,
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("REPORT", True),
        ("report", False),
        ("REPORT START", False),
        ("REPORT -START", True),
        ("REPORT -error", False),
        ("?START ?REPORT", True),
        ("?START ?END", False),
        ('"Status: error"', True),
        ('"error Status:"', False),
        ('"Status: error" "7f"', True),
        ("%Out[A-Z]\\w+%", True),
        ("%^START%", False),
    ],
)
def test_terms(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(LINE) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.message = "job failed" }', True),
        ('{ $.message = "job" }', False),
        ('{ $.message = "job*" }', True),
        ('{ $.message != "other" }', True),
        ('{ $.nothing != "other" }', False),
        ("{ $.n = 5 }", True),
        ("{ $.n = 5.0 }", True),
        ("{ $.n > 4 && $.ratio <= 0.5 }", True),
        ("{ $.n < 5 || $.n >= 6 }", False),
        ("{ $.message > 1 }", False),
        ("{ $.permanent IS TRUE }", True),
        ("{ $.permanent IS FALSE }", False),
        ("{ $.cause IS NULL }", True),
        ("{ $.cause EXISTS }", True),
        ("{ $.nothing NOT EXISTS }", True),
        ("{ $.nothing IS NULL }", False),
        ('{ $.job.id = "job-17" }', True),
        ('{ $.job.tags[1] = "b" }', True),
        ('{ $.job.tags[7] = "b" }', False),
        ("{ $.ip = 10.1.* }", True),
        ("{ $.ip != 10.1.* }", False),
        ('{ $["odd name"] = 1 }', True),
        ("{ $.job.id = %^job-\\d+$% }", True),
        ('{ ($.n = 1 || $.n = 5) && $.message = "job failed" }', True),
        ('{ $.n = 1 || $.n = 5 && $.message = "no" }', False),
    ],
)
def test_json(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(RECORD) is matches


def test_a_json_pattern_matches_no_plain_text() -> None:
    assert not compile_pattern("{ $.n = 5 }")(LINE)


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = }", "{ $.a }", "{ a = 1 }", "{ ($.a = 1 }", "{ $.a = 1 $.b = 2 }", "{ $.a > x }", "{", "%(%", "[a]"],
)
def test_nonsense_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_the_api_filters_by_them(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName="patterns")
    logs.create_log_stream(logGroupName="patterns", logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in (LINE, RECORD)]
    logs.put_log_events(logGroupName="patterns", logStreamName="s", logEvents=events)

    def found(pattern: str) -> list[str]:
        answer = logs.filter_log_events(logGroupName="patterns", filterPattern=pattern)
        return [event["message"] for event in answer["events"]]

    assert found("{ $.n = 5 }") == [RECORD]
    assert found('"Status: error"') == [LINE]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        found("{ $.n = }")


def test_events_come_in_pages_from_either_end(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    group, stream = f"paged-{time.monotonic_ns()}", "stream"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}"} for number in range(5)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def read(**request: object) -> list[str]:
        lines: list[str] = []
        while True:
            page = logs.filter_log_events(logGroupName=group, limit=2, **request)
            assert len(page["events"]) <= 2
            lines += [event["message"] for event in page["events"]]
            if "nextToken" not in page:
                return lines
            request["nextToken"] = page["nextToken"]

    oldest_first = [event["message"] for event in events]
    assert read() == oldest_first
    assert read(startFromHead=False) == oldest_first[::-1]
    assert read(startTime=now + 1, endTime=now + 3, startFromHead=False) == ["line 3", "line 2", "line 1"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        read(nextToken="no token")
