"""Log groups in memory, and the door to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from ops.aws import Aws
from ops.insight.sources.log_volume import kept_volumes
from ops.logs import LogPage, LogSearch, LogSource, find_log_lines
from ops.target import Target
from tests.fakes.aws import FakeAws, serve
from tests.fakes.logs import SENT_AT, FakeLogs

START, END = SENT_AT - timedelta(minutes=10), SENT_AT + timedelta(minutes=30)
WORKER = LogSource("worker", "/aws/lambda/worker", timeout_s=60)
MAILER = LogSource("mailer", "/aws/lambda/mailer", timeout_s=60)
R1, R2, R3 = (f"{digit * 8}-0000-4000-8000-{digit * 12}" for digit in "123")
M1, M2 = (f"{digit * 8}-0000-4000-8000-{digit * 12}" for digit in "ab")


@dataclass
class LogWorld:
    logs: FakeLogs
    server: FakeAws
    aws: Aws
    said: list[str] = field(default_factory=list)

    def page(self, *sources: LogSource, limit: int = 100, token: str = "", **search: Any) -> LogPage:
        wanted = LogSearch(**{"start": START, "end": END, **search})
        return find_log_lines(self.aws, sources or (WORKER,), wanted, limit=limit, token=token, say=self.said.append)

    def pages(self, *sources: LogSource, limit: int, **search: Any) -> Iterator[LogPage]:
        token = ""
        while True:
            page = self.page(*sources, limit=limit, token=token, **search)
            yield page
            if not page.next_token:
                return
            assert page.next_token != token, "paging goes on"
            token = page.next_token


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogWorld]:
    logs = FakeLogs()
    kept_volumes.clear()  # of another world's log groups
    with serve(logs.answer, monkeypatch) as server:
        yield LogWorld(logs, server, Aws(Target(), max_attempts=1))


def texts(page: LogPage) -> list[str]:
    return [line.text for line in page.lines]


def seconds_after(seconds: float) -> datetime:
    return SENT_AT + timedelta(seconds=seconds)
