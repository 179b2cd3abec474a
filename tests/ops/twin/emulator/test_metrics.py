"""Metric queries, embedded metrics in log events, and old points."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.twin.emulator.cloudwatch.metric_store import merge
from ops.twin.emulator.logs.emf_parser import extract
from tests.ops.twin.emulator.conftest import Emulator


def query(emulator: Emulator, metric: str, *dimension_sets: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    queries = [
        {
            "Id": f"q{n}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "Query",
                    "MetricName": metric,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": 10,
                "Stat": "Sum",
            },
        }
        for n, dimensions in enumerate(dimension_sets)
    ]
    results: list[dict[str, Any]] = emulator.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(minutes=5), EndTime=now, **more
    )["MetricDataResults"]
    return results


def put(emulator: Emulator, metric: str, value: float, ago: float, **dimensions: str) -> None:
    emulator.client("cloudwatch").put_metric_data(
        Namespace="Query",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": each} for key, each in dimensions.items()],
                "Timestamp": datetime.fromtimestamp(time.time() - ago, UTC),
                "Value": value,
            }
        ],
    )


def test_a_query_means_exactly_its_dimensions(emulator: Emulator) -> None:
    put(emulator, "Exact", 1, 30)
    put(emulator, "Exact", 2, 30, A="x")
    put(emulator, "Exact", 4, 30, A="x", B="y")
    found = query(emulator, "Exact", {}, {"A": "x"}, {"B": "y", "A": "x"}, {"A": "other"})
    assert [result["Values"] for result in found] == [[1.0], [2.0], [4.0], []]
    assert emulator.statistic("Query", "Exact", "Sum") == 1.0


def test_the_newest_comes_first_unless_asked_otherwise(emulator: Emulator) -> None:
    put(emulator, "Order", 1, 60)
    put(emulator, "Order", 2, 30)
    assert query(emulator, "Order", {})[0]["Values"] == [2.0, 1.0]
    assert query(emulator, "Order", {}, ScanBy="TimestampAscending")[0]["Values"] == [1.0, 2.0]


def test_embedded_metrics_of_a_log_event_become_metrics(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName="emf")
    logs.create_log_stream(logGroupName="emf", logStreamName="s")
    now = int(time.time() * 1000)
    record = emf_record(now)
    logs.put_log_events(
        logGroupName="emf",
        logStreamName="s",
        logEvents=[
            {"timestamp": now, "message": json.dumps(record)},
            {"timestamp": now, "message": '{"_aws": {"CloudWatchMetrics": "broken"}}'},
            {"timestamp": now, "message": 'plain text with "_aws" in it'},
        ],
    )
    assert emulator.statistic("Shop", "Sold", "Sum", kind="tea") == 3.0
    assert emulator.statistic("Shop", "Sold", "Sum", kind="tea", town="Ulm") == 3.0
    assert emulator.statistic("Shop", "Wait", "Maximum", kind="tea") == 20.0
    assert emulator.statistic("Shop", "Wait", "SampleCount", kind="tea") == 3.0
    assert emulator.statistic("Other", "Errors", "Sum") == 0.0
    assert len(logs.get_log_events(logGroupName="emf", logStreamName="s")["events"]) == 3, "every event is kept"


def emf_record(when: int, **changes: Any) -> dict[str, Any]:
    return {
        "_aws": {
            "Timestamp": when,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shop",
                    "Dimensions": [["kind"], ["kind", "town"]],
                    "Metrics": [
                        {"Name": "Sold", "Unit": "Count"},
                        {"Name": "Wait", "Unit": "Milliseconds", "StorageResolution": 1},
                        {"Name": "Absent"},
                    ],
                },
                {"Namespace": "Other", "Dimensions": [[]], "Metrics": [{"Name": "Errors"}]},
            ],
        },
        "kind": "tea",
        "town": "Ulm",
        "Sold": 3,
        "Wait": [20, 5.5, 5.5],
        "Errors": 0,
        **changes,
    }


def test_each_directive_and_dimension_set_counts() -> None:
    found = list(extract(json.dumps(emf_record(1_700_000_000_500))))
    assert [(each.name, each.dimensions) for each in found] == [
        ("Sold", {"kind": "tea"}),
        ("Sold", {"kind": "tea", "town": "Ulm"}),
        ("Wait", {"kind": "tea"}),
        ("Wait", {"kind": "tea", "town": "Ulm"}),
        ("Errors", {}),
    ]
    assert found[2].values == Counter({5.5: 2, 20.0: 1})
    assert found[0].when == 1_700_000_000.5
    assert found[4].unit == "None"


@pytest.mark.parametrize(
    "changes",
    [
        {"Sold": "3", "Wait": None, "Errors": True},
        {"Sold": [1, "x"], "Wait": list(range(101)), "Errors": float("nan")},
        {"_aws": None},
        {"_aws": {"Timestamp": "now", "CloudWatchMetrics": []}},
        {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [None, {"Namespace": ""}, {"Namespace": "N", "Metrics": [{}]}]}},
    ],
)
def test_malformed_records_yield_nothing(changes: dict[str, Any]) -> None:
    assert list(extract(json.dumps(emf_record(1, **changes)))) == []


@pytest.mark.parametrize("message", ["", "{", '{"_aws"', '[{"_aws": {}}]', '{"x": "_aws"}', "[" * 100_000 + '"_aws"'])
def test_other_messages_yield_nothing(message: str) -> None:
    assert list(extract(message)) == []


def test_a_missing_or_unusable_dimension_drops_only_its_set() -> None:
    found = list(extract(json.dumps(emf_record(1, town=5))))
    assert [each.dimensions for each in found if each.name == "Sold"] == [{"kind": "tea"}]


def test_old_points_merge_by_the_minute_and_keep_their_statistics() -> None:
    points = [
        {"Timestamp": 60.0 * minute + second, "Value": value, "Unit": "None", "Dimensions": {"A": "x"}}
        for minute in (1, 2)
        for second, value in ((0, 1.0), (5, 1.0), (10, 7.123456))
    ]
    merged = merge(points, oldest=0)
    assert [(point["Timestamp"], point["Value"], point["Count"]) for point in merged] == [
        (60.0, 1.0, 2.0),
        (60.0, 7.123, 1.0),
        (120.0, 1.0, 2.0),
        (120.0, 7.123, 1.0),
    ]
    assert [point["Timestamp"] for point in merge(merged, oldest=100)] == [120.0, 120.0], "what is too old goes"
