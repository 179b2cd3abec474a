"""Metrics, read with GetMetricData."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

Points = tuple[tuple[datetime, float], ...]
"""A metric's values over time: the start of each period (aware UTC), oldest first."""
MAX_QUERIES_PER_CALL = 500
"""Limit of GetMetricData (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class MetricQuery:
    """One metric, one statistic. ``key`` names its series in the result."""

    key: str
    namespace: str
    metric: str
    stat: str
    dimensions: tuple[tuple[str, str], ...] = ()
    period: int | None = None
    """Seconds; None: the period of the call."""


@dataclass(frozen=True)
class MetricData:
    """``series``: key → points. ``requested``: metrics paid for. ``partial``: what CloudWatch reports as missing."""

    series: dict[str, Points]
    requested: int
    partial: tuple[str, ...] = ()


def get_metric_data(
    aws: Aws, queries: Sequence[MetricQuery], start: datetime, end: datetime, period: int
) -> MetricData:
    """All of ``queries`` in one GetMetricData call (more pages where CloudWatch splits the response). Raises AwsError;
    ValueError for more than ``MAX_QUERIES_PER_CALL``."""
    if len(queries) > MAX_QUERIES_PER_CALL:
        raise ValueError(f"{len(queries)} metrics in one call; CloudWatch allows {MAX_QUERIES_PER_CALL}")
    data_queries: list[Any] = [
        {
            "Id": f"q{number}",
            "Label": query.key,
            "MetricStat": {
                "Metric": {
                    "Namespace": query.namespace,
                    "MetricName": query.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
                },
                "Period": query.period or period,
                "Stat": query.stat,
            },
        }
        for number, query in enumerate(queries)
    ]
    points: dict[str, list[tuple[datetime, float]]] = {query.key: [] for query in queries}
    partial: list[str] = []
    pages, token = 0, ""
    with aws.translate_errors("cloudwatch", "metrics"):
        while pages == 0 or token:
            paging: Any = {"NextToken": token} if token else {}
            response: Any = aws.cloudwatch.get_metric_data(
                MetricDataQueries=data_queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending", **paging
            )
            pages += 1
            token = response.get("NextToken") or ""
            partial += [message.get("Value", "") for message in response.get("Messages", [])]
            for result in response["MetricDataResults"]:
                query = queries[int(result["Id"][1:])]
                points[query.key] += zip(result["Timestamps"], result["Values"], strict=True)
                if result.get("StatusCode", "Complete") not in ("Complete", "PartialData") or (
                    result.get("StatusCode") == "PartialData" and not token
                ):
                    partial.append(f"{query.metric}: {result['StatusCode']}")
    return MetricData(
        series={key: tuple(sorted(values)) for key, values in points.items()},
        requested=len(queries) * pages,
        partial=tuple(dict.fromkeys(text for text in partial if text)),
    )
