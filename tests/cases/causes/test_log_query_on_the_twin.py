"""The query for failures, asked as it is: the twin's Logs Insights brings every failure of every known shape."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from ops.aws import Aws
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import Budget, LogQuerySession
from ops.target import resolve
from tests.cases.causes.logged_lines import LINES
from tests.twins import Twin

GROUP, STREAM = "/shapes/of/lines", "2026/11/23/[7]abc"


@pytest.mark.twin
def test_the_query_brings_every_failure(twin: Twin) -> None:
    client = twin.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    at = int(time.time() * 1000) - 60_000
    events = [{"timestamp": at + n, "message": line.text} for n, line in enumerate(LINES)]
    client.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)

    found: list[str] = []
    now = datetime.now(UTC)
    asking = LogQuerySession(Aws(resolve(environ={})), GROUP, Budget())

    def hear(row: dict[str, str]) -> None:
        found.append(row["@message"])

    assert asking.read([log_parser.FAILURE_PATTERN], now - timedelta(minutes=5), now, hear), asking.asked.notes

    assert {line.text.strip() for line in LINES if line.error[0]} <= {text.strip() for text in found}
    quiet = [line.text for line in LINES if not line.error[0] and line.text not in found]
    assert len(quiet) > 20, "the query asks for everything"
