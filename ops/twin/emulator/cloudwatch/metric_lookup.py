"""Patches: GetMetricData and GetMetricStatistics look a metric up by exactly the dimensions that the query names.

Stands for: a metric is its namespace, name and dimensions, and a query without dimensions means the metric without any
(CloudWatch user guide, cloudwatch_concepts, read 2026-11); GetMetricData answers newest first unless asked otherwise,
and in pages (CloudWatch API reference, GetMetricData). MiniStack answers a query without dimensions with every metric
of that name mixed together, oldest first, after a search through all metrics.

Leaves out: metric math and search expressions (answered as MiniStack does, per query ``InternalError``), several pages
(all points come in one), ``Label`` placeholders, roll-up of old points to coarser periods.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from ministack.services import cloudwatch

from ops.twin.emulator.patch import Patch

Points = list[dict[str, Any]]


def patches() -> list[Patch]:
    return [
        Patch("services.cloudwatch", "_get_metric_data", _data, "a query means exactly its dimensions"),
        Patch("services.cloudwatch", "_get_metric_statistics", _statistics, "a query means exactly its dimensions"),
        # It copies every metric's list at every request, so a point that the publisher adds meanwhile would be lost.
        Patch("services.cloudwatch", "_evict_old_metrics", lambda _: lambda: None, "points.compact drops what is old"),
    ]


def _data(original: Any) -> Any:
    def get(params: Any, body: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):  # the XML protocol, which no current SDK speaks to CloudWatch
            return original(params, body, is_cbor, is_json)
        start = cloudwatch._parse_ts(body.get("StartTime"))
        end = cloudwatch._parse_ts(body.get("EndTime"))
        newest_first = body.get("ScanBy", "TimestampDescending") != "TimestampAscending"
        results = [
            _answer(query, start, end, newest_first)
            for query in body.get("MetricDataQueries", [])
            if query.get("ReturnData", True)
        ]
        if is_cbor:
            answered = [cloudwatch._cbor_metric_data_result(result) for result in results]
            return cloudwatch._cbor_ok({"MetricDataResults": answered, "Messages": []})
        return cloudwatch._json_ok({"MetricDataResults": results, "Messages": []})

    return get


def _answer(query: dict[str, Any], start: float | None, end: float | None, newest_first: bool) -> dict[str, Any]:
    identity = query.get("Id", "")
    if query.get("Expression"):
        refusal = {"Code": "Unsupported", "Value": "The twin's CloudWatch has no metric math."}
        return {
            "Id": identity,
            "Label": query.get("Label", identity),
            "StatusCode": "InternalError",
            "Messages": [refusal],
            "Timestamps": [],
            "Values": [],
        }
    wanted = query.get("MetricStat", {})
    metric = wanted.get("Metric", {})
    period = int(wanted.get("Period") or 60)
    statistic = wanted.get("Stat", "Average")
    buckets = _buckets(_points(metric, start, end, wanted.get("Unit")), period)
    times: list[str] = []
    values: list[float] = []
    for begins in sorted(buckets, reverse=newest_first):
        value = cloudwatch._stat_value(cloudwatch._calc_stats(buckets[begins]), statistic, buckets[begins])
        if value is not None:
            times.append(cloudwatch._ts_iso(begins))
            values.append(value)
    return {
        "Id": identity,
        "Label": query.get("Label") or metric.get("MetricName", identity),
        "Timestamps": times,
        "Values": values,
        "StatusCode": "Complete",
    }


def _points(metric: dict[str, Any], start: float | None, end: float | None, unit: str | None) -> Points:
    dimensions = cloudwatch._dims_from_list(metric.get("Dimensions") or [])
    key = (metric.get("Namespace", ""), metric.get("MetricName", ""), cloudwatch._dims_key(dimensions))
    return [
        point
        for point in list(cloudwatch._metrics.get(key) or [])
        if (start is None or point["Timestamp"] >= start)
        and (end is None or point["Timestamp"] < end)
        and (not unit or point["Unit"] == unit)
    ]


def _statistics(original: Any) -> Any:
    def get(params: Any, body: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):
            return original(params, body, is_cbor, is_json)
        start = cloudwatch._parse_ts(body.get("StartTime"))
        end = cloudwatch._parse_ts(body.get("EndTime"))
        points = _points(body, start, end, body.get("Unit"))
        datapoints = [
            _datapoint(begins, bucket, body)
            for begins, bucket in sorted(_buckets(points, int(body.get("Period") or 60)).items())
        ]
        if is_cbor:
            encoded = [cloudwatch._cbor_datapoint(each) for each in datapoints]
            return cloudwatch._cbor_ok({"Datapoints": encoded, "Label": body.get("MetricName")})
        return cloudwatch._json_ok({"Datapoints": datapoints, "Label": body.get("MetricName")})

    return get


def _datapoint(begins: int, points: Points, body: dict[str, Any]) -> dict[str, Any]:
    known = cloudwatch._calc_stats(points)
    datapoint = {"Timestamp": cloudwatch._ts_iso(begins), "Unit": points[0]["Unit"]}
    datapoint |= {name: known[name] for name in body.get("Statistics") or [] if name in known}
    extended = {name: cloudwatch._stat_value(known, name, points) for name in body.get("ExtendedStatistics") or []}
    extended = {name: value for name, value in extended.items() if value is not None}
    return datapoint | ({"ExtendedStatistics": extended} if extended else {})


def _buckets(points: Points, period: int) -> dict[int, Points]:
    buckets: dict[int, Points] = defaultdict(list)
    for point in points:
        buckets[math.floor(point["Timestamp"] / period) * period].append(point)
    return buckets
