"""Without permission for alarms, for Lambda or for logs, each page says so where it matters; the rest of it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dashboard.pages import PAGES, Entry
from ops.cli.app import run
from tests.cases.workloads.account_parts import MAPPING, QUEUE, REGION, M, Queue, Reads, stack
from tests.cases.workloads.accounts import Account
from tests.dashboard.app import REAL_APP, App
from tests.fakes.aws import Refusal, serve

QUEUES = {"orders": Queue(dlq="orders-dlq", depth=7), "orders-dlq": Queue(depth=2)}
READ = {M[1]: Reads("orders", "worker")}
WATCHED = {
    "shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]), ("AWS::CloudWatch::Alarm", "shop-age"))
}
METRICS = {"NumberOfMessagesSent": 12.0, "NumberOfMessagesDeleted": 12.0, "Invocations": 6.0, "Errors": 1.0}
USER = "arn:aws:sts::111122223333:assumed-role/OnCall/alex"
LAMBDA_ACTIONS = {"event-source-mappings": "ListEventSourceMappings", "account-settings": "GetAccountSettings"}

REPORTS = [entry for key, entry in PAGES.items() if key not in ("audit", "compare", "rightsize", "trace")]
"""The pages Audit, Compare and Right-sizing read a file on this machine, and Trace waits for an ID: they ask AWS for nothing."""
OF_ALARMS = {"overview", "queue", "concurrency", "forecast", "failures", "cost", "dead_letters", "alarms", "runbooks"}
OF_LOGS = {"overview", "cold_starts", "failures", "cost", "alarms"}
"""Pages that read alarms, and log lines or groups, before anything is clicked."""


def action_of(service: str, operation: str) -> str:
    if service != "lambda":
        return operation
    return next((action for part, action in LAMBDA_ACTIONS.items() if part in operation), "GetFunctionConfiguration")


def is_denied(denied: str, service: str, operation: str) -> bool:
    if denied == "alarms":
        return operation.startswith("DescribeAlarm")
    return service == denied


@contextmanager
def account(patch: pytest.MonkeyPatch, denied: str) -> Iterator[None]:
    """``denied``: lambda | logs | alarms, which may not be read. There are no log groups yet."""
    there = Account(QUEUES, READ, WATCHED, per_minute=METRICS, firing={"shop-age": "orders"})

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if is_denied(denied, service, operation):
            shown = {"lambda": "lambda", "logs": "logs"}.get(service, "cloudwatch")
            action = f"{shown}:{action_of(service, operation)}"
            raise Refusal("AccessDeniedException", f"User: {USER} is not authorized to perform: {action}", 403)
        if operation == "DescribeAlarmHistory":
            return {"AlarmHistoryItems": []}
        return there.answer(service, operation, asked)

    with serve(answer, patch, REGION):
        patch.setenv("OPS_TARGET", "aws")
        patch.setenv("OPS_STACK", "shop")
        yield


def page(entry: Entry) -> App:
    app = App(REAL_APP).open(entry)
    assert not app.at.exception
    assert "so-finding" in app.html, "not an error in place of the page"
    return app


def claims(app: App) -> str:
    """The text without the command of a check, in one line."""
    return " ".join(app.text.split())


every_page = pytest.mark.parametrize("entry", REPORTS, ids=lambda entry: entry.key)


@every_page
def test_without_lambda_a_page_does_not_take_the_function_for_missing(
    monkeypatch: pytest.MonkeyPatch, entry: Entry
) -> None:
    with account(monkeypatch, "lambda"):
        shown = claims(page(entry))
    assert ("lambda:ListEventSourceMappings" in shown) == (entry.key != "runbooks"), "which reads it step by step"
    for claim in ("No messages in this range", "No function reads", "no invocations in this range", "No invocation"):
        assert claim not in shown
    if entry.key in ("overview", "dead_letters"):
        assert "2 dead letters" in shown, "the rest is there"
    if entry.key in ("cold_starts", "failures"):
        assert "unknown: which function reads orders is not known" in shown


@every_page
def test_without_logs_a_page_does_not_take_them_for_empty(monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    with account(monkeypatch, "logs"):
        app = page(entry)
    shown = claims(app)
    assert ("not authorized to perform logs:" in shown) == (entry.key in OF_LOGS)
    for claim in ("No messages in this range", "no invocations in this range", "no cold starts", "No invocation rec"):
        assert claim not in shown
    if entry.key == "cold_starts":
        assert "Cold starts are unknown: the function's logs may not be read" in shown
    if entry.key == "failures":
        assert "10 of 60 invocations failed" in shown, "the metrics say so"
        assert app.charts


@every_page
def test_without_alarms_a_page_does_not_say_that_there_are_none(monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    with account(monkeypatch, "alarms"):
        shown = claims(page(entry))
    assert ("cloudwatch:DescribeAlarms" in shown) == (entry.key in OF_ALARMS)
    for claim in ("none firing", "No alarms", "no alarms", "No alarm of this account"):
        assert claim not in shown
    if entry.key == "dead_letters":
        assert "Alarms – may not be read" in shown
    if entry.key == "overview":
        assert "Alarm states unknown" in shown


def test_a_refusal_stands_once_beside_all_rules_that_it_left_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    with account(monkeypatch, "alarms"):
        shown = page(PAGES["alarms"]).html
    unchecked = shown[shown.index("Not checked") :]
    unchecked = unchecked[: unchecked.index("</ul>")]
    assert unchecked.count("cloudwatch:DescribeAlarms") == 1
    assert "age-alarm, errors-alarm" in unchecked


@pytest.mark.parametrize(
    ("denied", "action"),
    [
        ("alarms", "cloudwatch:DescribeAlarms"),
        ("lambda", "lambda:ListEventSourceMappings"),
        ("logs", "logs:StartQuery"),
    ],
)
def test_ops_status_names_the_action_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], denied: str, action: str
) -> None:
    with account(monkeypatch, denied):
        code = run(["status"])
    told = " ".join(capsys.readouterr().out.split())
    assert code in (1, 3)
    assert "sent 12/min" in told and "2 dead letters" in told
    assert action in told
