"""Without permission for alarms, for Lambda or for logs, a part of each page says so, with the action; the rest works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dashboard.pages import PAGES
from ops.cli.app import run
from tests.cases.workloads.accounts import MAPPING, QUEUE, REGION, Account, M, Queue, Reads, stack
from tests.dashboard.app import REAL_APP, App
from tests.fakes.aws import Refusal, serve

QUEUES = {"orders": Queue(dlq="orders-dlq", depth=7), "orders-dlq": Queue(depth=2)}
READ = {M[1]: Reads("orders", "worker")}
WATCHED = {
    "shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]), ("AWS::CloudWatch::Alarm", "shop-age"))
}
METRICS = {"NumberOfMessagesSent": 12.0, "NumberOfMessagesDeleted": 12.0, "Invocations": 6.0, "Errors": 1.0}
LAMBDA = frozenset({"function worker", "ListEventSourceMappings", "GetEventSourceMapping", "GetAccountSettings"})
LOGS = ("StartQuery", "FilterLogEvents")


@contextmanager
def account(patch: pytest.MonkeyPatch, denied: frozenset[str], logs: bool = True) -> Iterator[None]:
    """``logs``: whether log groups may be read; there are none yet."""
    there = Account(QUEUES, READ, WATCHED, denied, per_minute=METRICS, firing={"shop-age": "orders"})

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in LOGS and not logs:
            user = "arn:aws:sts::111122223333:assumed-role/OnCall/alex"
            raise Refusal("AccessDeniedException", f"User: {user} is not authorized to perform: logs:{operation}")
        if operation == "DescribeAlarmHistory":
            return {"AlarmHistoryItems": []}
        return there.answer(service, operation, asked)

    with serve(answer, patch, REGION):
        patch.setenv("OPS_TARGET", "aws")
        patch.setenv("OPS_STACK", "shop")
        yield


def page(key: str) -> App:
    app = App(REAL_APP).open(PAGES[key])
    assert not app.at.exception
    return app


@pytest.mark.parametrize(
    ("denied", "logs", "action", "known", "pages"),
    [
        ({"DescribeAlarms"}, True, "cloudwatch:DescribeAlarms", "2 dead letters", ("overview", "queue")),
        (LAMBDA, True, "lambda:ListEventSourceMappings", "2 dead letters", ("overview", "queue", "concurrency")),
        (set(), False, "logs:StartQuery", "", ("failures", "cold_starts", "cost")),
    ],
    ids=["alarms", "lambda", "logs"],
)
def test_each_part_names_the_missing_action_and_the_rest_is_shown(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    denied: set[str],
    logs: bool,
    action: str,
    known: str,
    pages: tuple[str, ...],
) -> None:
    with account(monkeypatch, frozenset(denied), logs):
        for key in pages:
            app = page(key)
            assert action in app.text, key
            assert app.charts or key == "overview", "the rest of the page"
            assert "so-finding" in app.html, "not an error in place of the page"
        code = run(["status"])
        told = " ".join(capsys.readouterr().out.split())
    assert code in (1, 3)
    assert "sent 12/min" in told and known in told
    assert not denied or action in told
